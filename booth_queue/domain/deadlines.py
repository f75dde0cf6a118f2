"""By when an incident has to be assigned and closed."""

from collections.abc import Collection
from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from booth_queue.domain.vocabulary import IncidentKind

ASSIGN_WITHIN: Final = timedelta(days=1)
CLOSE_WITHIN_WORKING_DAYS: Final = 15
_HOME: Final = ZoneInfo("Asia/Shanghai")


def assign_by(reported_at: datetime) -> datetime:
    """Return by when an incident has to be assigned: within one day."""
    return reported_at + ASSIGN_WITHIN


def close_by(
    kind: IncidentKind, reported_at: datetime, holidays: Collection[date] = ()
) -> datetime:
    """Return by when an incident has to be closed.

    A simple one at once: with its assignment. A complex one by the end of the 15th working day
    after the day it was reported, at home; weekends and ``holidays`` do not count.
    """
    if kind is IncidentKind.SIMPLE:
        return assign_by(reported_at)
    day = reported_at.astimezone(_HOME).date()
    left = CLOSE_WITHIN_WORKING_DAYS
    while left:
        day += timedelta(days=1)
        left -= day.weekday() < 5 and day not in holidays
    return datetime.combine(day + timedelta(days=1), time(), _HOME)
