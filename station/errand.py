"""An errand: goals and gripper actions done one after the other."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum, auto

from arm_control.errors import ArmControlError
from arm_control.motion import Goal
from arm_control.report import CycleReport, Fault, FaultKind
from station.ports import Controller


@dataclass(frozen=True, slots=True)
class Act:
    """Something done at rest between two goals, such as ``gripper.grasp``."""

    do: Callable[[], None]


Step = Goal | Act
"""A goal for the controller, or an action."""


class Progress(Enum):
    """How an errand stands."""

    UNDER_WAY = auto()
    FINISHED = auto()
    FAILED = auto()


class Errand:
    """Runs ``steps`` in order; the first fault ends it, once the arm has let go or come to rest.

    ``advance`` is called once a cycle with that cycle's report; a goal started in one cycle is
    judged from the next on.
    """

    def __init__(self, controller: Controller, steps: Sequence[Step]) -> None:
        self._controller = controller
        self._steps = list(steps)
        self._started = False
        self._met: Fault | None = None
        self.fault: Fault | None = None

    def advance(self, report: CycleReport) -> Progress:
        """Judge the running goal by ``report`` and go on; says how the errand stands."""
        if self.fault is not None:
            return Progress.FAILED
        if self._started:
            self._met = self._met or report.fault
            if not report.done:
                return Progress.UNDER_WAY
            if self._met is not None:
                self.fault = self._met
                return Progress.FAILED
            self._steps.pop(0)
            self._started = False
        while self._steps:
            step = self._steps[0]
            if not isinstance(step, Act):
                return self._start(step)
            step.do()
            self._steps.pop(0)
        return Progress.FINISHED

    def _start(self, goal: Goal) -> Progress:
        try:
            self._controller.start(goal)
        except ArmControlError as error:
            self.fault = Fault(FaultKind.ARM, str(error), latched=False)
            return Progress.FAILED
        self._started = True
        return Progress.UNDER_WAY
