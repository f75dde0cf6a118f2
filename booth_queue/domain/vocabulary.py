"""The closed sets of words the service speaks; stored and sent as these strings."""

from enum import StrEnum


class Role(StrEnum):
    """Who is calling. Every route names the roles it admits."""

    CITIZEN = "citizen"
    GRID = "grid"
    ENTERPRISE = "enterprise"
    STAFF = "staff"
    BOOTH = "booth"
    LAB = "lab"
    DESK = "desk"


class BoothState(StrEnum):
    """Whether a booth takes people; set by staff, or by the booth itself on a fault."""

    OPEN = "open"
    PAUSED = "paused"
    CLOSED = "closed"
    FAULT = "fault"


class BoothMode(StrEnum):
    """Who swabs in the booth."""

    ROBOT = "robot"
    MANUAL = "manual"


class BookingState(StrEnum):
    """A seat in a slot: BOOKED -> ARRIVED -> DONE, or BOOKED -> CANCELLED | EXPIRED."""

    BOOKED = "booked"
    ARRIVED = "arrived"
    DONE = "done"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


class BookingChannel(StrEnum):
    """How a seat was taken; every channel draws on the same quota."""

    SELF = "self"
    DEPENDANT = "dependant"
    PROXY = "proxy"
    GROUP = "group"
    WALK_IN = "walk_in"


class TicketState(StrEnum):
    """A place in a booth's queue."""

    WAITING = "waiting"
    HELD = "held"
    CALLED = "called"
    IN_SESSION = "in_session"
    DONE = "done"
    NO_SHOW = "no_show"
    LEFT = "left"


class SessionState(StrEnum):
    """A person inside a booth."""

    OPEN = "open"
    CLOSED = "closed"


class Outcome(StrEnum):
    """How a session ended. Only SAMPLED leaves a swab in a tube."""

    SAMPLED = "sampled"
    REFUSED = "refused"
    ABORTED = "aborted"


class TubeState(StrEnum):
    """A tube of transport medium: FILLING -> SEALED -> RECEIVED -> REPORTED."""

    FILLING = "filling"
    SEALED = "sealed"
    RECEIVED = "received"
    REPORTED = "reported"


class Finding(StrEnum):
    """What the laboratory says of a tube."""

    NEGATIVE = "negative"
    POSITIVE = "positive"
    INVALID = "invalid"


class Verdict(StrEnum):
    """What a person is told. A pool that is not negative says nothing about its members."""

    NEGATIVE = "negative"
    POSITIVE = "positive"
    RETEST_SINGLY = "retest_singly"


class Need(StrEnum):
    """Why a person is called earlier or swabbed alone."""

    ELDERLY = "elderly"
    SMALL_CHILD = "small_child"
    DISABLED = "disabled"
    SYMPTOMATIC = "symptomatic"
    CLOSE_CONTACT = "close_contact"
    RETEST = "retest"


class IncidentKind(StrEnum):
    """Simple incidents are closed at once; complex ones within 15 working days."""

    SIMPLE = "simple"
    COMPLEX = "complex"


class IncidentState(StrEnum):
    """REPORTED -> ASSIGNED -> CLOSED; a simple one may be closed directly."""

    REPORTED = "reported"
    ASSIGNED = "assigned"
    CLOSED = "closed"


class VisitState(StrEnum):
    """A home visit: ASKED -> DONE | CANCELLED."""

    ASKED = "asked"
    DONE = "done"
    CANCELLED = "cancelled"


class Language(StrEnum):
    """Languages of the catalogue."""

    ZH = "zh"
    EN = "en"
