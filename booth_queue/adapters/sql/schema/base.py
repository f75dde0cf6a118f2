"""How tables are declared."""

from dataclasses import fields
from typing import Any, Final

from sqlalchemy import (
    Column,
    ForeignKey,
    Index,
    MetaData,
    String,
    Table,
)
from sqlalchemy.sql.schema import SchemaItem

metadata: Final = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)
TABLES: Final[dict[type[Any], Table]] = {}
FIELDS: Final[dict[type[Any], tuple[str, ...]]] = {}


def table(record: type[Any], name: str, *items: SchemaItem) -> Table:
    """Declare the table of a record; raises TypeError unless its columns are the fields."""
    made = Table(name, metadata, *items)
    names = tuple(field.name for field in fields(record))
    if tuple(column.name for column in made.columns) != names:
        raise TypeError(f"table {name} does not have the fields of {record.__name__}")
    FIELDS[record] = names
    TABLES[record] = made
    return made


def key() -> Column[str]:
    """Return the primary key every record has."""
    return Column("id", String(64), primary_key=True)


def to(name: str, target: str, *, nullable: bool = False, index: bool = False) -> Column[str]:
    """Return a column that refers to another table's key."""
    key = ForeignKey(f"{target}.id")
    return Column(name, String(64), key, nullable=nullable, index=index)


def partial(
    name: str,
    *columns: str,
    where: Any,  # noqa: ANN401 - text or expression
) -> Index:
    """Return a unique index over the rows that match, on either database."""
    return Index(name, *columns, unique=True, postgresql_where=where, sqlite_where=where)
