"""Alembic's entry: migrations run on the connection that `booth_queue` hands in."""

from typing import Any, Literal

from alembic import context

from booth_queue.adapters.sql.schema import metadata
from booth_queue.adapters.sql.types import Stamp, Word, Words

_STORED_AS = {Stamp: "sa.BigInteger()", Word: "sa.String(32)", Words: "sa.String(200)"}


def render(kind: str, item: Any, _: object) -> str | Literal[False]:  # noqa: ANN401 - Alembic's
    """Write our own types as what they are stored as: a migration does not change with code."""
    return _STORED_AS.get(type(item), False) if kind == "type" else False


connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=metadata,
    render_as_batch=True,
    render_item=render,
)
with context.begin_transaction():
    context.run_migrations()
