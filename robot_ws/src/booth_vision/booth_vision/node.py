"""The vision node: pictures in, sightings out, at the camera's rate."""

import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from booth_common import topics
from booth_common.node import BoothNode, run
from booth_common.parameters import number, text

from booth_vision import convert
from booth_vision.cameras import open_camera
from booth_vision.turns import Turns
from spatial import SpatialError, Vector, age_s
from station.sight import LOCATOR
from vision.calibration.file import BoothCalibration
from vision.calibration.start import StartGate
from vision.camera import Camera, CameraFault, NoFrame
from vision.frame import Frame
from vision.network import load_network
from vision.pipeline import Looker, ThroatLocator
from vision.sources.scaled import ScaledCamera
from vision.swab import SwabSighting
from vision.target import Refusal, RefusalReason, Sighting

_ARM_AGE_S = 0.5  # between a picture and the arm's state, above which its tip is not known


@dataclass(frozen=True, slots=True)
class Settings:
    """The vision node's parameters."""

    camera: str = text("shared", "where pictures come from", ("shared", "realsense"))
    serial: str = text("", "serial number of the RealSense; empty for the only one there is")
    calibration: str = text(
        "", "the booth's file of `booth calibrate`, which must be young and of this camera, and "
        "agree with the check board when the booth starts; unused with the simulator",
    )  # fmt: skip
    rate_hz: float = number(
        10.0, 1.0, 30.0, "pictures understood per second, at most [Hz]", live=True
    )
    timeout_s: float = number(
        0.2, 0.02, 1.0, "silence of the camera that is reported as a refusal [s]", live=True
    )


class VisionNode(BoothNode[Settings]):
    """Understands the camera's pictures in a thread of its own and publishes what they show."""

    def __init__(self) -> None:
        super().__init__("vision", Settings)
        self._sightings = self.plain_publisher(topics.SIGHTING)
        self._colour = self.plain_publisher(topics.COLOUR)
        self._depth = self.plain_publisher(topics.DEPTH)
        self._info = self.plain_publisher(topics.CAMERA_INFO)
        self._camera: Camera | None = None
        self._locator: Looker | None = None
        self._gate: StartGate | None = None
        self._arm: convert.ArmGlimpse | None = None
        self.listen(topics.ARM_STATE, self._on_arm)
        self._thread: threading.Thread | None = None
        self._ending = threading.Event()
        self._problem = ""
        self._frames = 0
        self._last_ns = 0
        self._turns = Turns()
        self._locate_s = 0.0

    def make_locator(self) -> Looker:
        """Return what understands the pictures."""
        return ThroatLocator(load_network(), LOCATOR)

    def acquire(self) -> None:
        """Load the network and open the camera."""
        self._locator = self.make_locator()
        s = self.settings
        self._camera = camera = open_camera(s.camera, f"swab_{self.booth}_camera", s.serial)
        if s.camera != "shared":
            found = BoothCalibration.read(Path(s.calibration), camera.name, datetime.now(UTC))
            self._camera, self._gate = ScaledCamera(camera, found.depth_scale), StartGate(found)

    def work(self) -> None:
        """Begin to look."""
        self._ending.clear()
        self._thread = self.worker("vision", self._look)

    def rest(self) -> None:
        """End looking."""
        self._ending.set()
        if self._thread is not None:
            self._thread.join(timeout=2.0)
            self._thread = None

    def release(self) -> None:
        """Let go of the camera."""
        if self._camera is not None:
            self._camera.close()
            self._camera = None
        self._locator = self._gate = None

    def condition(self) -> tuple[str, dict[str, str]]:
        """Return the camera's fault, if it has one."""
        values = {"frames": str(self._frames), "locate_ms": f"{1e3 * self._locate_s:.1f}"}
        return self._problem, values

    def _look(self) -> None:
        camera, locator = self._camera, self._locator
        while camera is not None and locator is not None and not self._ending.is_set():
            frame = camera.next_frame(self.settings.timeout_s)
            if isinstance(frame, NoFrame):
                if frame.fault is CameraFault.TIMEOUT and not self._overdue():
                    continue  # a simulator slower than the wall gives pictures on its own time
                self._problem = f"{frame.fault}: {frame.detail}"
                self._tell(Refusal(RefusalReason.CAMERA, self.stamps.now_ns(), self._problem), 0.0)
                self._ending.wait(0.0 if frame.fault == "timeout" else self.settings.timeout_s)
                continue
            self._problem = ""
            self._last_ns = self.stamps.now_ns()
            if not self._turns.comes(frame.stamp_ns, self.settings.rate_hz):
                continue
            self._frames += 1
            if problem := self._barred(frame):
                self._problem = problem
                self._tell(Refusal(RefusalReason.CAMERA, frame.stamp_ns, problem), 0.0)
                self._show(frame)
                continue
            start = time.monotonic()
            looks = locator.look(frame)
            seen, swab = locator.judge(looks, frame), None
            if (tip := self._tip_at(frame.stamp_ns)) is not None:
                swab = locator.see_swab(looks, frame, tip)
            self._locate_s = time.monotonic() - start
            self._tell(seen, self._locate_s, swab)
            self._show(frame)

    def _overdue(self) -> bool:
        """Whether the camera is silent too long on the clock of the pictures."""
        return age_s(self._last_ns, self.stamps.now_ns()) > self.settings.timeout_s

    def _on_arm(self, message: Any) -> None:
        try:
            self._arm = convert.glimpse_from_message(
                message, self.stamps.stamp_ns(message.header.stamp)
            )
        except SpatialError as error:
            self._arm = None
            self.report_fault("arm_state", f"arm: its state makes no sense ({error})")

    def _barred(self, frame: Frame) -> str:
        """Return why a real booth's pictures cannot be trusted yet, or nothing."""
        if self._gate is None:
            return ""
        if (arm := self._arm_at(frame.stamp_ns)) is not None:
            self._gate.look(frame, arm.base_camera)
        return self._gate.problem

    def _tip_at(self, stamp_ns: int) -> Vector | None:
        """Return where the swab's tip should be in a picture (3,) [m], None away from the face."""
        arm = self._arm_at(stamp_ns)
        return arm.optical_tip if arm is not None and arm.near else None

    def _arm_at(self, stamp_ns: int) -> convert.ArmGlimpse | None:
        arm = self._arm
        young = arm is not None and abs(age_s(arm.stamp_ns, stamp_ns)) < _ARM_AGE_S
        return arm if young else None

    def _tell(
        self, seen: Sighting | Refusal, locate_s: float, swab: SwabSighting | None = None
    ) -> None:
        header = self._header(seen.stamp_ns)
        self._sightings.publish(convert.sighting_message(seen, header, locate_s, swab))

    def _show(self, frame: Frame) -> None:
        header = self._header(frame.stamp_ns)
        if self._colour.get_subscription_count():
            self._colour.publish(convert.colour_message(frame, header))
        if self._depth.get_subscription_count():
            self._depth.publish(convert.depth_message(frame, header))
        if self._info.get_subscription_count():
            self._info.publish(convert.camera_info_message(frame.intrinsics, header))

    def _header(self, stamp_ns: int) -> object:
        return convert.header_message(self.stamps.header_stamp(stamp_ns), self.frame("optical"))


def main() -> None:
    """Run the vision node."""
    run(VisionNode)


if __name__ == "__main__":
    main()
