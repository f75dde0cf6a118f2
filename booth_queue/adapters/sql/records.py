"""Reading and writing records, whichever they are."""

from collections.abc import Collection, Mapping
from datetime import datetime
from functools import cache
from typing import Any, TypeVar

from sqlalchemy import (
    ColumnElement,
    Insert,
    Table,
    delete,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from booth_queue.adapters.sql import schema
from booth_queue.domain.refusals import NotFound
from booth_queue.service.ports import Duplicate

R = TypeVar("R")


class Records:
    """The general methods of a transaction, on an open connection."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection
        self._sqlite = connection.dialect.name == "sqlite"

    async def add(self, *rows: object) -> None:
        """Insert; raises `Duplicate` if a unique constraint refuses."""
        for row in rows:
            table = schema.TABLES[type(row)]
            values = {name: getattr(row, name) for name in schema.FIELDS[type(row)]}
            await self._insert(table, values)

    async def _insert(self, table: Table, values: Mapping[str, Any]) -> None:
        try:
            await self._connection.execute(_insert_into(table), values)
        except IntegrityError as error:
            raise Duplicate(str(error.orig)) from error

    async def get(self, kind: type[R], key: str) -> R:
        """Read by primary key; raises `NotFound`."""
        found = await self.first(kind, id=key)
        if found is None:
            raise NotFound(what=kind.__name__.lower())
        return found

    async def find(
        self, kind: type[R], *, limit: int | None = None, newest: bool = False, **equals: object
    ) -> list[R]:
        """Read by column values (a collection means any of them), by key, or newest first."""
        table = schema.TABLES[kind]
        order = table.c.id.desc() if newest else table.c.id
        query = select(table).where(*_matching(table, equals)).order_by(order).limit(limit)
        return [kind(*row) for row in await self._connection.execute(query)]

    async def first(self, kind: type[R], **equals: object) -> R | None:
        """Read the first that `find` would return."""
        table = schema.TABLES[kind]
        query = select(table).where(*_matching(table, equals)).order_by(table.c.id).limit(1)
        row = (await self._connection.execute(query)).one_or_none()
        return None if row is None else kind(*row)

    async def count(self, kind: type[Any], **equals: object) -> int:
        """Count what `find` would return."""
        table = schema.TABLES[kind]
        query = select(func.count()).select_from(table).where(*_matching(table, equals))
        return int((await self._connection.execute(query)).scalar_one())

    async def since(
        self, kind: type[R], column: str, moment: datetime, **equals: object
    ) -> list[R]:
        """Read by column values what has a stamp after a moment, by key."""
        table = schema.TABLES[kind]
        query = (
            select(table)
            .where(table.c[column] > moment, *_matching(table, equals))
            .order_by(table.c.id)
        )
        return [kind(*row) for row in await self._connection.execute(query)]

    async def change(
        self, kind: type[Any], key: str, expect: Mapping[str, object], **values: object
    ) -> bool:
        """Update one row if its columns still hold ``expect``; tells whether it did."""
        table = schema.TABLES[kind]
        statement = (
            update(table).where(table.c.id == key, *_matching(table, expect)).values(**values)
        )
        try:
            return (await self._connection.execute(statement)).rowcount == 1
        except IntegrityError as error:
            raise Duplicate(str(error.orig)) from error

    async def remove(self, kind: type[Any], key: str) -> None:
        """Delete one row; for what a person withdraws, never for what is on record."""
        table = schema.TABLES[kind]
        await self._connection.execute(delete(table).where(table.c.id == key))


@cache
def _insert_into(table: Table) -> Insert:
    return insert(table)


def _matching(table: Table, equals: Mapping[str, object]) -> list[ColumnElement[bool]]:
    return [_equal(table.c[name], value) for name, value in equals.items()]


def _equal(column: ColumnElement[Any], value: object) -> ColumnElement[bool]:
    if value is None:
        return column.is_(None)
    if isinstance(value, Collection) and not isinstance(value, str | bytes | frozenset):
        return column.in_(value)
    return column == value
