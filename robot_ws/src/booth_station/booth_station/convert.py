"""The session's states, feedback and results to messages."""

from dataclasses import dataclass
from typing import Any

from action_msgs.msg import GoalStatus

from booth_arm.convert import goal_message, motion_message, report_from_message
from booth_common.convert import header_message, pose_from_message
from booth_interfaces.action import CollectSample
from booth_interfaces.msg import Mode, SessionState
from booth_interfaces.srv import StartMotion
from booth_vision.convert import sighting_from_message
from station.record import Outcome

__all__ = [
    "AUTOMATIC",
    "FAULT",
    "Snapshot",
    "feedback_message",
    "goal_message",
    "header_message",
    "mode_message",
    "motion_message",
    "pose_from_message",
    "report_from_message",
    "result_message",
    "session_message",
    "sighting_from_message",
    "start_request",
]

AUTOMATIC: int = Mode.AUTOMATIC
PAUSED: int = Mode.PAUSED
MAINTENANCE: int = Mode.MAINTENANCE
FAULT: int = Mode.FAULT

_OUTCOMES = {
    Outcome.SAMPLED: CollectSample.Result.OUTCOME_DONE,
    Outcome.REFUSED: CollectSample.Result.OUTCOME_REFUSED,
    Outcome.ABORTED: CollectSample.Result.OUTCOME_ABORTED,
}


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Where a session stands at one instant."""

    session_id: str = ""
    state: str = "idle"
    site: str = ""
    stroke: int = 0
    force: float = 0.0
    progress: float = 0.0
    instruction: str = ""
    reason: str = ""


def session_message(snapshot: Snapshot, header: Any) -> Any:
    """Return the session's state."""
    return SessionState(
        header=header,
        session_id=snapshot.session_id,
        state=snapshot.state,
        site=snapshot.site,
        stroke=snapshot.stroke,
        force=snapshot.force,
        progress=snapshot.progress,
        instruction=snapshot.instruction,
        reason=snapshot.reason,
    )


def feedback_message(snapshot: Snapshot, stamp: Any) -> Any:
    """Return the action's feedback."""
    return CollectSample.Feedback(
        stamp=stamp,
        state=snapshot.state,
        site=snapshot.site,
        stroke=snapshot.stroke,
        force=snapshot.force,
        progress=snapshot.progress,
        instruction=snapshot.instruction,
    )


def result_message(
    outcome: Outcome, reason: str, record_id: str, record_json: str, *, cancelled: bool
) -> Any:
    """Return the action's result."""
    number = CollectSample.Result.OUTCOME_CANCELLED if cancelled else _OUTCOMES[outcome]
    return CollectSample.Result(
        outcome=number, reason=reason, record_id=record_id, record_json=record_json
    )


def mode_message(value: int) -> Any:
    """Return the booth's mode."""
    return Mode(value=value)


def start_request(goal: Any) -> Any:
    """Return the call that hands the arm a goal."""
    return StartMotion.Request(goal=goal_message(goal))


def accepted_or_running(status: int) -> bool:
    """Whether an action goal with this status is not over."""
    return status in (GoalStatus.STATUS_ACCEPTED, GoalStatus.STATUS_EXECUTING)
