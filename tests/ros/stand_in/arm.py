"""The arm node with a loop that also hands the truth over."""

from multiprocessing.connection import Connection

from booth_arm import loop
from booth_arm.node import ArmNode
from booth_common.node import run

from stand_in.truth import TruthWriter, sighting_of
from vision.frame import Frame


class TruthfulLoop(loop.Loop):
    """Writes what is true at each picture before the picture itself."""

    truth: TruthWriter | None = None

    def show_picture(self, frame: Frame) -> None:
        if self.truth is None:
            self.truth = TruthWriter(self._settings.booth)
        bench = self._bench
        base_camera = bench.controller.base_camera_at(frame.stamp_ns)
        self.truth.write(sighting_of(bench.person.world, base_camera, frame))
        super().show_picture(frame)


def main_of_loop(pipe: Connection, settings: loop.LoopSettings) -> None:
    loop.main(pipe, settings, TruthfulLoop)


class TruthfulArm(ArmNode):
    loop_main = staticmethod(main_of_loop)


if __name__ == "__main__":
    run(TruthfulArm)
