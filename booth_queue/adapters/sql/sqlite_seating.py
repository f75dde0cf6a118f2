"""Booking on SQLite: whoever comes while a commit is under way shares the next one."""

import asyncio
import sqlite3
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from typing import Any, Final

from booth_queue.adapters.sql.seating import facts_of, refused, values_of
from booth_queue.adapters.sql.statements import FACTS, SEAT_SQLITE
from booth_queue.domain.visits import Booking
from booth_queue.service.ports import Answer, BookingFacts, Duplicate, Event, Spending

_MOST: Final = 100
"""Bookings to a commit at most: other writers wait for no longer than these take."""


class SqliteSeating:
    """The service's `Seating`, one for the whole process.

    SQLite has one writer at a time, and what that writer mostly waits for is the disk. Bookings
    that come meanwhile are written together by the next commit, each behind a savepoint of its
    own: what is refused or fails for one is undone for that one alone. Nobody is answered before
    the commit; if it fails, it has failed for all of them, and each may be sent again.

    Parameters
    ----------
    reading
        Used in the thread of the event loop: reading a few rows by their keys, which in a WAL
        waits for no writer, takes less than handing it to another thread.
    writing
        With the one thread that uses it.
    writers
        Held while something is written: the queue of all writers of this process.
    """

    def __init__(
        self,
        reading: sqlite3.Connection,
        writing: tuple[sqlite3.Connection, Executor],
        writers: asyncio.Lock,
    ) -> None:
        self._reading = reading
        self._writing = writing
        self._writers = writers
        self._waiting: list[tuple[Mapping[str, Any], asyncio.Future[bool]]] = []
        self._committing: asyncio.Task[None] | None = None

    async def booking_facts(
        self, slot_id: str, person_id: str, account_id: str
    ) -> BookingFacts | None:
        """Read what a booking needs; None without such a slot or person."""
        named = {"slot": slot_id, "person": person_id, "account": account_id}
        row = self._reading.execute(FACTS, named).fetchone()
        return None if row is None else facts_of(row)

    async def seat(
        self, booking: Booking, event: Event, spending: Spending, answer: Answer
    ) -> bool:
        """Take a seat with all that goes with it; see `booth_queue.service.ports.Seating`."""
        loop = asyncio.get_running_loop()
        told: asyncio.Future[bool] = loop.create_future()
        self._waiting.append((values_of(booking, event, spending, answer), told))
        if self._committing is None or self._committing.done():
            self._committing = loop.create_task(self._commit())
        return await told

    async def close(self) -> None:
        """Close both connections, once nothing is being written."""
        if self._committing is not None:
            await self._committing
        self._reading.close()
        connection, thread = self._writing
        await asyncio.get_running_loop().run_in_executor(thread, connection.close)

    async def _commit(self) -> None:
        connection, thread = self._writing
        write = asyncio.get_running_loop().run_in_executor
        while self._waiting:
            async with self._writers:
                taken, self._waiting = self._waiting[:_MOST], self._waiting[_MOST:]
                bookings = [values for values, _ in taken]
                try:
                    outcomes = await write(thread, _seat_all, connection, bookings)
                except Exception as error:  # noqa: BLE001 - told to everybody who waits for it
                    outcomes = [error] * len(taken)
            for (_, told), outcome in zip(taken, outcomes, strict=True):
                if told.done():
                    continue  # who asked has gone; the key still gives the answer
                if isinstance(outcome, Exception):
                    told.set_exception(outcome)
                else:
                    told.set_result(outcome)


def _seat_all(
    connection: sqlite3.Connection, bookings: Sequence[Mapping[str, Any]]
) -> list[bool | Exception]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        outcomes = [_seat(connection, values) for values in bookings]
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:  # after some errors SQLite has undone it by itself
            connection.execute("ROLLBACK")
        raise
    return outcomes


def _seat(connection: sqlite3.Connection, values: Mapping[str, Any]) -> bool | Exception:
    connection.execute("SAVEPOINT booking")
    outcome: bool | Exception = True
    try:
        for statement in SEAT_SQLITE:
            connection.execute(statement, values)
    except Exception as error:
        if not connection.in_transaction:
            raise  # undone for all of them
        connection.execute("ROLLBACK TO booking")
        outcome = _outcome(error)
    connection.execute("RELEASE booking")
    return outcome


def _outcome(error: Exception) -> bool | Exception:
    if not isinstance(error, sqlite3.IntegrityError):
        return error
    if error.sqlite_errorcode != sqlite3.SQLITE_CONSTRAINT_CHECK:
        return Duplicate(str(error))
    try:
        return refused(str(error).rpartition(": ")[2], error)
    except Exception as refusal:  # noqa: BLE001 - whatever it is, it is this booking's
        return refusal
