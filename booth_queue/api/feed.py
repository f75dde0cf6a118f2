"""What changed: one reader of the outbox and of live reports in a process."""

import asyncio
import contextlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

from booth_queue.adapters.sql.transaction import SqlTransaction
from booth_queue.domain.places import Live

# Two reports may be committed in another order than they are stamped; this much is read again.
_OVERLAP: Final = timedelta(milliseconds=250)
# Other processes' commits are found by looking; those of this one wake the reader at once.
_LOOK_S: Final = 0.1
# However much is committed, the database is read no more often than this.
_REST_S: Final = 0.02


@dataclass(frozen=True, slots=True)
class Changes:
    """What was committed since the last look: keys of booths with events, and new reports."""

    booths: frozenset[str] = frozenset()
    reports: Mapping[str, Live] = field(default_factory=dict)


class Feed:
    """Reads what was committed, behind a cursor of its own."""

    def __init__(self) -> None:
        self._nudged = asyncio.Event()
        self._cursor: tuple[int, int] | None = None
        self._newest = datetime.min.replace(tzinfo=UTC)
        self._known: dict[str, datetime] = {}

    def nudge(self) -> None:
        """Look at once: this process has just committed something."""
        self._nudged.set()

    async def rest(self) -> None:
        """Wait until it is worth looking again."""
        await asyncio.sleep(_REST_S)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_LOOK_S):
                await self._nudged.wait()
        self._nudged.clear()

    async def woken(self) -> None:
        """Wait for a nudge, however long; what happens meanwhile is not looked at."""
        await self._nudged.wait()
        self._nudged.clear()
        self._cursor = None

    async def read(self, tx: SqlTransaction) -> Changes | None:
        """Read what was committed since the last look; None on the first, which has no since."""
        if self._cursor is None:
            self._cursor, self._newest = await tx.last_cursor(), await tx.last_report()
            self._known.clear()
            return None
        events = await tx.events_after(self._cursor)
        if events:
            self._cursor = events[-1][0]
        since = self._newest - _OVERLAP
        stamps = await tx.reported_after(since)
        fresh = [booth for booth, at in stamps if self._known.get(booth) != at]
        self._known = dict(stamps)
        if stamps:
            self._newest = stamps[-1][1]
        lives = await tx.find(Live, id=fresh) if fresh else []
        return Changes(
            frozenset(event.topic for _, event in events), {one.id: one for one in lives}
        )
