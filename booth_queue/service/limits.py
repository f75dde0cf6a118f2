"""Limits against hoarding that many callers share, counted ahead by each process."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Final

from booth_queue.domain.refusals import TooMany
from booth_queue.service.ports import Exceeded, Spending, Store

# Subjects remembered at most; when there are more, the shares drawn for them are lost.
_REMEMBERED: Final = 100_000
# A share is this part of the limit: what a process that dies takes with it.
_PARTS: Final = 50


def hour(moment: datetime) -> datetime:
    """Return the beginning of a moment's hour: limits count from there."""
    return moment.replace(minute=0, second=0, microsecond=0)


class Leases:
    """Shares of limits, drawn from the database and spent without asking it again.

    Behind one network address there may be thousands; if each of them counted in the database,
    they would wait for each other's commits. Never more is spent than allowed, whatever runs at
    once; less, by the shares that processes still hold.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._since: datetime | None = None
        self._left: dict[str, int] = {}
        self._spent: set[str] = set()
        self._drawing = asyncio.Lock()

    @asynccontextmanager
    async def spending(self, subject: str, allowed: int, now: datetime) -> AsyncIterator[None]:
        """Spend one; what is refused or fails inside costs nothing.

        Raises
        ------
        TooMany
            The hour's allowance is spent.
        """
        since = hour(now)
        if since != self._since or len(self._left) >= _REMEMBERED:
            self._since, self._left, self._spent = since, {}, set()
        while not self._left.get(subject, 0):
            await self._draw(Spending(subject, since, allowed, max(1, allowed // _PARTS)))
        self._left[subject] -= 1
        try:
            yield
        except BaseException:
            if self._since == since:
                self._left[subject] = self._left.get(subject, 0) + 1
            raise

    async def _draw(self, share: Spending) -> None:
        async with self._drawing:
            if self._left.get(share.subject, 0):
                return  # drawn by somebody else meanwhile
            if share.subject not in self._spent:
                for count in (share.count, 1):
                    try:
                        async with self._store.writing() as tx:
                            await tx.spend(
                                Spending(share.subject, share.since, share.allowed, count)
                            )
                    except Exceeded:
                        continue
                    self._left[share.subject] = count
                    return
                self._spent.add(share.subject)
            raise TooMany(limit=share.allowed, minutes=60)
