"""The tables. Each record of the domain has one, with columns in the order of its fields."""

from dataclasses import fields
from typing import Any, Final

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    text,
)
from sqlalchemy.sql.schema import SchemaItem

from booth_queue.adapters.sql.types import Stamp, Word, Words
from booth_queue.domain.people import Account, Link, OneTimeCode, Person, RefreshToken
from booth_queue.domain.places import Booth, Live, Round, Site, Slot
from booth_queue.domain.sampling import Session, Swab, Tube
from booth_queue.domain.supervision import Alarm, AlarmKind, BoothPicture, Order, OrderKind
from booth_queue.domain.visits import Booking, Ticket
from booth_queue.domain.vocabulary import (
    BookingChannel,
    BookingState,
    BoothMode,
    BoothState,
    Language,
    Need,
    Outcome,
    Role,
    SessionState,
    TicketState,
    TubeState,
)

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

_ACTIVE_BOOKING: Final = text("state IN ('booked', 'arrived')")
_ACTIVE_TICKET: Final = text("state IN ('waiting', 'held', 'called', 'in_session')")


def _table(record: type[Any], name: str, *items: SchemaItem) -> Table:
    table = Table(name, metadata, *items)
    names = tuple(field.name for field in fields(record))
    if tuple(column.name for column in table.columns) != names:
        raise TypeError(f"table {name} does not have the fields of {record.__name__}")
    FIELDS[record] = names
    TABLES[record] = table
    return table


def _key() -> Column[str]:
    return Column("id", String(64), primary_key=True)


def _to(name: str, target: str, *, nullable: bool = False, index: bool = False) -> Column[str]:
    key = ForeignKey(f"{target}.id")
    return Column(name, String(64), key, nullable=nullable, index=index)


def _partial(name: str, *columns: str, where: Any) -> Index:  # noqa: ANN401 - text or expression
    return Index(name, *columns, unique=True, postgresql_where=where, sqlite_where=where)


