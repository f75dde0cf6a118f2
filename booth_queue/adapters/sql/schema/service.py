"""What the service keeps for itself and for the desk."""

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
)

from booth_queue.adapters.sql.schema.base import key, metadata, table, to
from booth_queue.adapters.sql.types import Stamp, Word
from booth_queue.domain.community import (
    AdverseEvent,
    Certificate,
    Incident,
)
from booth_queue.domain.supervision import Alarm, AlarmKind, BoothPicture, Order, OrderKind
from booth_queue.domain.vocabulary import (
    IncidentKind,
    IncidentState,
)

event = Table(
    "event",
    metadata,
    # SQLite numbers rows by itself only if the key is exactly INTEGER.
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    # PostgreSQL's transaction number: readers wait until all earlier ones have ended.
    Column("transaction", BigInteger, nullable=False),
    Column("topic", String(64), nullable=False),
    Column("kind", String(64), nullable=False),
    Column("body", JSON, nullable=False),
)
Index("ix_event_transaction_id", event.c.transaction, event.c.id)
command = Table(
    "command",
    metadata,
    Column("account_id", String(64), primary_key=True),
    Column("key", String(128), primary_key=True),
    Column("fingerprint", String(64), nullable=False),
    Column("body", Text, nullable=False),
    Column("at", Stamp, nullable=False),
)
allowance = Table(
    "allowance",
    metadata,
    Column("subject", String(160), primary_key=True),
    Column("since", Stamp, nullable=False),
    Column("spent", Integer, nullable=False),
    Column("allowed", Integer, nullable=False),
    CheckConstraint("spent <= allowed", name="spent"),
)
incident = table(
    Incident,
    "incident",
    key(),
    Column("kind", Word(IncidentKind), nullable=False),
    Column("state", Word(IncidentState), nullable=False),
    Column("text", String(1000), nullable=False),
    Column("reported_by", String(64), nullable=False),
    Column("reported_at", Stamp, nullable=False),
    Column("assign_by", Stamp, nullable=False),
    Column("close_by", Stamp, nullable=False),
    to("site_id", "site", nullable=True),
    Column("assigned_to", String(100)),
    Column("assigned_at", Stamp),
    Column("resolution", String(1000)),
    Column("closed_at", Stamp),
)
adverse_event = table(
    AdverseEvent,
    "adverse_event",
    key(),
    to("booth_id", "booth", index=True),
    to("session_id", "session", nullable=True),
    Column("text", String(1000), nullable=False),
    Column("reported_by", String(64), nullable=False),
    Column("reported_at", Stamp, nullable=False),
)
certificate = table(
    Certificate,
    "certificate",
    key(),
    Column("round_id", String(64), ForeignKey("round.id"), nullable=False, unique=True),
    Column("at", Stamp, nullable=False),
    Column("by", String(64), nullable=False),
    Column("people", Integer, nullable=False),
    Column("list_sha256", String(64), nullable=False),
    Column("removed", JSON, nullable=False),
    Column("counts", JSON, nullable=False),
)
alarm = table(
    Alarm,
    "alarm",
    key(),
    to("site_id", "site", index=True),
    to("booth_id", "booth"),
    Column("kind", Word(AlarmKind), nullable=False),
    Column("detail", String(600), nullable=False),
    Column("raised_at", Stamp, nullable=False),
    Column("session_id", String(64)),
    Column("acknowledged_at", Stamp),
    Column("acknowledged_by", String(64)),
    Column("note", String(500)),
    Index("ix_alarm_booth_id_raised_at", "booth_id", "raised_at"),
)
order = table(
    Order,
    "booth_order",
    key(),
    to("booth_id", "booth"),
    Column("kind", Word(OrderKind), nullable=False),
    Column("given_at", Stamp, nullable=False),
    Column("given_by", String(64), nullable=False),
    Column("reason", String(500), nullable=False),
    Column("taken_at", Stamp),
    Index("ix_booth_order_booth_id_taken_at", "booth_id", "taken_at"),
)
booth_picture = table(
    BoothPicture,
    "booth_picture",
    Column("id", String(64), ForeignKey("booth.id"), primary_key=True),
    Column("at", Stamp, nullable=False),
    Column("jpeg", LargeBinary, nullable=False),
)
