"""Why a session ended without a sample: the words that go into the record and to the staff."""

from collections.abc import Iterable
from enum import StrEnum

from arm_control.procedure import Event as Incident
from arm_control.report import FaultKind
from vision.target import RefusalReason


class Reason(StrEnum):
    """The station's own words; eye, arm and procedure have theirs."""

    NO_SHOW = "no_show"
    NO_SWAB = "no_swab"
    SWAB_LOST = "swab_lost"
    CAMERA = "camera"
    STAFF_STOP = "staff_stop"
    OPERATOR = "operator"
    CANCELLED = "cancelled"
    UNFINISHED = "unfinished"
    CUT_OFF = "cut_off"
    NOT_READY = "not_ready"
    RECORD = "record"
    UNFORESEEN = "unforeseen"
    STATION_ENDING = "station_ending"
    STATION_LOST = "station_lost"
    BRIDGE_LOST = "bridge_lost"
    UNKNOWN = "unknown"


_WORDS: tuple[Iterable[StrEnum], ...] = (Reason, FaultKind, RefusalReason, Incident)


def every_reason() -> frozenset[str]:
    """Return every word a booth gives for a fault or a session without a sample."""
    return frozenset(word.value for words in _WORDS for word in words)
