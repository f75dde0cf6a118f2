"""Each booth as live screens show it, put together once for all the screens of a process."""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from booth_queue.adapters.sql import SqlStore
from booth_queue.adapters.sql.transaction import SqlTransaction
from booth_queue.api import views
from booth_queue.api.feed import Feed
from booth_queue.service import live
from booth_queue.service.work import Work

WorkOf = Callable[[SqlTransaction], Work]
"""Makes a unit of work in a transaction, as `Call.work` does."""

# A booth that fell silent changes without an event; so nothing is shown that is older.
_OLDEST_S: Final = 2.0


@dataclass(frozen=True, slots=True)
class _Shown:
    mark: tuple[int, int]
    at: float
    text: str


class Board:
    """Keeps the JSON of every booth that somebody watches, until the feed says it changed.

    However many screens watch a site, a change is read and written out once; one task reads at
    a time, and the others find what it has read.
    """

    def __init__(self, store: SqlStore, feed: Feed) -> None:
        self._store = store
        self._feed = feed
        self._shown: dict[str, _Shown] = {}
        self._reading = asyncio.Lock()

    async def show(self, work_of: WorkOf, booth_ids: Sequence[str]) -> str:
        """Return booths as a JSON list of `LiveBooth`, in this order."""
        if any(self._old(booth_id) for booth_id in booth_ids):
            async with self._reading:
                # Whoever read before may have read these as well.
                await self._read(work_of, [one for one in booth_ids if self._old(one)])
        return f"[{','.join(self._shown[booth_id].text for booth_id in booth_ids)}]"

    def _old(self, booth_id: str) -> bool:
        shown = self._shown.get(booth_id)
        return (
            shown is None
            or shown.mark != self._feed.mark(booth_id)
            or time.monotonic() - shown.at > _OLDEST_S
        )

    async def _read(self, work_of: WorkOf, booth_ids: Sequence[str]) -> None:
        if not booth_ids:
            return
        async with self._store.reading() as tx:
            work = work_of(tx)
            for booth_id in booth_ids:
                mark = self._feed.mark(booth_id)  # before reading: a change meanwhile is not lost
                text = views.live(await live.picture(work, booth_id)).model_dump_json()
                self._shown[booth_id] = _Shown(mark, time.monotonic(), text)
