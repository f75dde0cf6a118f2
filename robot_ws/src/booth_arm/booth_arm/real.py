"""A real arm behind the bench: driver, gripper and safety monitor, on the machine's time."""

import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from datetime import UTC, datetime
from types import MappingProxyType
from typing import TYPE_CHECKING

from arm_control.controller import ArmController
from arm_control.limits import JointLimits, Limits
from arm_control.model import ArmModel
from arm_control.monitor import MonitorProcess, Pace
from arm_control.ports import ArmDriver, Gripper
from booth_arm.bench import Bench, BenchSettings
from sim.scene import Scene
from spatial import NANOSECONDS_PER_SECOND
from station.calibrated import calibrated_arm

if TYPE_CHECKING:
    from booth_common.beside import NodeBeside


class MachineClock:
    """The machine's monotonic clock, in which the drivers' stamps are."""

    def now_ns(self) -> int:
        """Return the time [ns]."""
        return time.monotonic_ns()

    def sleep_until(self, deadline_ns: int) -> None:
        """Return at ``deadline_ns`` [ns] or soon after; at once if it has passed."""
        time.sleep(max(deadline_ns - time.monotonic_ns(), 0) / NANOSECONDS_PER_SECOND)


def open_real(settings: BenchSettings, pace: Pace = Pace.REAL_TIME) -> Bench:
    """Open a real arm and its gripper and start its safety monitor.

    The arm's model and what stands around come from the booth's description (`sim.scene.Scene`),
    the same as in the simulator; where camera and swab are on it, from the booth's calibration.
    ``pace`` is how loop and monitor keep together. A trip does not stop the arm by its own means:
    from inside a mouth it has a way to go first. Those of the arm come in when set-points stay
    away.

    Raises ArmControlError or SimError where arm, gripper or monitor cannot be had, StationError or
    VisionError without a calibration that may be used.
    """
    scene = Scene(arm_name=settings.arm)
    arm = scene.arm
    with ExitStack() as opening:
        model = calibrated_arm(scene, settings.calibration, datetime.now(UTC))
        driver, gripper = DRIVERS[settings.driver](settings, model, opening)
        limits = Limits(JointLimits.of(model, acceleration=arm.acceleration))
        monitor = MonitorProcess.for_arm(model, limits, driver.info, pace=pace)
        opening.callback(monitor.close)
        clock = MachineClock()
        controller = ArmController(
            driver, clock, model, limits, monitor, scene.surroundings, scene.home
        )
        return Bench(driver, gripper, clock, controller, monitor, opened=opening.pop_all())
    raise AssertionError("an ExitStack swallows nothing here")  # for the type checker


def _universal_robots(
    settings: BenchSettings, model: ArmModel, opening: ExitStack
) -> tuple[ArmDriver, Gripper]:
    # another arm's machine need not have this maker's client
    from arm_control.drivers.robotiq import RobotiqGripper  # noqa: PLC0415
    from arm_control.drivers.universal_robots import UniversalRobotsArm  # noqa: PLC0415

    gripper = RobotiqGripper(settings.address)
    opening.callback(gripper.close)
    driver = UniversalRobotsArm(settings.address, model.joint_names, rate_hz=settings.rate_hz)
    opening.callback(driver.close)
    return driver, gripper


def _franka(
    settings: BenchSettings, model: ArmModel, opening: ExitStack
) -> tuple[ArmDriver, Gripper]:
    # another arm's machine need not have this maker's client
    from arm_control.drivers.franka import FrankaArm  # noqa: PLC0415
    from booth_arm.trajectory import TopicGripper  # noqa: PLC0415

    link = _link(settings, opening)
    driver = FrankaArm(settings.address, model, rate_hz=settings.rate_hz)
    opening.callback(driver.close)
    return driver, TopicGripper(link)


def _ufactory(
    settings: BenchSettings, model: ArmModel, opening: ExitStack
) -> tuple[ArmDriver, Gripper]:
    # another arm's machine need not have this maker's client
    from arm_control.drivers.ufactory import UFactoryArm  # noqa: PLC0415
    from booth_arm.trajectory import TopicGripper  # noqa: PLC0415

    link = _link(settings, opening)
    driver = UFactoryArm(settings.address, model.joint_names, rate_hz=settings.rate_hz)
    opening.callback(driver.close)
    return driver, TopicGripper(link)


def _trajectory(
    settings: BenchSettings, model: ArmModel, opening: ExitStack
) -> tuple[ArmDriver, Gripper]:
    # the loop's process of another arm need not speak ROS
    from booth_arm.trajectory import TopicGripper, TrajectoryArm  # noqa: PLC0415

    link = _link(settings, opening)
    driver = TrajectoryArm(link, model.joint_names, settings.rate_hz)
    opening.callback(driver.close)
    return driver, TopicGripper(link)


def _link(settings: BenchSettings, opening: ExitStack) -> "NodeBeside":
    """Return the loop's own node, for the driver's topics."""
    # the loop's process of an arm without topics need not speak ROS
    from booth_common.beside import NodeBeside  # noqa: PLC0415

    link = NodeBeside("arm_driver", settings.namespace)
    opening.callback(link.close)
    return link


DRIVERS: Mapping[
    str,
    Callable[[BenchSettings, ArmModel, ExitStack], tuple[ArmDriver, Gripper]],
] = MappingProxyType(
    {
        "ur": _universal_robots,
        "franka": _franka,
        "xarm": _ufactory,
        "trajectory": _trajectory,
    }
)
"""What opens the arm and the gripper of each kind, and has ``opening`` close them."""
