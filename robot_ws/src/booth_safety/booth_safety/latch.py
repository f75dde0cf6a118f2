"""The latch: what has tripped stays until a named person resets it."""

import threading
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Tripped:
    """One fault: when [ns], who noticed, its name and its detail."""

    stamp_ns: int
    source: str
    name: str
    detail: str


class Latch:
    """Holds the faults that have tripped, oldest first; any thread may call."""

    KEEP = 32

    def __init__(self) -> None:
        self._whole = False
        self._faults: list[Tripped] = []
        self._lock = threading.Lock()

    @property
    def faults(self) -> tuple[Tripped, ...]:
        """What has tripped since the last reset."""
        with self._lock:
            return tuple(self._faults)

    def trip(self, fault: Tripped) -> bool:
        """Latch ``fault``; says whether it is news. The first of a source and name is kept."""
        with self._lock:
            known = any((f.source, f.name) == (fault.source, fault.name) for f in self._faults)
            if not known and len(self._faults) < self.KEEP:
                self._faults.append(fault)
            return not known

    def whole(self) -> None:
        """Note that every required node is there: from now on, losing one trips."""
        self._whole = True

    def lose(self, fault: Tripped) -> bool:
        """Latch the loss of a node; says whether it is news.

        Not while the booth comes up, when nodes stall, loading and compiling: there one is missing
        until it is heard again, and an arm that never had a permit needs nobody to look at it.
        """
        return self._whole and self.trip(fault)

    def clear(self) -> tuple[Tripped, ...]:
        """Forget the faults and return them; the caller has a person's word."""
        with self._lock:
            cleared, self._faults = tuple(self._faults), []
            return cleared
