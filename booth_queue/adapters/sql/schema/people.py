"""People and their accounts."""

from sqlalchemy import (
    Boolean,
    Column,
    Date,
    Index,
    Integer,
    LargeBinary,
    String,
    text,
)

from booth_queue.adapters.sql.schema.base import key, partial, table, to
from booth_queue.adapters.sql.types import Stamp, Word, Words
from booth_queue.domain.community import (
    Group,
    Membership,
    Unit,
)
from booth_queue.domain.people import (
    Account,
    Link,
    OneTimeCode,
    Person,
    RefreshToken,
    Subscription,
)
from booth_queue.domain.vocabulary import (
    Language,
    Need,
    Role,
)

account = table(
    Account,
    "account",
    key(),
    Column("role", Word(Role), nullable=False),
    Column("created_at", Stamp, nullable=False),
    Column("login", String(64), unique=True),
    Column("secret_hash", String(256)),
    Column("phone_hash", String(64), unique=True),
    Column("wechat_hash", String(64), unique=True),
    to("site_id", "site", nullable=True),
    to("booth_id", "booth", nullable=True),
    Column("grid_id", String(64)),
    Column("disabled_at", Stamp),
    Column("wechat_sealed", LargeBinary),
)
person = table(
    Person,
    "person",
    key(),
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
link = table(
    Link,
    "link",
    key(),
    to("account_id", "account"),
    to("person_id", "person", index=True),
    Column("relation", String(16), nullable=False),
    Column("created_at", Stamp, nullable=False),
    Column("confirmed_at", Stamp),
    Column("confirmed_by", String(64)),
    Index("uq_link_account_id_person_id", "account_id", "person_id", unique=True),
    partial("uq_link_self", "account_id", where=text("relation = 'self'")),
    partial("uq_link_self_of_person", "person_id", where=text("relation = 'self'")),
)
one_time_code = table(
    OneTimeCode,
    "one_time_code",
    key(),
    Column("phone_hash", String(64), nullable=False),
    Column("address_hash", String(64), nullable=False),
    Column("code_hash", String(64), nullable=False),
    Column("created_at", Stamp, nullable=False),
    Column("expires_at", Stamp, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("used_at", Stamp),
    Index("ix_one_time_code_phone_hash_created_at", "phone_hash", "created_at"),
)
refresh_token = table(
    RefreshToken,
    "refresh_token",
    key(),
    to("account_id", "account", index=True),
    Column("created_at", Stamp, nullable=False),
    Column("expires_at", Stamp, nullable=False),
    Column("used_at", Stamp),
)
subscription = table(
    Subscription,
    "subscription",
    key(),
    to("account_id", "account", index=True),
    Column("template", String(64), nullable=False),
    Column("created_at", Stamp, nullable=False),
    Column("used_at", Stamp),
    Column("used_for", String(96)),
    Index("uq_subscription_account_id_used_for", "account_id", "used_for", unique=True),
)
unit = table(
    Unit,
    "unit",
    key(),
    Column("grid_id", String(64), nullable=False, index=True),
    Column("name", String(100), nullable=False),
)
group = table(
    Group,
    "group",
    key(),
    to("account_id", "account", index=True),
    Column("name", String(100), nullable=False),
    Column("code", String(16), nullable=False, unique=True),
    Column("created_at", Stamp, nullable=False),
)
membership = table(
    Membership,
    "membership",
    key(),
    to("group_id", "group"),
    to("person_id", "person", index=True),
    Column("shows_name", Boolean, nullable=False),
    Column("joined_at", Stamp, nullable=False),
    Index("uq_membership_group_id_person_id", "group_id", "person_id", unique=True),
)
