"""The wall clock."""

from datetime import UTC, datetime


class SystemClock:
    """The machine's clock, in UTC."""

    def now(self) -> datetime:
        """Return the time, in UTC."""
        return datetime.now(UTC)
