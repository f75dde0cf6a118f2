"""The collecting action's goal, feedback and result, from and to what the service speaks of."""

import json
from dataclasses import dataclass
from typing import Any

from booth_interfaces.action import CollectSample
from booth_interfaces.msg import Mode

from booth_queue.contract import CalledPerson, Outcome

__all__ = ["AUTOMATIC", "Ended", "activity", "ended_from_message", "goal_message"]

AUTOMATIC: int = Mode.AUTOMATIC

_OUTCOMES = {
    CollectSample.Result.OUTCOME_DONE: Outcome.SAMPLED,
    CollectSample.Result.OUTCOME_REFUSED: Outcome.REFUSED,
    CollectSample.Result.OUTCOME_ABORTED: Outcome.ABORTED,
    CollectSample.Result.OUTCOME_CANCELLED: Outcome.ABORTED,
}
_CHILD_BELOW = 14  # years: the mouth is smaller, and the procedure gentler


@dataclass(frozen=True, slots=True)
class Ended:
    """How a session ended: outcome, one lower-case word of reason, and the signed record."""

    outcome: Outcome
    reason: str
    record: dict[str, Any] | None


def goal_message(person: CalledPerson, tube: str) -> Any:
    """Return the goal for a called person."""
    child = person.age is not None and person.age < _CHILD_BELOW
    return CollectSample.Goal(
        ticket_key=person.ticket_id,
        procedure="oropharyngeal_child" if child else "oropharyngeal_adult",
        tube=tube,
    )


def ended_from_message(result: Any) -> Ended:
    """Return how the action ended."""
    word = result.reason.split(":", 1)[0].strip()
    record = json.loads(result.record_json) if result.record_json else None
    return Ended(_OUTCOMES.get(result.outcome, Outcome.ABORTED), word, record)


def activity(state: str) -> str:
    """Return a session's state as the service writes it."""
    return state.upper()
