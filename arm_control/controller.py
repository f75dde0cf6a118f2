"""The arm's controller: takes goals and the mouth's motion, makes one command a cycle."""

from arm_control.limits import Limits
from arm_control.model import ArmModel
from arm_control.motion import Goal
from arm_control.ports import ArmDriver, Clock
from arm_control.report import CycleReport
from arm_control.safety import Safety
from arm_control.target import MouthMotion
from spatial import Pose


class ArmController:
    """Drives one arm. All methods are for one thread: the one that calls ``cycle``.

    The caller sleeps until the next period of ``driver.info.rate_hz`` and calls ``cycle`` once;
    goals and mouth motion may be set between cycles.
    """

    def __init__(
        self, driver: ArmDriver, clock: Clock, model: ArmModel, limits: Limits, safety: Safety
    ) -> None:
        self.driver = driver
        self.clock = clock
        self.model = model
        self.limits = limits
        self.safety = safety

    def follow(self, motion: MouthMotion) -> None:
        """Take the newest estimate of the mouth's motion; older ones than the last are ignored."""
        raise NotImplementedError

    def start(self, goal: Goal) -> None:
        """Take up ``goal`` from the state of now. Raises GoalError where it cannot be taken."""
        raise NotImplementedError

    def cycle(self) -> CycleReport:
        """Read the arm, compute, ask the safety monitor, command the arm."""
        raise NotImplementedError

    def stop(self) -> None:
        """Brake to rest as fast as the joints' limits allow; from any state. Ends the goal."""
        raise NotImplementedError

    def pause(self) -> None:
        """Come smoothly to rest, keeping the goal. In contact, let go of the tissue first."""
        raise NotImplementedError

    def resume(self, by: str) -> None:
        """Take the paused goal up again, from rest; ``by`` names the member of staff."""
        raise NotImplementedError

    def base_camera_at(self, stamp_ns: int) -> Pose:
        """Return the camera's optical frame in the base as it was at ``stamp_ns``.

        Raises ArmControlError where the stamp lies outside the last two seconds.
        """
        raise NotImplementedError
