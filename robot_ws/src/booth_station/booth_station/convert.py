"""The session's states, feedback and results to messages."""

from typing import Any

from booth_arm.convert import goal_message, motion_message, report_from_message
from booth_common.convert import header_message, objection_from_message, pose_from_message
from booth_interfaces.action import CollectSample
from booth_interfaces.msg import Mode, SessionState
from booth_interfaces.srv import StartMotion
from booth_vision.convert import sighting_from_message, swab_from_message

from booth_station.snapshot import Collected, Snapshot
from station.record import Outcome

__all__ = [
    "ABORTED",
    "AUTOMATIC",
    "FAULT",
    "SAMPLED",
    "SETTABLE",
    "Snapshot",
    "broken_message",
    "feedback_message",
    "goal_message",
    "header_message",
    "mode_message",
    "motion_message",
    "objection_from_message",
    "pose_from_message",
    "report_from_message",
    "result_message",
    "session_message",
    "sighting_from_message",
    "start_request",
    "swab_from_message",
]

AUTOMATIC: int = Mode.AUTOMATIC
FAULT: int = Mode.FAULT
SETTABLE = frozenset({Mode.AUTOMATIC, Mode.PAUSED, Mode.MAINTENANCE})
SAMPLED = Outcome.SAMPLED
ABORTED = Outcome.ABORTED

_OUTCOMES = {
    Outcome.SAMPLED: CollectSample.Result.OUTCOME_DONE,
    Outcome.REFUSED: CollectSample.Result.OUTCOME_REFUSED,
    Outcome.ABORTED: CollectSample.Result.OUTCOME_ABORTED,
}


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


def result_message(collected: Collected, *, cancelled: bool) -> Any:
    """Return the action's result."""
    signed = collected.signed
    return CollectSample.Result(
        outcome=CollectSample.Result.OUTCOME_CANCELLED
        if cancelled
        else _OUTCOMES[collected.outcome],
        reason=collected.reason,
        record_id=signed.digest if signed else "",
        record_json=signed.to_bytes().decode() if signed else "",
    )


def broken_message(reason: str) -> Any:
    """Return the result of a session that broke, of which there is no record."""
    return CollectSample.Result(outcome=CollectSample.Result.OUTCOME_ABORTED, reason=reason)


def mode_message(value: int) -> Any:
    """Return the booth's mode."""
    return Mode(value=value)


def start_request(goal: Any) -> Any:
    """Return the call that hands the arm a goal."""
    return StartMotion.Request(goal=goal_message(goal))
