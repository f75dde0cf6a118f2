"""What the real-time loop shares with others: one record for each direction, one writer each."""

from typing import NamedTuple, Self

import numpy as np

from arm_control.memory import MAX_JOINTS
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
    ],
    align=True,
)

_KINDS = (MEASUREMENT, MOUTH, SETPOINT)


class Exchange(NamedTuple):
    """The loop's shared records. The owner creates and unlinks them, others attach by ``names``.

    The arm's driver writes ``measurement``, the vision ``mouth``, the loop ``setpoint``; everybody
    else only reads.
    """

    measurement: SharedRecord
    mouth: SharedRecord
    setpoint: SharedRecord

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
