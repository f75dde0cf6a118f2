"""The sampling session's state machine, as one table that can be read, checked and drawn."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from station.errors import StationError


class State(StrEnum):
    """Where one person's session stands."""

    IDLE = "idle"
    CALLED = "called"
    SEATED = "seated"
    LOCATING = "locating"
    APPROACHING = "approaching"
    ENTERING = "entering"
    SWABBING = "swabbing"
    WITHDRAWING = "withdrawing"
    DEPOSITING = "depositing"
    DONE = "done"
    REFUSED = "refused"
    ABORTED = "aborted"


class Event(StrEnum):
    """What moves a session on."""

    CALL = "call"
    SIT = "sit"
    NO_SHOW = "no_show"
    SWAB_READY = "swab_ready"
    TARGET_FOUND = "target_found"
    GIVE_UP = "give_up"
    AT_MOUTH = "at_mouth"
    AT_SITE = "at_site"
    NEXT_SITE = "next_site"
    TOUCH_AGAIN = "touch_again"
    SITES_DONE = "sites_done"
    INTERRUPT = "interrupt"
    RETRY = "retry"
    CHANGE_SWAB = "change_swab"
    SAMPLE_TAKEN = "sample_taken"
    DEPOSITED = "deposited"
    CANCEL = "cancel"
    FAULT = "fault"


TERMINAL = frozenset({State.DONE, State.REFUSED, State.ABORTED})
"""No event leads out of these."""


@dataclass(frozen=True, slots=True)
class Transition:
    """One row of the table: in ``source``, ``event`` leads to ``target``."""

    source: State
    event: Event
    target: State
    meaning: str


_NORMAL = (
    Transition(State.IDLE, Event.CALL, State.CALLED, "the service called the next ticket"),
    Transition(State.CALLED, Event.SIT, State.SEATED, "the person sits at the chin rest"),
    Transition(State.CALLED, Event.NO_SHOW, State.REFUSED, "nobody came in time"),
    Transition(State.SEATED, Event.SWAB_READY, State.LOCATING, "a fresh swab is held"),
    Transition(State.LOCATING, Event.TARGET_FOUND, State.APPROACHING, "the site's target is sure"),
    Transition(State.LOCATING, Event.GIVE_UP, State.WITHDRAWING, "no target within the patience"),
    Transition(State.APPROACHING, Event.AT_MOUTH, State.ENTERING, "the tip is before the lips"),
    Transition(State.ENTERING, Event.AT_SITE, State.SWABBING, "the tip is before the site"),
    Transition(State.SWABBING, Event.NEXT_SITE, State.ENTERING, "strokes done, a site is left"),
    Transition(State.SWABBING, Event.TOUCH_AGAIN, State.ENTERING, "too little contact, tries left"),
    Transition(State.SWABBING, Event.SITES_DONE, State.WITHDRAWING, "strokes done, no site left"),
    Transition(State.WITHDRAWING, Event.RETRY, State.LOCATING, "clear of the face, tries are left"),
    Transition(
        State.WITHDRAWING,
        Event.CHANGE_SWAB,
        State.SEATED,
        "clear of the face, the swab is spoilt, tries are left",
    ),
    Transition(
        State.WITHDRAWING,
        Event.SAMPLE_TAKEN,
        State.DEPOSITING,
        "clear, every required site is swabbed",
    ),
    Transition(
        State.WITHDRAWING,
        Event.GIVE_UP,
        State.REFUSED,
        "clear, a required site could not be swabbed",
    ),
    Transition(State.WITHDRAWING, Event.CANCEL, State.ABORTED, "clear, after a cancellation"),
    Transition(State.DEPOSITING, Event.DEPOSITED, State.DONE, "the swab is in its tube"),
    Transition(State.DEPOSITING, Event.CANCEL, State.ABORTED, "cancelled before the tube"),
)
_INTERRUPTS = tuple(
    Transition(source, Event.INTERRUPT, State.WITHDRAWING, meaning)
    for source, meaning in (
        (State.APPROACHING, "the mouth closed, the head left or a target was lost"),
        (State.ENTERING, "the mouth closed, the head left or the way was blocked"),
        (State.SWABBING, "the mouth closed, the head left or the force was too high"),
    )
)
_CANCELS = tuple(
    Transition(source, Event.CANCEL, State.WITHDRAWING, "cancelled: come out first")
    for source in (State.LOCATING, State.APPROACHING, State.ENTERING, State.SWABBING)
) + tuple(
    Transition(source, Event.CANCEL, State.ABORTED, "cancelled with the arm at rest")
    for source in (State.IDLE, State.CALLED, State.SEATED)
)
_FAULTS = tuple(
    Transition(source, Event.FAULT, State.ABORTED, "safety latched: it stops and withdraws itself")
    for source in State
    if source not in TERMINAL
)

TRANSITIONS: tuple[Transition, ...] = _NORMAL + _INTERRUPTS + _CANCELS + _FAULTS
"""The whole machine. What is not in it cannot happen."""


def _indexed() -> Mapping[tuple[State, Event], Transition]:
    table: dict[tuple[State, Event], Transition] = {}
    for row in TRANSITIONS:
        if (row.source, row.event) in table:
            raise StationError(f"{row.event} in {row.source} leads to two states; keep one row")
        table[row.source, row.event] = row
    return MappingProxyType(table)


_TABLE = _indexed()


def transition(state: State, event: Event) -> Transition:
    """Return the row for ``event`` in ``state``.

    Raises StationError where the table has none: a programming error, never a person's doing.
    """
    row = _TABLE.get((state, event))
    if row is None:
        allowed = ", ".join(sorted(events_in(state))) or "none, it is final"
        raise StationError(f"{event} cannot happen in {state}; allowed there: {allowed}")
    return row


def events_in(state: State) -> Iterator[Event]:
    """Yield the events that lead out of ``state``."""
    return (event for source, event in _TABLE if source is state)
