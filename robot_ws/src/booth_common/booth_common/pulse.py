"""How long a node may be silent before it counts as dead."""

import time
from collections.abc import Callable
from pathlib import Path

SILENCE_S = 0.4
"""The longest silence of a live node; with one look each 0.05 s a death is known within 0.5 s."""

PATIENCE_S = 3.0
"""The longest silence beside a simulator of a node whose process is there: simulated time waits as
long for it (`booth_arm.tether`)."""


def is_gone(pid: int) -> bool:
    """Whether the process ``pid`` of this machine has ended, waited for by its parent or not."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return True
    return stat.rpartition(")")[2].split()[0] in ("Z", "X")


class Pulse:
    """A node's signs of life, which come about 20 times a second.

    Beside a real arm the bound is fixed. A simulator runs on whatever machine there is, and on a
    busy one a live node may stall for a second, which makes a slow session, not a booth full of
    dead nodes. So there, ``patient``, a silent node whose process is still there is given longer;
    one whose process is gone is dead by the same bound as a real booth's. ``wall`` is the wall's
    clock [s], ``gone`` says whether a process has ended.
    """

    def __init__(
        self,
        *,
        patient: bool,
        wall: Callable[[], float] = time.monotonic,
        gone: Callable[[int], bool] = is_gone,
    ) -> None:
        self._patient = patient
        self._wall = wall
        self._gone = gone
        self._heard_s: float | None = None
        self._pid = 0

    @property
    def heard(self) -> bool:
        """Whether it was ever heard."""
        return self._heard_s is not None

    @property
    def silent_s(self) -> float:
        """How long it has been silent [s]; 0 before the first sign."""
        return 0.0 if self._heard_s is None else self._wall() - self._heard_s

    @property
    def bound_s(self) -> float:
        """The silence [s] that is death."""
        if not self._patient:
            return SILENCE_S
        dead = self._pid and self.silent_s > SILENCE_S and self._gone(self._pid)
        return SILENCE_S if dead else PATIENCE_S

    def beat(self, pid: int = 0) -> None:
        """Take in one sign of life, of the process ``pid``; 0 where it does not tell."""
        self._pid = pid
        self._heard_s = self._wall()
