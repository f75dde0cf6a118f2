"""Column types that mean the same in PostgreSQL and in SQLite."""

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import BigInteger, Dialect, String
from sqlalchemy.types import TypeDecorator

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


class Stamp(TypeDecorator[datetime]):
    """A moment as integer microseconds since 1970 in UTC: exact, ordered, and the same in both."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        """Refuse a moment without a zone."""
        del dialect
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value} has no time zone")
        return (value - _EPOCH) // _MICROSECOND

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        """Return the moment in UTC."""
        del dialect
        return None if value is None else _EPOCH + value * _MICROSECOND


def microseconds(moment: datetime) -> int:
    """Return a moment as `Stamp` stores it."""
    return (moment - _EPOCH) // _MICROSECOND


def moment(stored: int) -> datetime:
    """Return the moment that `Stamp` stored."""
    return _EPOCH + stored * _MICROSECOND


class Word(TypeDecorator[Any]):
    """A member of a closed set, stored as its string."""

    impl = String(32)
    cache_ok = True

    def __init__(self, words: type[StrEnum]) -> None:
        super().__init__()
        self.words = words

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Refuse a word that is not in the set."""
        del dialect
        return None if value is None else self.words(value).value

    def process_result_value(self, value: str | None, dialect: Dialect) -> StrEnum | None:
        """Return the member."""
        del dialect
        return None if value is None else self.words(value)


class Words(TypeDecorator[frozenset[Any]]):
    """A set of members of a closed set, stored sorted with commas between."""

    impl = String(200)
    cache_ok = True

    def __init__(self, words: type[StrEnum]) -> None:
        super().__init__()
        self.words = words

    def process_bind_param(self, value: frozenset[Any] | None, dialect: Dialect) -> str:
        """Join the members."""
        del dialect
        return ",".join(sorted(self.words(word).value for word in value or ()))

    def process_result_value(self, value: str | None, dialect: Dialect) -> frozenset[StrEnum]:
        """Split into members."""
        del dialect
        return frozenset(self.words(word) for word in (value or "").split(",") if word)
