"""Keeps simulated time from running away from the nodes that live by it.

A real arm's time is the wall's, and a node that is late is a fault. A simulator's time is its own:
on a slow machine it must go slower, or every node would be late for a reason that no booth has. So
the loop tells the tether what it handed out, the nodes' own messages tell how far they have got,
and simulated time waits for them; a node that stays silent longer than the wall may wait is let
go, and late from then on as it would be on a real booth.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

from spatial import age_s

PICTURE_LEAD_S = 0.12
"""Simulated time between a picture's exposure and its sighting, at most; a real booth needs this
too: 45 ms until the picture is there, and the time to understand it."""

SESSION_LEAD_S = 0.15
"""Simulated time a running session may be behind, at most: it tells of itself each 0.1 s."""

PERMIT_LEAD_S = 0.2
"""Simulated time since the arm node last renewed its permit, at most; it does so each 0.05 s."""

PATIENCE_S = 3.0
"""The wall's time that simulated time waits for a silent node."""


@dataclass(slots=True)
class _Follower:
    """One node: what it owes since when, and whether it was let go."""

    lead_s: float
    owes_ns: int | None = None
    let_go: bool = False

    def behind(self, now_ns: int) -> bool:
        owes = self.owes_ns is not None and not self.let_go
        return owes and age_s(self.owes_ns or 0, now_ns) > self.lead_s


class Tether:
    """Says whether simulated time must wait. All stamps are the simulator's [ns].

    ``wall`` is the wall's clock [s].
    """

    def __init__(self, wall: Callable[[], float] = time.monotonic) -> None:
        self._wall = wall
        self._vision = _Follower(PICTURE_LEAD_S)
        self._session = _Follower(SESSION_LEAD_S)
        self._permit = _Follower(PERMIT_LEAD_S)
        self._nodes = (self._vision, self._session, self._permit)
        self._held_s: float | None = None

    def permitted(self, now_ns: int) -> None:
        """Note that the arm node has renewed its permit at ``now_ns``."""
        self._permit.let_go = False
        self._permit.owes_ns = now_ns

    def exposed(self, stamp_ns: int) -> None:
        """Note that a picture taken at ``stamp_ns`` was handed to the vision node."""
        if self._vision.owes_ns is None:
            self._vision.owes_ns = stamp_ns

    def understood(self, stamp_ns: int) -> None:
        """Note that the vision node has said what it saw at ``stamp_ns``."""
        self._vision.let_go = False
        if self._vision.owes_ns is not None and stamp_ns >= self._vision.owes_ns:
            self._vision.owes_ns = None

    def worked(self, stamp_ns: int) -> None:
        """Note that the running session has seen the state of ``stamp_ns``."""
        self._session.let_go = False
        self._session.owes_ns = max(stamp_ns, self._session.owes_ns or 0)

    def ended(self) -> None:
        """Note that no session runs."""
        self._session.owes_ns = None

    def holds(self, now_ns: int) -> bool:
        """Whether simulated time must stand still at ``now_ns``; ask again until it need not."""
        behind = [node for node in self._nodes if node.behind(now_ns)]
        if not behind:
            self._held_s = None
            return False
        wall_s = self._wall()
        if self._held_s is None:
            self._held_s = wall_s
        if wall_s - self._held_s < PATIENCE_S:
            return True
        for node in behind:
            node.let_go = True
        self._held_s = None
        return False
