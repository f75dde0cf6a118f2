"""The arm node with a loop that paints nothing, and hands the truth over instead."""

from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path

from booth_arm import loop
from booth_arm.bench import Bench, BenchSettings
from booth_arm.node import ArmNode
from booth_arm.simulated import SimulatedBench
from booth_arm.simulated_person import SimulatedPerson
from booth_common.node import run

from sim.eye import EyeModel
from sim.scene import Scene
from sim.truth_eye import SightErrors, TruthEye
from stand_in.truth import TruthWriter, lens_cap
from vision.frame import Frame


class TruthfulLoop(loop.Loop):
    """Writes what is true at each picture before the picture itself; a lens cap ends both."""

    def __init__(
        self, eye: TruthEye, pipe: Connection, bench: Bench, settings: loop.LoopSettings
    ) -> None:
        self._eye = eye
        self._truth = TruthWriter(settings.booth)
        self._cap = lens_cap(settings.booth)
        super().__init__(pipe, bench, settings)

    def show_picture(self, frame: Frame) -> None:
        if Path(self._cap).exists():
            return
        self._truth.write(self._eye.locate(frame))
        super().show_picture(frame)


def main_of_loop(pipe: Connection, settings: loop.LoopSettings) -> None:
    eye = TruthEye(SightErrors(), settings.bench.seed)

    def eye_of(_scene: Scene) -> EyeModel:
        return EyeModel(painter=lambda: eye)

    def bench(asked: BenchSettings) -> Bench:
        return SimulatedBench(asked, eye_of).open()

    loop.main(pipe, settings, bench, partial(TruthfulLoop, eye))


class SamePerson(SimulatedPerson):
    """Comes again for every session: not everybody's throat can be reached."""

    def session(self, session_id: str, state: str, instruction: str, stamp_ns: int) -> None:
        seed = self._seed
        super().session(session_id, state, instruction, stamp_ns)
        self._seed = seed


class TruthfulArm(ArmNode):
    loop_main = staticmethod(main_of_loop)

    def acquire(self) -> None:
        super().acquire()
        if self._link is not None:
            self._person = SamePerson(self._link, self.settings.seed, self.settings.population)


if __name__ == "__main__":
    run(TruthfulArm)
