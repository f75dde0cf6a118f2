"""The board: every booth that is watched, written out once for all the screens of a process."""

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from booth_queue.adapters.sql import SqlStore
from booth_queue.adapters.sql.transaction import SqlTransaction
from booth_queue.api import views
from booth_queue.api.feed import Feed
from booth_queue.service import live
from booth_queue.service.ports import StoreUnavailable
from booth_queue.service.work import Work

WorkOf = Callable[[SqlTransaction], Work]
"""Makes a unit of work of nobody in particular in a transaction."""

# A booth that fell silent changes without an event, and so does the order of a line.
_OLDEST_S: Final = 5.0
# So many are looked at again in one go, that no screen waits while all of them are.
_AGAIN_AT_ONCE: Final = 16
_REST_AFTER_TROUBLE_S: Final = 1.0
_log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Shown:
    picture: live.Picture
    text: str
    read_at: float


@dataclass(slots=True, eq=False)
class _Screen:
    # However slow a screen is, only the union of what changed meanwhile is kept for it.
    booths: tuple[str, ...]
    patience_s: float
    due: set[str] = field(default_factory=set)
    told: asyncio.Event = field(default_factory=asyncio.Event)
    heard_at: float = field(default_factory=time.monotonic)


class Board:
    """Shows booths to screens: a change is read once, written out once, and sent to all alike.

    One task reads what was committed, while somebody watches. Whatever is committed between two
    looks is one message, and a booth is in it only if what screens show of it is different.
    """

    def __init__(self, store: SqlStore, feed: Feed, work_of: WorkOf) -> None:
        self._store = store
        self._feed = feed
        self._work_of = work_of
        self._shown: dict[str, _Shown] = {}
        self._screens: set[_Screen] = set()
        self._watching: dict[str, set[_Screen]] = {}
        # Messages of the present moment: the same changes are the same bytes for every screen.
        self._messages: dict[frozenset[str], bytes] = {}
        self._ended = False
        self._reader: asyncio.Task[None] | None = None

    @property
    def watched(self) -> frozenset[str]:
        """The booths that some screen shows; of others nothing is kept."""
        return frozenset(self._watching)

    async def start(self) -> None:
        """Begin to read, whenever somebody watches."""
        self._reader = asyncio.create_task(self._read())

    async def stop(self) -> None:
        """Stop reading, and end every stream."""
        self._ended = True
        if self._reader is not None:
            self._reader.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._reader
        for screen in self._screens:
            screen.told.set()

    async def watch(self, booth_ids: Iterable[str], patience_s: float) -> AsyncGenerator[bytes]:
        """Yield one screen's messages: all of its booths first, then whichever changed.

        A message is an event ``booths`` with a JSON list of `LiveBooth`. The list is empty, as a
        sign of life, after ``patience_s`` without a change; but not while the database is away:
        then the screen has to say that what it shows is old.
        """
        screen = _Screen(tuple(booth_ids), patience_s)
        screen.due.update(screen.booths)
        self._screens.add(screen)
        for booth in screen.booths:
            self._watching.setdefault(booth, set()).add(screen)
        self._tell(screen)
        self._feed.nudge()
        try:
            while True:
                await screen.told.wait()
                if self._ended:
                    return
                screen.told.clear()
                screen.heard_at = time.monotonic()
                due, screen.due = frozenset(screen.due), set()
                yield self._message(due)
        finally:
            self._leave(screen)

    def _tell(self, screen: _Screen) -> None:
        if all(booth in self._shown for booth in screen.booths):
            screen.told.set()

    def _leave(self, screen: _Screen) -> None:
        self._screens.discard(screen)
        for booth in screen.booths:
            self._watching[booth].discard(screen)
            if not self._watching[booth]:
                del self._watching[booth]
                self._shown.pop(booth, None)

    def _message(self, due: frozenset[str]) -> bytes:
        message = self._messages.get(due)
        if message is None:
            texts = ",".join(self._shown[booth].text for booth in sorted(due))
            message = self._messages[due] = f"event: booths\ndata: [{texts}]\n\n".encode()
        return message

    async def _read(self) -> None:
        while True:
            if not self._screens:
                await self._feed.woken()
                continue
            try:
                await self._look()
                self._give_signs_of_life()
            except StoreUnavailable:
                _log.exception("live screens cannot be told")
                await asyncio.sleep(_REST_AFTER_TROUBLE_S)
            await self._feed.rest()

    async def _look(self) -> None:
        async with self._store.reading() as tx:
            changes = await self._feed.read(tx)
            work = self._work_of(tx)
            again = self._watching.keys() - self._shown.keys()
            reported: dict[str, live.Picture] = {}
            if changes is None:  # what happened before is not known: everything is read
                again = set(self._watching)
            else:
                again |= (changes.booths & self._watching.keys()) | self._aged()
                for booth, report in changes.reports.items():
                    if booth in self._shown and booth not in again:
                        quiet = live.silent(work, report)
                        reported[booth] = self._shown[booth].picture.with_report(report, quiet)
            read = await live.pictures(work, again) if again else {}
        self._show(read, reported)

    def _aged(self) -> set[str]:
        before = time.monotonic() - _OLDEST_S
        aged = [(one.read_at, booth) for booth, one in self._shown.items() if one.read_at < before]
        return {booth for _, booth in sorted(aged)[:_AGAIN_AT_ONCE]}

    def _show(self, read: Mapping[str, live.Picture], reported: Mapping[str, live.Picture]) -> None:
        now = time.monotonic()
        different = set()
        for booth, picture in {**reported, **read}.items():
            if booth not in self._watching:  # the last screen of it has been closed meanwhile
                continue
            known = self._shown.get(booth)
            text = views.live(picture).model_dump_json()
            read_at = known.read_at if known and booth not in read else now
            self._shown[booth] = _Shown(picture, text, read_at)
            if known is None or known.text != text:
                different.add(booth)
        self._messages.clear()
        for screen in {screen for booth in different for screen in self._watching[booth]}:
            screen.due.update(different.intersection(screen.booths))
            self._tell(screen)

    def _give_signs_of_life(self) -> None:
        # One sweep, instead of a timer for every screen.
        now = time.monotonic()
        for screen in self._screens:
            if now - screen.heard_at > screen.patience_s:
                self._tell(screen)
