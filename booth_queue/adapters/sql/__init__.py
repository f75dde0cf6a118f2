"""The database: the one adapter that knows SQLAlchemy."""

from booth_queue.adapters.sql.store import SqlStore

__all__ = ["SqlStore"]
