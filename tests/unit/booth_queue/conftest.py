"""One service, over either database: every test that takes `service` runs on both."""

import asyncio
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from booth_queue.adapters.postgres_cluster import ClusterMissing, PostgresCluster
from booth_queue.adapters.sql import SqlStore
from booth_queue.adapters.vault import AesVault
from booth_queue.api import create_app
from booth_queue.client import BoothClient, CitizenClient, Retry
from booth_queue.contract import BookingView, PersonView, TicketView, Tokens
from booth_queue.domain.idcard import check_character
from booth_queue.seed import Plan, Seeded, seed
from booth_queue.settings import Settings
from tests.serving import serving

NOON = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)  # a Monday, 12:00 in Shanghai


class MovableClock:
    """Time that stands still until a test moves it."""

    def __init__(self, moment: datetime = NOON) -> None:
        self.moment = moment

    def now(self) -> datetime:
        return self.moment

    def advance(self, seconds: float) -> None:
        self.moment += timedelta(seconds=seconds)


@pytest.fixture(scope="session")
def cluster() -> Iterator[PostgresCluster]:
    try:
        with PostgresCluster(durable=False) as running:
            yield running
    except ClusterMissing as missing:
        pytest.skip(str(missing))


@dataclass(frozen=True)
class Template:
    """A seeded database that tests copy."""

    seeded: Seeded
    copy: Callable[[Path, str], str]


def fill(url: str) -> Seeded:
    """Migrate and seed a database: three booths, of which C pools ten; hot little slots."""

    async def run() -> Seeded:
        store = SqlStore(url, pool=1)
        try:
            await store.migrate()
            vault = AesVault(Settings().master_key())
            plan = Plan(starts_at=NOON, booths=2, slots=4, capacity=3)
            seeded = await seed(store, vault, plan, NOON)
            pools = Plan(
                starts_at=NOON,
                slots=2,
                capacity=50,
                pool_size=10,
                site_id="pool",
                round_id="pool-1",
            )
            other = await seed(store, vault, pools, NOON)
            return Seeded(
                seeded.site_id,
                seeded.round_id,
                [*seeded.booths, *other.booths],
                seeded.staff | other.staff,
            )
        finally:
            await store.close()

    return asyncio.run(run())


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Template:
    source = tmp_path_factory.mktemp("template") / "queue.db"
    seeded = fill(f"sqlite:///{source}")

    def copy(folder: Path, name: str) -> str:
        shutil.copy(source, folder / f"{name}.db")
        return f"sqlite:///{folder / name}.db"

    return Template(seeded, copy)


@pytest.fixture(scope="session")
def postgres_template(cluster: PostgresCluster) -> Template:
    cluster.execute("CREATE DATABASE template_queue")
    seeded = fill(cluster.url("template_queue"))
    made = iter(range(100_000))

    def copy(_folder: Path, name: str) -> str:
        database = f"{name}_{next(made)}"
        cluster.execute(f"CREATE DATABASE {database} TEMPLATE template_queue")
        return cluster.url(database)

    return Template(seeded, copy)


@pytest.fixture(
    params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)], scope="session"
)
def template(request: pytest.FixtureRequest) -> Template:
    name = "sqlite_template" if request.param == "sqlite" else "postgres_template"
    chosen: Template = request.getfixturevalue(name)
    return chosen


@dataclass
class Running:
    """A service under test: its HTTP face, its clock, its database, people to use it."""

    http: httpx.Client
    clock: MovableClock
    url: str
    seeded: Seeded
    _made: int = 0
    _booths: dict[int, BoothClient] = field(default_factory=dict)

    def booth(self, index: int = 0) -> BoothClient:
        if index not in self._booths:
            login = self.seeded.booths[index]
            self._booths[index] = BoothClient(
                str(self.http.base_url),
                login.client_id,
                login.secret,
                http=self.http,
                retry=IMPATIENT,
            )
        return self._booths[index]

    def citizen(self, *, born: str = "19900101", **registration: object) -> "Citizen":
        """Sign up one more citizen, born on a day, with an account of their own."""
        self._made += 1
        client = CitizenClient(str(self.http.base_url), http=self.http, retry=IMPATIENT)
        phone = f"138{self._made:08d}"
        code = client.request_code(phone).demo_code
        assert code is not None
        tokens = client.sign_in(phone, code)
        registration = {"consent": True, "guardian_consent": True} | registration
        name = f"张测试{self._made}"
        person = client.register(name, id_number(born, self._made), **registration)
        return Citizen(client, person, tokens, name)

    def sign_up(self) -> dict[str, str]:
        """Return headers of one more account, with nobody registered yet."""
        self._made += 1
        client = CitizenClient(str(self.http.base_url), http=self.http, retry=IMPATIENT)
        phone = f"138{self._made:08d}"
        code = client.request_code(phone).demo_code
        assert code is not None
        return {"Authorization": f"Bearer {client.sign_in(phone, code).access_token}"}

    def sign_in(self, role: str, site: str = "demo") -> dict[str, str]:
        """Return headers of somebody who signed in with a password."""
        name = f"{site}-{role}"
        body = {"name": name, "password": self.seeded.staff[name]}
        answered = self.http.post("/v1/sign-in/staff", json=body)
        assert answered.status_code == 200, answered.text
        return {"Authorization": f"Bearer {answered.json()['access_token']}"}

    def device_headers(self, index: int = 0) -> dict[str, str]:
        """Return headers of a booth that signed in with its own credentials."""
        login = self.seeded.booths[index]
        body = {"client_id": login.client_id, "secret": login.secret}
        answered = self.http.post("/v1/sign-in/device", json=body)
        return {"Authorization": f"Bearer {answered.json()['access_token']}"}

    def command(
        self, headers: dict[str, str], path: str, body: object = None, key: str | None = None
    ) -> httpx.Response:
        """Send a command; returns the response."""
        self._made += 1
        headers = headers | {"Idempotency-Key": key or f"test-key-{self._made:06d}"}
        return self.http.post(path, json=body, headers=headers)


@dataclass(frozen=True)
class Citizen:
    """Somebody with an account."""

    client: CitizenClient
    person: PersonView
    tokens: Tokens
    name: str

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.tokens.access_token}"}

    def book(self, slot_id: str = "demo-a-0000") -> BookingView:
        return self.client.book(slot_id, self.person.id)

    def arrive(self, slot_id: str = "demo-a-0000") -> TicketView:
        """Book and check in."""
        booking = self.book(slot_id)
        return self.client.check_in(booking.booth_id, booking.id)


IMPATIENT = Retry(patience_s=0.0)


def id_number(born: str, index: int) -> str:
    """Return a valid ID number of a made-up person."""
    first = f"440300{born}{index % 1000:03d}"
    return first + check_character(first)


@pytest.fixture
def service(template: Template, tmp_path: Path) -> Iterator[Running]:
    url = template.copy(tmp_path, "queue")
    clock = MovableClock()
    settings = Settings(database=url, database_pool=4)
    with calling(create_app(settings, clock=clock)) as http:
        yield Running(http, clock, url, template.seeded)


@contextmanager
def calling(app: FastAPI) -> Iterator[httpx.Client]:
    """Serve an application, and give whoever calls it."""
    with (
        serving(app) as address,
        httpx.Client(base_url=address, trust_env=False, timeout=20.0) as http,
    ):
        yield http
