"""Registering oneself and one's dependants."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from booth_queue.domain import idcard, priority
from booth_queue.domain.people import Link, Person
from booth_queue.domain.refusals import (
    AlreadyRegistered,
    ConsentMissing,
    IdNumberWrong,
    NotADependant,
    NotFound,
    TooMany,
)
from booth_queue.domain.vocabulary import Language, Need
from booth_queue.service.ports import Duplicate
from booth_queue.service.work import Work

# Ages are those of the country the service runs in, whatever the server's own zone.
_HOME = ZoneInfo("Asia/Shanghai")
DEPENDANT: Final = "dependant"


@dataclass(frozen=True, slots=True)
class Registration:
    """What somebody says of a person."""

    name: str
    id_number: str
    phone: str | None
    language: Language
    needs: frozenset[Need]
    consent: bool
    guardian_consent: bool


@dataclass(frozen=True, slots=True)
class Known:
    """A person and what the account is to them."""

    person: Person
    relation: str
    confirmed: bool = True


async def register(work: Work, said: Registration, *, relation: str) -> Known:
    """Register a person and link them to the account.

    Somebody already known by the ID number is linked, not registered again.

    Raises
    ------
    IdNumberWrong, ConsentMissing, NotADependant, TooMany, AlreadyRegistered
        See `booth_queue.domain.refusals`.
    """
    person = await enrol(work, said)
    if relation == DEPENDANT:
        _check_dependant(person, home_date(work.now))
    mine = await work.tx.find(Link, account_id=work.actor.account_id)
    if len(mine) >= work.tools.policy.people_per_account:
        raise TooMany(limit=work.tools.policy.people_per_account, minutes=0)
    if any(link.person_id == person.id or link.relation == relation == "self" for link in mine):
        raise AlreadyRegistered
    link = Link(work.new_id(), work.actor.account_id, person.id, relation, work.now)
    try:
        await work.tx.add(link)
    except Duplicate as same:  # the other half of the race was faster
        raise AlreadyRegistered from same
    return Known(person, relation, link.confirmed)


async def enrol(work: Work, said: Registration, unit_id: str | None = None) -> Person:
    """Return the person of this ID number, made known if need be.

    Raises
    ------
    IdNumberWrong, ConsentMissing
        See `booth_queue.domain.refusals`.
    """
    born = idcard.birth_date(said.id_number)
    if born is None or born > home_date(work.now):
        raise IdNumberWrong
    age = idcard.age_on(born, home_date(work.now))
    if not said.consent or (age < 14 and not said.guardian_consent):
        raise ConsentMissing(age=age)
    id_hash = work.tools.vault.digest("id-number", said.id_number)
    needs = said.needs | priority.needs_of_age(age)
    known = await work.tx.first(Person, id_hash=id_hash)
    if known is not None:
        _check_name(work, known, said.name)
        # What the laboratory or contact tracing found is not for oneself to take back.
        needs |= known.needs & {Need.RETEST, Need.CLOSE_CONTACT}
        if known.needs != needs:
            await work.tx.change(Person, known.id, {}, needs=needs)
        return replace(known, needs=needs)
    person_id = work.new_id()
    sealed = {"name": said.name, "id_number": said.id_number, "phone": said.phone}
    person = Person(
        id=person_id,
        sealed=work.tools.vault.seal(person_id, sealed),
        id_hash=id_hash,
        name_masked=idcard.mask_name(said.name),
        id_masked=idcard.mask_id_number(said.id_number),
        phone_masked=idcard.mask_phone(said.phone) if said.phone else None,
        birth_date=born,
        language=said.language,
        needs=needs,
        created_at=work.now,
        unit_id=unit_id,
        consent_at=work.now,
        guardian_consent_at=work.now if said.guardian_consent else None,
    )
    await work.tx.add(person)
    return person


async def people_of(work: Work) -> list[Known]:
    """List the people the account may act for, oneself first."""
    links = await work.tx.find(Link, account_id=work.actor.account_id)
    links.sort(key=lambda link: (link.relation != "self", link.created_at, link.id))
    return [
        Known(await work.tx.get(Person, link.person_id), link.relation, link.confirmed)
        for link in links
    ]


async def require_link(work: Work, person_id: str) -> Link:
    """Return the account's link to a person; refuse without one."""
    link = await work.tx.first(Link, account_id=work.actor.account_id, person_id=person_id)
    if link is None:
        raise NotFound(what="person")
    return link


def home_date(now: datetime) -> date:
    """Return the calendar day at home."""
    return now.astimezone(_HOME).date()


def _check_name(work: Work, known: Person, name: str) -> None:
    # A number alone must not open somebody else's bookings and results.
    if known.sealed is None or work.tools.vault.unseal(known.id, known.sealed)["name"] != name:
        raise IdNumberWrong


def _check_dependant(person: Person, today: date) -> None:
    if person.birth_date is None:
        raise NotADependant
    age = idcard.age_on(person.birth_date, today)
    if not (age < 18 or age > 60 or Need.DISABLED in person.needs):
        raise NotADependant(age=age)
