"""Connections and transactions, on PostgreSQL and on SQLite."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from typing import Any, Final

import asyncpg
from sqlalchemy import Connection, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, InterfaceError, OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from booth_queue.adapters.sql.connections import (
    PRAGMAS,
    SERVER_SETTINGS,
    PostgresSeats,
    Seats,
    SqliteSeats,
)
from booth_queue.adapters.sql.migrate import upgrade
from booth_queue.adapters.sql.transaction import SqlTransaction
from booth_queue.domain.refusals import Busy
from booth_queue.errors import ConfigurationError
from booth_queue.service.ports import Seating, StoreUnavailable

_DRIVERS: Final = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+asyncpg"}
# What says that the database is away, by SQLAlchemy and by the drivers underneath.
_AWAY: Final = (
    OperationalError,
    InterfaceError,
    OSError,
    sqlite3.OperationalError,
    asyncpg.InterfaceError,
    asyncpg.PostgresConnectionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.OperatorInterventionError,
)
_DEADLOCK: Final = "40P01"


class SqlStore:
    """The database behind the service's `Store` port.

    Parameters
    ----------
    url
        ``sqlite:///path/to/file`` or ``postgresql://user@host:port/name``.
    pool
        Connections kept open to PostgreSQL, per process.
    seats
        Connections to PostgreSQL for bookings, besides those of the pool.

    Notes
    -----
    SQLite has one writer at a time. Writers of this process queue in order for one connection,
    which begins with IMMEDIATE so that it never has to be upgraded; readers have their own and
    see the last committed state (WAL). Every commit is synced to disk, as PostgreSQL's are.
    """

    def __init__(self, url: str, *, pool: int = 16, seats: int = 4) -> None:
        try:
            parsed = make_url(url)
        except ArgumentError as error:
            raise ConfigurationError(f"database={url!r} is not a URL") from error
        name = parsed.get_backend_name()
        if name not in _DRIVERS:
            raise ConfigurationError(
                f"database={url!r} must begin with sqlite:/// or postgresql://"
            )
        self.sqlite: Final = name == "sqlite"
        self.url: Final = parsed.set(drivername=_DRIVERS[name])
        self._writers = asyncio.Lock()
        if self.sqlite:
            self._write_engine = create_async_engine(self.url, pool_size=1, max_overflow=0)
            self._read_engine = create_async_engine(self.url, pool_size=4, max_overflow=0)
            _configure_sqlite(self._write_engine, "BEGIN IMMEDIATE")
            _configure_sqlite(self._read_engine, "BEGIN")
            self._seats: Seats = SqliteSeats(str(self.url.database), self._writers)
        else:
            self._write_engine = create_async_engine(
                self.url,
                pool_size=pool,
                max_overflow=0,
                connect_args={"server_settings": SERVER_SETTINGS},
            )
            self._read_engine = self._write_engine
            self._seats = PostgresSeats(parsed, seats)

    async def migrate(self) -> None:
        """Bring the schema to the newest version.

        Raises
        ------
        ConfigurationError
            The database cannot be opened.
        """
        try:
            if self.sqlite:
                # Tried here first: the driver's thread outlives a file that cannot be opened.
                sqlite3.connect(self.url.database or ":memory:").close()
            async with self._write_engine.connect() as connection:
                await connection.run_sync(upgrade)
                await connection.commit()
        except (OperationalError, sqlite3.Error, OSError) as error:
            cause = error.orig if isinstance(error, OperationalError) else error
            raise ConfigurationError(
                f"database {self.url.render_as_string()} cannot be opened ({cause}); "
                "check that the folder is writable or the server is running"
            ) from error

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[SqlTransaction]:
        """Open a transaction that commits at the end, and rolls back on any exception."""
        queue = self._writers if self.sqlite else nullcontext()
        async with queue, _answering(), self._write_engine.begin() as connection:
            yield SqlTransaction(connection)

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[SqlTransaction]:
        """Open a transaction that only reads."""
        async with _answering(), self._read_engine.connect() as connection:
            yield SqlTransaction(connection)

    @asynccontextmanager
    async def seating(self) -> AsyncIterator[Seating]:
        """Open a connection to book on, which keeps each booking by itself."""
        async with _answering(), self._seats.open() as seating:
            yield seating

    async def close(self) -> None:
        """Close all connections."""
        await self._seats.close()
        await self._write_engine.dispose()
        await self._read_engine.dispose()


@asynccontextmanager
async def _answering() -> AsyncIterator[None]:
    try:
        yield
    except _AWAY as error:
        raise StoreUnavailable(f"the database does not answer: {error}") from error
    except (DBAPIError, asyncpg.DeadlockDetectedError) as error:
        # Each of two transactions waited for the other; this one was undone.
        if getattr(getattr(error, "orig", error), "sqlstate", None) == _DEADLOCK:
            raise Busy from error
        raise


def _configure_sqlite(engine: AsyncEngine, begin: str) -> None:
    @event.listens_for(engine.sync_engine, "connect")
    def _connect(connection: Any, _record: object) -> None:  # noqa: ANN401 - the driver's own
        # The driver would begin by itself, and too late: SQLAlchemy is told to, below.
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in PRAGMAS:
            cursor.execute(pragma)
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql(begin)
