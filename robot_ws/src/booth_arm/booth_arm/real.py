"""A real arm behind the bench: driver, gripper and safety monitor, on the machine's time."""

import time
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from arm_control.controller import ArmController
from arm_control.crew import ArmCrew
from arm_control.limits import JointLimits, Limits
from arm_control.model import ArmModel
from arm_control.monitor import MonitorProcess, Pace
from arm_control.ports import Gripper
from booth_arm.bench import Bench, BenchSettings
from sim.scene import Scene
from spatial import NANOSECONDS_PER_SECOND
from station.calibrated import calibrated_arm
from station.makers import MAKERS

if TYPE_CHECKING:
    from booth_common.beside import NodeBeside

_LOOK_HZ = 125.0  # how often the real-time loop is looked at, and shown


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

    A maker's arm is driven by the real-time loop in processes of its own (`arm_control.crew`),
    which is steered from here. One behind ROS 2 topics, whose time is its controllers', is driven
    from here; ``pace`` is how that loop and its monitor keep together.

    The arm's model and what stands around come from the booth's description (`sim.scene.Scene`),
    the same as in the simulator; where camera and swab are on it, from the booth's calibration.
    A trip does not stop the arm by its own means: from inside a mouth it has a way to go first.
    Those of the arm come in when set-points stay away.

    Raises ArmControlError or SimError where arm, gripper or monitor cannot be had, StationError or
    VisionError without a calibration that may be used.
    """
    scene = Scene(arm_name=settings.arm)
    with ExitStack() as opening:
        model = calibrated_arm(scene, settings.calibration, datetime.now(UTC))
        limits = Limits(JointLimits.of(model, acceleration=scene.arm.acceleration))
        if settings.driver in MAKERS:
            bench = _steered(settings, scene, model, limits, opening)
        else:
            bench = _driven(settings, scene, model, limits, pace, opening)
        return replace(bench, opened=opening.pop_all())
    raise AssertionError("an ExitStack swallows nothing here")  # for the type checker


def _steered(
    settings: BenchSettings, scene: Scene, model: ArmModel, limits: Limits, opening: ExitStack
) -> Bench:
    info, make = MAKERS[settings.driver](settings.address, model, settings.rate_hz)
    gripper = (
        _robotiq(settings, opening)
        if settings.driver == "ur"
        else _on_topics(_link(settings, opening))
    )
    crew = opening.enter_context(ArmCrew(model, limits, info, make, posture=scene.home))
    controller = crew.controller(scene.surroundings)
    rate_hz = min(info.rate_hz, _LOOK_HZ)
    return Bench(controller, gripper, MachineClock(), controller, controller, rate_hz=rate_hz)


def _driven(
    settings: BenchSettings,
    scene: Scene,
    model: ArmModel,
    limits: Limits,
    pace: Pace,
    opening: ExitStack,
) -> Bench:
    # the loop's process of another arm need not speak ROS
    from booth_arm.trajectory import TrajectoryArm  # noqa: PLC0415

    link = _link(settings, opening)
    driver = TrajectoryArm(link, model.joint_names, settings.rate_hz)
    opening.callback(driver.close)
    monitor = MonitorProcess.for_arm(model, limits, driver.info, pace=pace)
    opening.callback(monitor.close)
    clock = MachineClock()
    controller = ArmController(
        driver, clock, model, limits, monitor, scene.surroundings, scene.home
    )
    return Bench(driver, _on_topics(link), clock, controller, monitor)


def _robotiq(settings: BenchSettings, opening: ExitStack) -> Gripper:
    # another arm's machine need not have this maker's client
    from arm_control.drivers.robotiq import RobotiqGripper  # noqa: PLC0415

    gripper = RobotiqGripper(settings.address)
    opening.callback(gripper.close)
    return gripper


def _on_topics(link: "NodeBeside") -> Gripper:
    # the loop's process of an arm with another gripper need not speak ROS
    from booth_arm.trajectory import TopicGripper  # noqa: PLC0415

    return TopicGripper(link)


def _link(settings: BenchSettings, opening: ExitStack) -> "NodeBeside":
    """Return the loop's own node, for the driver's topics."""
    # the loop's process of an arm without topics need not speak ROS
    from booth_common.beside import NodeBeside  # noqa: PLC0415

    link = NodeBeside("arm_driver", settings.namespace)
    opening.callback(link.close)
    return link
