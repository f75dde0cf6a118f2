"""Accounts that sign in, people who are sampled, and who may book for whom."""

from dataclasses import dataclass
from datetime import date, datetime

from booth_queue.domain.vocabulary import Language, Need, Role


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody, or some device, that signs in.

    ``login`` is a staff name or a device's client id; a citizen has ``phone_hash`` or
    ``wechat_hash`` instead. ``site_id``, ``booth_id`` and ``grid_id`` bound what it may touch.
    """

    id: str
    role: Role
    created_at: datetime
    login: str | None = None
    secret_hash: str | None = None
    phone_hash: str | None = None
    wechat_hash: str | None = None
    site_id: str | None = None
    booth_id: str | None = None
    grid_id: str | None = None
    disabled_at: datetime | None = None
    wechat_sealed: bytes | None = None


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who is sampled.

    ``sealed`` holds name, number and phone encrypted; ``id_hash`` is a keyed hash to look the
    person up by; the masked forms are all that answers and screens show.
    """

    id: str
    sealed: bytes | None
    id_hash: str | None
    name_masked: str
    id_masked: str
    phone_masked: str | None
    birth_date: date | None
    language: Language
    needs: frozenset[Need]
    created_at: datetime
    unit_id: str | None = None
    consent_at: datetime | None = None
    guardian_consent_at: datetime | None = None
    erased_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Link:
    """An account may act for a person; ``relation`` is ``self`` or ``dependant``.

    A dependant's counts for booking at once, and for results and erasure when somebody on duty
    has confirmed it: whoever knows a name and an ID number can claim it.
    """

    id: str
    account_id: str
    person_id: str
    relation: str
    created_at: datetime
    confirmed_at: datetime | None = None
    confirmed_by: str | None = None

    @property
    def confirmed(self) -> bool:
        """Whether the account may be told what concerns the person's health."""
        return self.relation == "self" or self.confirmed_at is not None


@dataclass(frozen=True, slots=True)
class Subscription:
    """A WeChat user's leave to be sent one message; ``used_for`` names the call it was spent on."""

    id: str
    account_id: str
    template: str
    created_at: datetime
    used_at: datetime | None = None
    used_for: str | None = None


@dataclass(frozen=True, slots=True)
class OneTimeCode:
    """A code sent to a phone, kept as a keyed hash, good for one use."""

    id: str
    phone_hash: str
    address_hash: str
    code_hash: str
    created_at: datetime
    expires_at: datetime
    tries: int = 0
    used_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class RefreshToken:
    """A refresh token, kept as a hash, good for one use."""

    id: str
    account_id: str
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None = None