site = _table(
    Site,
    "site",
    _key(),
    Column("name", String(100), nullable=False),
    Column("name_en", String(100), nullable=False),
    Column("latitude", Float, nullable=False),
    Column("longitude", Float, nullable=False),
    Column("time_zone", String(64), nullable=False),
)
booth = _table(
    Booth,
    "booth",
    _key(),
    _to("site_id", "site", index=True),
    Column("label", String(16), nullable=False),
    Column("mode", Word(BoothMode), nullable=False),
    Column("state", Word(BoothState), nullable=False),
    Column("single_swab", Boolean, nullable=False),
    Column("pool_size", Integer, nullable=False),
    Column("pace_mean_s", Float, nullable=False),
    Column("pace_variance_s2", Float, nullable=False),
    Column("pace_count", Integer, nullable=False),
    Column("last_closed_at", Stamp),
    Column("fault", String(600)),
    CheckConstraint("pool_size IN (1, 5, 10, 20)", name="pool_size"),
)
round_ = _table(
    Round,
    "round",
    _key(),
    Column("name", String(100), nullable=False),
    Column("starts_at", Stamp, nullable=False),
    Column("ends_at", Stamp, nullable=False),
    Column("destroyed_at", Stamp),
)
slot = _table(
    Slot,
    "slot",
    _key(),
    _to("round_id", "round", index=True),
    _to("booth_id", "booth"),
    Column("starts_at", Stamp, nullable=False),
    Column("ends_at", Stamp, nullable=False),
    Column("capacity", Integer, nullable=False),
    Column("taken", Integer, nullable=False),
    CheckConstraint("taken >= 0 AND taken <= capacity", name="seats"),
    Index("uq_slot_booth_id_starts_at", "booth_id", "starts_at", unique=True),
)
live = _table(
    Live,
    "live",
    Column("id", String(64), ForeignKey("booth.id"), primary_key=True),
    Column("at", Stamp, nullable=False),
    Column("activity", String(32), nullable=False),
    Column("ready", Boolean, nullable=False),
    Column("session_id", String(64)),
    Column("site", String(48)),
    Column("strokes", Integer, nullable=False),
    Column("force_n", JSON, nullable=False),
    Column("elapsed_s", Float, nullable=False),
    Column("instruction", String(64)),
    Index("ix_live_at", "at"),
)
account = _table(
    Account,
    "account",
    _key(),
    Column("role", Word(Role), nullable=False),
    Column("created_at", Stamp, nullable=False),
    Column("login", String(64), unique=True),
    Column("secret_hash", String(256)),
    Column("phone_hash", String(64), unique=True),
    Column("wechat_hash", String(64), unique=True),
    _to("site_id", "site", nullable=True),
    _to("booth_id", "booth", nullable=True),
    Column("grid_id", String(64)),
    Column("disabled_at", Stamp),
)
person = _table(
    Person,
    "person",
    _key(),
    Column("sealed", LargeBinary),
    Column("id_hash", String(64), unique=True),
    Column("name_masked", String(16), nullable=False),
    Column("id_masked", String(20), nullable=False),
    Column("phone_masked", String(20)),
    Column("birth_date", Date),
    Column("language", Word(Language), nullable=False),
    Column("needs", Words(Need), nullable=False),
    Column("created_at", Stamp, nullable=False),
    Column("unit_id", String(64), index=True),
    Column("consent_at", Stamp),
    Column("guardian_consent_at", Stamp),
    Column("erased_at", Stamp),
)
link = _table(
    Link,
    "link",
    _key(),
    _to("account_id", "account"),
    _to("person_id", "person", index=True),
    Column("relation", String(16), nullable=False),
    Column("created_at", Stamp, nullable=False),
    Index("uq_link_account_id_person_id", "account_id", "person_id", unique=True),
    _partial("uq_link_self", "account_id", where=text("relation = 'self'")),
)
one_time_code = _table(
    OneTimeCode,
    "one_time_code",
    _key(),
    Column("phone_hash", String(64), nullable=False),
    Column("address_hash", String(64), nullable=False),
    Column("code_hash", String(64), nullable=False),
    Column("created_at", Stamp, nullable=False),
    Column("expires_at", Stamp, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("used_at", Stamp),
    Index("ix_one_time_code_phone_hash_created_at", "phone_hash", "created_at"),
    Index("ix_one_time_code_address_hash_created_at", "address_hash", "created_at"),
)
refresh_token = _table(
    RefreshToken,
    "refresh_token",
    _key(),
    _to("account_id", "account", index=True),
    Column("created_at", Stamp, nullable=False),
    Column("expires_at", Stamp, nullable=False),
    Column("used_at", Stamp),
)
booking = _table(
    Booking,
    "booking",
    _key(),
    _to("round_id", "round"),
    _to("slot_id", "slot", index=True),
    _to("booth_id", "booth"),
    _to("person_id", "person"),
    _to("account_id", "account"),
    Column("channel", Word(BookingChannel), nullable=False),
    Column("state", Word(BookingState), nullable=False),
    Column("created_at", Stamp, nullable=False),
    Column("address_hash", String(64), nullable=False),
    Column("block_id", String(64)),
    Index("ix_booking_account_id_created_at", "account_id", "created_at"),
    Index("ix_booking_address_hash_created_at", "address_hash", "created_at"),
    _partial("uq_booking_active", "person_id", "round_id", where=_ACTIVE_BOOKING),
)
ticket = _table(
    Ticket,
    "ticket",
    _key(),
    _to("round_id", "round"),
    _to("booth_id", "booth"),
    _to("booking_id", "booking", index=True),
    _to("person_id", "person"),
    Column("number", Integer, nullable=False),
    Column("state", Word(TicketState), nullable=False),
    Column("needs", Words(Need), nullable=False),
    Column("rate", Float, nullable=False),
    Column("joined_at", Stamp, nullable=False),
    Column("called_at", Stamp),
    Column("calls", Integer, nullable=False),
    Index("uq_ticket_number", "booth_id", "round_id", "number", unique=True),
    Index("ix_ticket_booth_id_state", "booth_id", "state"),
    _partial("uq_ticket_active", "person_id", "round_id", where=_ACTIVE_TICKET),
    _partial("uq_ticket_called", "booth_id", where=text("state = 'called'")),
)
counter = Table(
    "counter",
    metadata,
    Column("booth_id", String(64), ForeignKey("booth.id"), primary_key=True),
    Column("round_id", String(64), ForeignKey("round.id"), primary_key=True),
    Column("last", Integer, nullable=False),
)
session = _table(
    Session,
    "session",
    _key(),
    _to("ticket_id", "ticket"),
    _to("booth_id", "booth"),
    _to("person_id", "person", index=True),
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
    _partial("uq_session_open", "booth_id", where=text("state = 'open'")),
)
tube = _table(
    Tube,
    "tube",
    _key(),
    _to("round_id", "round"),
    _to("booth_id", "booth"),
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
swab = _table(
    Swab,
    "swab",
    _key(),
    _to("session_id", "session"),
    _to("person_id", "person", index=True),
    _to("tube_id", "tube"),
    Column("position", Integer, nullable=False),
    Column("bound_at", Stamp, nullable=False),
    Column("bound_by", String(64), nullable=False),
    Index("uq_swab_session_id", "session_id", unique=True),
    Index("uq_swab_tube_id_position", "tube_id", "position", unique=True),
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
alarm = _table(
    Alarm,
    "alarm",
    _key(),
    _to("site_id", "site", index=True),
    _to("booth_id", "booth"),
    Column("kind", Word(AlarmKind), nullable=False),
    Column("detail", String(600), nullable=False),
    Column("raised_at", Stamp, nullable=False),
    Column("session_id", String(64)),
    Column("acknowledged_at", Stamp),
    Column("acknowledged_by", String(64)),
    Column("note", String(500)),
    Index("ix_alarm_booth_id_raised_at", "booth_id", "raised_at"),
)
order = _table(
    Order,
    "booth_order",
    _key(),
    _to("booth_id", "booth"),
    Column("kind", Word(OrderKind), nullable=False),
    Column("given_at", Stamp, nullable=False),
    Column("given_by", String(64), nullable=False),
    Column("reason", String(500), nullable=False),
    Column("taken_at", Stamp),
    Index("ix_booth_order_booth_id_taken_at", "booth_id", "taken_at"),
)
booth_picture = _table(
    BoothPicture,
    "booth_picture",
    Column("id", String(64), ForeignKey("booth.id"), primary_key=True),
    Column("at", Stamp, nullable=False),
    Column("jpeg", LargeBinary, nullable=False),
)
