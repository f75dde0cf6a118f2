"""Connections kept for bookings alone, beneath SQLAlchemy."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Final, Protocol

import asyncpg
from sqlalchemy import URL

from booth_queue.adapters.sql.seating import PostgresSeating
from booth_queue.adapters.sql.sqlite_seating import SqliteSeating
from booth_queue.service.ports import Seating

SERVER_SETTINGS: Final = {
    "application_name": "booth_queue",
    "jit": "off",  # every statement here is short
    "statement_timeout": "10000",
    "idle_in_transaction_session_timeout": "10000",
}
PRAGMAS: Final = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA foreign_keys=ON",
    "PRAGMA synchronous=FULL",
    "PRAGMA busy_timeout=10000",
)
_TIMEOUT_S: Final = 15.0


class Seats(Protocol):
    """Where connections to book on are kept."""

    def open(self) -> AbstractAsyncContextManager[Seating]:
        """Lend a connection."""

    async def close(self) -> None:
        """Close all."""


class PostgresSeats:
    """A pool of the driver's own; a few connections that are busy beat many that contend."""

    def __init__(self, url: URL, connections: int) -> None:
        self._url = url.set(drivername="postgresql").render_as_string(hide_password=False)
        self._connections = connections
        self._pool: Any = None
        self._opening = asyncio.Lock()

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Seating]:
        """Lend a connection."""
        if self._pool is None:
            await self._open_pool()
        async with self._pool.acquire() as connection:
            yield PostgresSeating(connection)

    async def _open_pool(self) -> None:
        async with self._opening:
            if self._pool is None:
                self._pool = await asyncpg.create_pool(
                    self._url,
                    min_size=1,
                    max_size=self._connections,
                    server_settings=SERVER_SETTINGS,
                    command_timeout=_TIMEOUT_S,
                    timeout=_TIMEOUT_S,
                    # Nothing is set on these connections, so there is nothing to be reset.
                    reset=_leave,
                )

    async def close(self) -> None:
        """Close all."""
        if self._pool is not None:
            await self._pool.close()


async def _leave(connection: object) -> None:
    del connection


class SqliteSeats:
    """One connection that reads, and one that writes in a thread of its own."""

    def __init__(self, path: str, writers: asyncio.Lock) -> None:
        self._path = path
        self._writers = writers
        self._opening = asyncio.Lock()
        self._thread = ThreadPoolExecutor(1, "seats")
        self._seating: SqliteSeating | None = None

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Seating]:
        """Lend both."""
        async with self._opening:
            if self._seating is None:
                reading, connect = self._connect(), asyncio.get_running_loop().run_in_executor
                writing = await connect(self._thread, self._connect)
                self._seating = SqliteSeating(reading, (writing, self._thread), self._writers)
        yield self._seating

    def _connect(self) -> sqlite3.Connection:
        # Every statement on it runs in the one thread that opened it.
        connection = sqlite3.connect(self._path, isolation_level=None)
        for pragma in PRAGMAS:
            connection.execute(pragma)
        return connection

    async def close(self) -> None:
        """Close both, once nothing is being written."""
        if self._seating is not None:
            await self._seating.close()
            self._seating = None
        self._thread.shutdown()
