"""Sessions, tubes, results, and the chain of custody."""

from sqlalchemy import (
    JSON,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    String,
    text,
)

from booth_queue.adapters.sql.schema.base import key, partial, table, to
from booth_queue.adapters.sql.types import Stamp, Word
from booth_queue.domain.chain import Entry
from booth_queue.domain.laboratory import Box, Result, TubeResult
from booth_queue.domain.sampling import Scan, Session, Swab, Tube
from booth_queue.domain.vocabulary import (
    Finding,
    Outcome,
    SessionState,
    TubeState,
    Verdict,
)

session = table(
    Session,
    "session",
    key(),
    to("ticket_id", "ticket"),
    to("booth_id", "booth"),
    to("person_id", "person", index=True),
    Column("state", Word(SessionState), nullable=False),
    Column("opened_at", Stamp, nullable=False),
    Column("opened_by", String(64), nullable=False),
    Column("closed_at", Stamp),
    Column("outcome", Word(Outcome)),
    Column("reason", String(64)),
    Column("record", JSON(none_as_null=True)),
    Column("record_sha256", String(64)),
    Column("recorded_at", Stamp),
    Index("uq_session_ticket_id", "ticket_id", unique=True),
    partial("uq_session_open", "booth_id", where=text("state = 'open'")),
)
tube = table(
    Tube,
    "tube",
    key(),
    to("round_id", "round"),
    to("booth_id", "booth"),
    Column("pool_size", Integer, nullable=False),
    Column("swabs", Integer, nullable=False),
    Column("state", Word(TubeState), nullable=False),
    Column("opened_at", Stamp, nullable=False),
    Column("sealed_at", Stamp),
    Column("box_id", String(64), index=True),
    Column("received_at", Stamp),
    CheckConstraint("swabs >= 0 AND swabs <= pool_size", name="swabs"),
    Index("ix_tube_booth_id_state", "booth_id", "state"),
)
swab = table(
    Swab,
    "swab",
    key(),
    to("session_id", "session"),
    to("person_id", "person", index=True),
    to("tube_id", "tube"),
    Column("position", Integer, nullable=False),
    Column("bound_at", Stamp, nullable=False),
    Column("bound_by", String(64), nullable=False),
    to("corrects", "swab", nullable=True),
    Column("why", String(500)),
    partial("uq_swab_first", "session_id", where=text("corrects IS NULL")),
    Index("uq_swab_corrects", "corrects", unique=True),
    Index("uq_swab_tube_id_position", "tube_id", "position", unique=True),
)
scan = table(
    Scan,
    "scan",
    Column("id", String(64), ForeignKey("session.id"), primary_key=True),
    Column("person_at", Stamp),
    Column("tube_id", String(64)),
)
entry = table(
    Entry,
    "entry",
    key(),
    Column("scope", String(64), nullable=False),
    Column("number", Integer, nullable=False),
    Column("at", Stamp, nullable=False),
    Column("kind", String(32), nullable=False),
    Column("subject", String(64), nullable=False),
    Column("body", JSON, nullable=False),
    Column("by", String(64), nullable=False),
    Column("previous", String(64), nullable=False),
    Column("sha256", String(64), nullable=False),
    to("corrects", "entry", nullable=True),
    Column("why", String(500)),
    Index("uq_entry_scope_number", "scope", "number", unique=True),
    Index("ix_entry_subject", "subject"),
)
box = table(
    Box,
    "box",
    key(),
    to("round_id", "round"),
    Column("opened_at", Stamp, nullable=False),
    Column("received_at", Stamp),
    Column("received_by", String(64)),
)
tube_result = table(
    TubeResult,
    "tube_result",
    key(),
    to("tube_id", "tube"),
    Column("finding", Word(Finding), nullable=False),
    Column("reported_at", Stamp, nullable=False),
    Column("reported_by", String(64), nullable=False),
    to("corrects", "tube_result", nullable=True),
    Column("why", String(500)),
    Index("ix_tube_result_tube_id", "tube_id"),
    partial("uq_tube_result_first", "tube_id", where=text("corrects IS NULL")),
    Index("uq_tube_result_corrects", "corrects", unique=True),
)
result = table(
    Result,
    "result",
    key(),
    to("round_id", "round", index=True),
    to("person_id", "person", index=True),
    to("session_id", "session", index=True),
    to("tube_result_id", "tube_result"),
    Column("verdict", Word(Verdict), nullable=False),
    Column("reported_at", Stamp, nullable=False),
    to("corrects", "result", nullable=True),
    Index("uq_result_tube_result_id_session_id", "tube_result_id", "session_id", unique=True),
)
