"""The black box: the last minutes of the loop, cycle by cycle, in a ring made beforehand."""

from pathlib import Path

import numpy as np

from arm_control.compiled import kernel
from arm_control.errors import ArmControlError
from arm_control.memory import MAX_JOINTS, Record

ENTRY = np.dtype(
    [
        ("count", "i8"),  # 1 for the first cycle; 0 marks an unused slot
        ("stamp", "i8"),
        ("now", "i8"),
        ("lateness", "i8"),
        ("q", "f8", (MAX_JOINTS,)),
        ("command", "f8", (MAX_JOINTS,)),
        ("wrench", "f8", (6,)),
        ("force", "f8", (3,)),
        ("tip", "f8", (3,)),
        ("normal_force", "f8"),
        ("mode", "i8"),
        ("phase", "i8"),
        ("fault", "i8"),
    ],
    align=True,
)


@kernel
def note(i: Record, s: Record, lateness: int, ring: np.ndarray) -> None:
    """Put one cycle into the ring."""
    e = ring[s.cycles % ring.size]
    e.count = s.cycles
    e.stamp = i.stamp
    e.now = i.now
    e.lateness = lateness
    for k in range(7):
        e.q[k] = i.q[k]
        e.command[k] = s.q[k]
    for k in range(6):
        e.wrench[k] = i.wrench[k]
    for k in range(3):
        e.force[k] = s.force[k]
        e.tip[k] = s.tip_b[k]
    e.normal_force = s.normal_force
    e.mode = s.mode
    e.phase = s.phase
    e.fault = s.fault


class BlackBox:
    """A ring of ``size`` ENTRY records, written by the loop, read after it."""

    def __init__(self, size: int) -> None:
        if not 2 <= size <= 5_000_000:
            raise ArmControlError(f"black box of {size} cycles is outside 2 to 5000000")
        self.ring = np.zeros(size, ENTRY)
        self.ring["count"] = 0  # touch every page now, not in the loop

    def entries(self) -> np.ndarray:
        """Return a copy of what the ring holds, oldest first."""
        used = self.ring[self.ring["count"] > 0]
        return used[np.argsort(used["count"])]

    def save(self, file: Path) -> None:
        """Write the entries as a NumPy file. Raises ArmControlError where it cannot be written."""
        try:
            np.save(file, self.entries(), allow_pickle=False)
        except OSError as error:
            raise ArmControlError(
                f"{file}: the black box cannot be written ({error.strerror}); free some space"
            ) from error
