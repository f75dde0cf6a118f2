"""Sites, booths, rounds, slots, and who is on the way."""

from sqlalchemy import (
    JSON,
    Boolean,
    CheckConstraint,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    String,
    text,
)

from booth_queue.adapters.sql.schema.base import key, partial, table, to
from booth_queue.adapters.sql.types import Stamp, Word
from booth_queue.domain.places import Booth, Journey, Live, Round, Site, Slot
from booth_queue.domain.vocabulary import (
    BoothMode,
    BoothState,
)

site = table(
    Site,
    "site",
    key(),
    Column("name", String(100), nullable=False),
    Column("name_en", String(100), nullable=False),
    Column("latitude", Float, nullable=False),
    Column("longitude", Float, nullable=False),
    Column("time_zone", String(64), nullable=False),
)
booth = table(
    Booth,
    "booth",
    key(),
    to("site_id", "site", index=True),
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
round_ = table(
    Round,
    "round",
    key(),
    Column("name", String(100), nullable=False),
    Column("starts_at", Stamp, nullable=False),
    Column("ends_at", Stamp, nullable=False),
    Column("destroyed_at", Stamp),
)
slot = table(
    Slot,
    "slot",
    key(),
    to("round_id", "round", index=True),
    to("booth_id", "booth"),
    Column("starts_at", Stamp, nullable=False),
    Column("ends_at", Stamp, nullable=False),
    Column("capacity", Integer, nullable=False),
    Column("taken", Integer, nullable=False),
    CheckConstraint("taken >= 0 AND taken <= capacity", name="seats"),
    Index("uq_slot_booth_id_starts_at", "booth_id", "starts_at", unique=True),
)
live = table(
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
journey = table(
    Journey,
    "journey",
    key(),
    to("person_id", "person"),
    to("booth_id", "booth"),
    Column("created_at", Stamp, nullable=False),
    Column("expires_at", Stamp, nullable=False),
    Column("ended_at", Stamp),
    Index("ix_journey_booth_id_expires_at", "booth_id", "expires_at"),
    partial("uq_journey_under_way", "person_id", where=text("ended_at IS NULL")),
)
