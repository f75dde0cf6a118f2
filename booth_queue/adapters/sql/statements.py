"""Booking written out in SQL, once for SQLAlchemy and for the drivers underneath it.

Every citizen of a district runs these at the same moment. Putting them together from columns, and
a round trip for each of them, costs several times what the database needs to run them.
"""

import re
from typing import Final

from booth_queue.adapters.sql import schema
from booth_queue.domain.places import Slot
from booth_queue.domain.visits import Booking

# ruff: noqa: S608 - the names put in are those of our own fields
SLOT_FIELDS: Final = schema.FIELDS[Slot]
BOOKING_FIELDS: Final = schema.FIELDS[Booking]

FACTS: Final = f"""
    SELECT {", ".join(f"slot.{name}" for name in SLOT_FIELDS)},
      booth.single_swab, round.ends_at AS round_ends_at,
      (SELECT relation FROM link WHERE account_id = :account AND person_id = :person) AS relation,
      person.name_masked, person.needs, person.consent_at,
      EXISTS (SELECT 1 FROM session JOIN ticket ON ticket.id = session.ticket_id
        WHERE session.person_id = :person AND ticket.round_id = slot.round_id
        AND session.outcome = 'sampled' AND NOT EXISTS (SELECT 1 FROM result
          WHERE result.session_id = session.id AND result.verdict = 'retest_singly')) AS sampled
    FROM slot JOIN booth ON booth.id = slot.booth_id JOIN round ON round.id = slot.round_id
    JOIN person ON person.id = :person
    WHERE slot.id = :slot"""

_COUNTED: Final = """
    ON CONFLICT (subject) DO UPDATE SET
      spent = excluded.spent + CASE WHEN kept.since < excluded.since THEN 0 ELSE kept.spent END,
      since = CASE WHEN kept.since < excluded.since THEN excluded.since ELSE kept.since END,
      allowed = excluded.allowed"""
SPEND: Final = f"""
    INSERT INTO allowance AS kept (subject, since, spent, allowed)
    VALUES (:subject, :since, :count, :allowed) {_COUNTED}"""

TAKE: Final = "UPDATE slot SET taken = taken + 1 WHERE id = :slot_id"
_BOOK: Final = f"INSERT INTO booking ({', '.join(BOOKING_FIELDS)})"
_BOOKING: Final = ", ".join(f":{name}" for name in BOOKING_FIELDS)
_TELL: Final = 'INSERT INTO event ("transaction", topic, kind, body)'
_KEEP: Final = "INSERT INTO command (account_id, key, fingerprint, body, at)"
_ANSWER: Final = ":account_id, :key, :fingerprint, :answer, :at"

# Each step reads the one before, so they run in this order; the slot, which everybody may want,
# is locked last. What its CHECK or the allowance's refuses undoes all of it.
SEAT_POSTGRES: Final = f"""
    WITH spent AS (
      INSERT INTO allowance AS kept (subject, since, spent, allowed)
      VALUES (:subject, :since, :count, :allowed) {_COUNTED} RETURNING subject),
    booked AS ({_BOOK} SELECT {_BOOKING} FROM spent RETURNING id),
    told AS ({_TELL} SELECT pg_current_xact_id()::text::bigint, :topic, :kind, :event::json
      FROM booked RETURNING id),
    answered AS ({_KEEP} SELECT {_ANSWER} FROM told RETURNING account_id)
    {TAKE} AND EXISTS (SELECT 1 FROM answered)"""

SEAT_SQLITE: Final = (
    SPEND,
    f"{_BOOK} VALUES ({_BOOKING})",
    f"{_TELL} VALUES (0, :topic, :kind, :event)",
    f"{_KEEP} VALUES ({_ANSWER})",
    TAKE,
)
"""The same in order: SQLite has no statement that writes several tables."""


def numbered(statement: str) -> tuple[str, tuple[str, ...]]:
    """Return a statement with ``$1``, ``$2``... for its names, and the names in that order."""
    names: list[str] = []

    def number(found: re.Match[str]) -> str:
        if found[1] not in names:
            names.append(found[1])
        return f"${names.index(found[1]) + 1}"

    return re.sub(r"(?<!:):(\w+)", number, statement), tuple(names)
