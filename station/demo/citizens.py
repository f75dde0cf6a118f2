"""The demonstration's citizens: made up from a seed, and what each does over HTTP."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

import numpy as np

from booth_queue.client import CitizenClient
from booth_queue.contract import Need, TicketView
from sim.person import Person
from station.errors import StationError

_SURNAMES = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗"
_GIVEN = ("伟", "芳", "娜", "敏", "静", "丽", "强", "磊", "军", "洋", "勇", "艳", "杰", "娟", "涛")
_WEIGHTS = tuple(2 ** (17 - i) % 11 for i in range(17))  # ISO 7064:1983 MOD 11-2
_CHECKS = "10X98765432"
_TODAY = date(2026, 1, 1)  # birthdays are made from ages as of this day, so that seeds repeat
_NARROW_OPENING = 0.029  # m, below every procedure's least opening
_ELDERLY_SHARE = 0.25
_YOUNG = 55.0  # years, below which age calls nobody earlier, whatever today's date is


@dataclass(frozen=True, slots=True)
class Citizen:
    """A made-up citizen: identity for the service, body for the simulator.

    ``story`` is what is special about them, empty for most; the report shows it, nothing else
    sees it.
    """

    name: str
    id_number: str
    phone: str
    population: str
    body: Person
    story: str = ""

    @property
    def needs(self) -> frozenset[Need]:
        """Why they are called earlier."""
        return frozenset({Need.ELDERLY}) if self.population == "elderly" else frozenset()


def seed_book(count: int, seed: int) -> tuple[Citizen, ...]:
    """Return ``count`` citizens; the same seed gives the same citizens.

    The third of every five cannot open the mouth wide enough, so that refusing is seen too.
    """
    citizens = []
    for index in range(count):
        rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(index,)))
        population = "elderly" if rng.random() < _ELDERLY_SHARE else "adult"
        body = Person.sample(int(rng.integers(2**31)), population)
        story = ""
        if index % 5 == 2:
            story = "trismus: the mouth opens 29 mm"
            body = replace(body, anatomy=replace(body.anatomy, opening_max=_NARROW_OPENING))
        citizens.append(
            Citizen(
                _name(rng),
                _id_number(rng, body.anatomy.age),
                f"1{rng.integers(3, 10)}{rng.integers(10**9):09d}",
                population,
                body,
                story,
            )
        )
    return tuple(citizens)


def in_order_of_arrival(citizens: Sequence[Citizen]) -> list[Citizen]:
    """Return ``citizens`` in an order in which nobody overtakes: the oldest first.

    The service calls whoever has gathered the most priority, the elderly gather it faster, and it
    counts seconds of the wall: if they came later, who is called next would depend on how fast the
    machine is, and the same seed would not give the same table.
    """
    return sorted(citizens, key=lambda citizen: -max(citizen.body.anatomy.age, _YOUNG))


def check_in(url: str, booth_id: str, citizen: Citizen) -> TicketView:
    """Sign in, register, book the first slot with a seat left, and arrive; returns the ticket.

    Raises StationError where the booth has no seat left, Refused where the service turns it down.
    """
    with CitizenClient(url) as client:
        sent = client.request_code(citizen.phone)
        if sent.demo_code is None:
            raise StationError("the service sends no demo codes; start it in demo mode")
        client.sign_in(citizen.phone, sent.demo_code)
        person = client.register(citizen.name, citizen.id_number, needs=citizen.needs, consent=True)
        soon = datetime.now(UTC) + timedelta(minutes=30)
        for slot in client.slots(booth_id):
            if slot.left > 0 and slot.starts_at <= soon:
                booking = client.book(slot.id, person.id)
                return client.check_in(booth_id, booking.id)
    raise StationError(f"booth {booth_id} has no seat left now; seed the database with more")


def _name(rng: np.random.Generator) -> str:
    given = "".join(str(rng.choice(_GIVEN)) for _ in range(int(rng.integers(1, 3))))
    return str(rng.choice(list(_SURNAMES))) + given


def _id_number(rng: np.random.Generator, age: float) -> str:
    """Return a valid number (GB 11643-1999) of region 000000, which belongs to nobody."""
    born = _TODAY - timedelta(days=int(age * 365.25) + int(rng.integers(0, 300)))
    digits = f"000000{born:%Y%m%d}{rng.integers(1000):03d}"
    total = sum(int(digit) * weight for digit, weight in zip(digits, _WEIGHTS, strict=True))
    return digits + _CHECKS[total % 11]
