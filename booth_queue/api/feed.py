"""Telling live screens what changed: one reader of the outbox a process, many listeners."""

import asyncio
import contextlib
import logging
from collections import Counter
from collections.abc import AsyncIterator, Collection
from datetime import UTC, datetime
from typing import Final

from booth_queue.adapters.sql import SqlStore
from booth_queue.service.ports import StoreUnavailable

EVERYTHING: Final = "*"
_log = logging.getLogger(__name__)

# Other processes' commits are found by looking; those of this one wake the reader at once.
_LOOK_S: Final = 0.1
# However much is committed, the outbox is read no more often than this.
_REST_S: Final = 0.03
_REST_AFTER_TROUBLE_S: Final = 1.0


class Feed:
    """Wakes listeners with the names of booths that changed, or with `EVERYTHING`.

    A listener that is slow is told the union of what changed meanwhile, so nothing queues up
    however many screens are open.
    """

    def __init__(self, store: SqlStore) -> None:
        self._store = store
        self._listeners: set[_Listener] = set()
        self._nudged = asyncio.Event()
        self._reader: asyncio.Task[None] | None = None
        self._changes: Counter[str] = Counter()

    def mark(self, booth_id: str) -> tuple[int, int]:
        """Return a mark that differs once the booth, or `EVERYTHING`, has changed."""
        return self._changes[EVERYTHING], self._changes[booth_id]

    def _tell(self, changed: set[str]) -> None:
        self._changes.update(changed)
        for listener in self._listeners:
            listener.tell(changed)

    async def start(self) -> None:
        """Begin to read, whenever somebody listens."""
        self._reader = asyncio.create_task(self._read())

    async def stop(self) -> None:
        """Stop reading, and end every stream."""
        if self._reader is not None:
            self._reader.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._reader
        for listener in self._listeners:
            listener.end()

    def nudge(self) -> None:
        """Look at once: this process has just committed something."""
        self._nudged.set()

    async def listen(
        self, patience_s: float, topics: Collection[str]
    ) -> AsyncIterator[frozenset[str]]:
        """Yield which of ``topics`` changed; an empty set after ``patience_s`` without a change."""
        listener = _Listener(frozenset(topics))
        self._listeners.add(listener)
        self.nudge()
        try:
            while not listener.ended:
                yield await listener.wait(patience_s)
        finally:
            self._listeners.discard(listener)

    async def _read(self) -> None:
        cursor: tuple[int, int] | None = None
        reported = datetime.now(UTC)
        while True:
            self._nudged.clear()
            if not self._listeners:
                cursor = None
                await self._nudged.wait()
                continue
            try:
                async with self._store.reading() as tx:
                    if cursor is None:
                        cursor, reported = await tx.last_cursor(), await tx.last_report()
                        events, reports = [], []
                        # What happened before is not known: whoever listens looks at everything.
                        self._tell({EVERYTHING})
                    else:
                        events = await tx.events_after(cursor)
                        reports = await tx.reported_after(reported)
            except StoreUnavailable:
                # The database is away: screens show what they have as stale, and this goes on.
                _log.exception("live screens cannot be told")
                await asyncio.sleep(_REST_AFTER_TROUBLE_S)
                continue
            if events:
                cursor = events[-1][0]
            if reports:
                reported = reports[-1][1]
            changed = {event.topic for _, event in events} | {booth for booth, _ in reports}
            if changed:
                self._tell(changed)
            await asyncio.sleep(_REST_S)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._nudged.wait(), _LOOK_S)


class _Listener:
    def __init__(self, topics: frozenset[str]) -> None:
        self._topics = topics | {EVERYTHING}
        self._changed: set[str] = set()
        self._told = asyncio.Event()
        self.ended = False

    def tell(self, changed: set[str]) -> None:
        mine = self._topics & changed
        if mine:
            self._changed |= mine
            self._told.set()

    def end(self) -> None:
        self.ended = True
        self._told.set()

    async def wait(self, patience_s: float) -> frozenset[str]:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._told.wait(), patience_s)
        self._told.clear()
        changed, self._changed = frozenset(self._changed), set()
        return changed
