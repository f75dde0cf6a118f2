"""What the real-time loop shares with others: one record for each direction, one writer each."""

from typing import NamedTuple, Self

import numpy as np

from arm_control.memory import MAX_JOINTS, STATE, state_words
from arm_control.shared import SharedRecord

MEASUREMENT = np.dtype(
    [
        ("stamp", "i8"),  # of the measurement [ns]; 0: none yet
        ("arm_ok", "i8"),
        ("q", "f8", (MAX_JOINTS,)),  # [rad]
        ("v", "f8", (MAX_JOINTS,)),
        ("wrench", "f8", (6,)),  # raw, in the sensor's frame [N, N·m]
    ],
    align=True,
)

MOUTH = np.dtype(
    [
        ("stamp", "i8"),  # of the picture [ns]
        ("known", "i8"),
        ("R", "f8", (3, 3)),  # base_mouth
        ("t", "f8", (3,)),  # [m]
        ("v", "f8", (3,)),  # of its origin, in base axes [m/s]
        ("w", "f8", (3,)),  # [rad/s]
    ],
    align=True,
)

SETPOINT = np.dtype(
    [
        ("stamp", "i8"),  # of the cycle [ns]: a driver stops the arm when it grows old
        ("cycle", "i8"),
        ("q", "f8", (MAX_JOINTS,)),  # [rad]
        ("v", "f8", (MAX_JOINTS,)),
        ("a", "f8", (MAX_JOINTS,)),  # for arms that feed it forward
        ("stop", "i8"),  # the arm is to stop by its own means, and takes no set-point
    ],
    align=True,
)

PULSE = np.dtype([("number", "i8")], align=True)
"""The session's word that it is there: another number with each of its cycles."""

ORDER = np.dtype(
    [
        ("number", "i8"),  # another one for each order
        ("kind", "i8"),  # as arm_control.orders.OrderKind
        ("code", "i8"),  # of the fault, for a trip
        ("cycle", "i8"),  # that the state was of which the plan was made
        # corridor of an entry, in the mouth frame; radius 0: none
        ("corridor_entry", "f8", (3,)),
        ("corridor_axis", "f8", (3,)),
        ("corridor_radius", "f8"),
        ("corridor_depth", "f8"),
        ("state", STATE),  # with the plan in it
    ],
    align=True,
)

_LARGE = ("joint_profile", "tip_profile", "stroke_profile", "tool_past")
_SHOWN = tuple(name for name in STATE.names or () if name not in _LARGE)

SHOWN = np.dtype([(name, STATE[name]) for name in _SHOWN], align=True)
"""What of STATE is shown: all but what is large and the session has itself, its plans."""

SHOWN_WORDS = state_words(_SHOWN)
"""The words of STATE that SHOWN is made of, in its order."""

VIEW = np.dtype(
    [
        ("now", "i8"),  # of the cycle [ns]
        ("stamp", "i8"),  # of the measurement [ns]
        ("order", "i8"),  # number of the last order
        ("answer", "i8"),  # to it, as arm_control.orders.Answer
        ("tripped", "i8"),  # code of the latched fault, -1 for none
        ("stopped", "i8"),  # the arm has stopped by its own means
        ("q", "f8", (MAX_JOINTS,)),  # measured [rad]
        ("v", "f8", (MAX_JOINTS,)),
        ("state", SHOWN),
    ],
    align=True,
)

_KINDS = (MEASUREMENT, MOUTH, SETPOINT, PULSE, ORDER, VIEW)


class Exchange(NamedTuple):
    """The loop's shared records. The owner creates and unlinks them, others attach by ``names``.

    The arm's driver writes ``measurement``, the session ``mouth``, ``pulse`` and ``order``, the
    loop ``setpoint`` and ``view``; everybody else only reads.
    """

    measurement: SharedRecord
    mouth: SharedRecord
    setpoint: SharedRecord
    pulse: SharedRecord
    order: SharedRecord
    view: SharedRecord

    @classmethod
    def create(cls) -> Self:
        """Make new, zeroed records."""
        return cls(*map(SharedRecord.create, _KINDS))

    @classmethod
    def attach(cls, names: tuple[str, ...]) -> Self:
        """Open the records called ``names``. Raises FileNotFoundError where one is gone."""
        return cls(*map(SharedRecord.attach, names, _KINDS))

    @property
    def names(self) -> tuple[str, ...]:
        """The names by which another process attaches."""
        return tuple(record.name for record in self)

    def close(self) -> None:
        """Let go of the memory here."""
        for record in self:
            record.close()

    def unlink(self) -> None:
        """Remove the records from the machine; the owner calls this after ``close``."""
        for record in self:
            record.unlink()
