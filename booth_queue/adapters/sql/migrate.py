"""Bringing the schema up to date."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection


def upgrade(connection: Connection) -> None:
    """Run the migrations that this database has not seen, on an open connection."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    if connection.dialect.name == "postgresql":
        # Workers that start together migrate one after the other.
        connection.exec_driver_sql("SELECT pg_advisory_xact_lock(4207849484)")
    command.upgrade(config, "head")
