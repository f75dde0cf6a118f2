"""The database itself: migrations, what it refuses, columns that mean the same in both."""

import asyncio
from datetime import UTC, datetime

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, text
from sqlalchemy.dialects import sqlite
from sqlalchemy.exc import DBAPIError

from booth_queue.adapters.sql import SqlStore
from booth_queue.adapters.sql.schema import TABLES, metadata
from booth_queue.adapters.sql.types import Stamp, Words
from booth_queue.contract import Outcome
from booth_queue.domain.vocabulary import Need

from .conftest import Running


def run(url: str, *statements: str) -> list[object]:
    """Run statements in one transaction of its own; returns the last one's rows."""

    async def do() -> list[object]:
        store = SqlStore(url, pool=1)
        try:
            async with store.writing() as tx:
                for statement in statements:
                    result = await tx._connection.execute(text(statement))
                return list(result) if result.returns_rows else []
        finally:
            await store.close()

    return asyncio.run(do())


def test_migrations_make_the_schema_that_the_code_declares(service: Running) -> None:
    def difference(connection: Connection) -> list[object]:
        return list(compare_metadata(MigrationContext.configure(connection), metadata))

    async def do() -> list[object]:
        store = SqlStore(service.url, pool=1)
        try:
            async with store.reading() as tx:
                return await tx._connection.run_sync(difference)
        finally:
            await store.close()

    assert asyncio.run(do()) == []


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE slot SET taken = capacity + 1 WHERE id = 'demo-a-0000'",
        "UPDATE slot SET taken = -1 WHERE id = 'demo-a-0000'",
        "UPDATE booth SET pool_size = 7",
    ],
)
def test_the_database_itself_refuses_what_must_never_be(service: Running, statement: str) -> None:
    with pytest.raises(DBAPIError):
        run(service.url, statement)


def test_what_is_on_record_can_be_neither_changed_nor_deleted(service: Running) -> None:
    booth = service.booth()
    service.citizen().arrive()
    called = booth.take_next()
    assert called is not None
    session = booth.open_session(called.ticket_id)
    booth.bind_swab(session.id, "TUBE-1")
    booth.close_session(session.id, Outcome.SAMPLED)
    for table in ("entry", "swab"):
        for change in (f"UPDATE {table} SET id = 'other'", f"DELETE FROM {table}"):  # noqa: S608 - names of ours
            with pytest.raises(DBAPIError, match="append-only"):
                run(service.url, change)


def test_every_record_has_a_table_with_its_fields() -> None:
    assert len(TABLES) > 25
    assert {table.name for table in TABLES.values()} <= set(metadata.tables)


@given(st.datetimes(min_value=datetime(1900, 1, 1), max_value=datetime(2200, 1, 1)))  # noqa: DTZ001 - zone added below
def test_stamps_come_back_to_the_microsecond(moment: datetime) -> None:
    aware, dialect = moment.replace(tzinfo=UTC), sqlite.dialect()
    stored = Stamp().process_bind_param(aware, dialect)
    assert Stamp().process_result_value(stored, dialect) == aware


@given(st.frozensets(st.sampled_from(Need)))
def test_sets_of_words_come_back(needs: frozenset[Need]) -> None:
    column, dialect = Words(Need), sqlite.dialect()
    stored = column.process_bind_param(needs, dialect)
    assert column.process_result_value(stored, dialect) == needs


def test_a_stamp_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="no time zone"):
        Stamp().process_bind_param(datetime(2026, 1, 1), sqlite.dialect())  # noqa: DTZ001 - that is the point
