"""A small site to start with: for the demo, for tests, and for trying the service out."""

import json
import os
import secrets
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path

from booth_queue.domain.community import Unit
from booth_queue.domain.people import Account
from booth_queue.domain.places import Booth, Round, Site, Slot
from booth_queue.domain.vocabulary import BoothMode, BoothState, Role
from booth_queue.domain.wait import Pace
from booth_queue.errors import BoothQueueError
from booth_queue.service.ports import Store, Vault


@dataclass(frozen=True, slots=True)
class Plan:
    """What to create: booths at one site, and slots from ``starts_at`` on.

    Slots follow each other without gaps; each takes ``capacity`` people.
    """

    starts_at: datetime
    booths: int = 1
    slots: int = 32
    slot_s: int = 900
    capacity: int = 30
    pool_size: int = 1
    site_id: str = "demo"
    round_id: str = "demo-1"

    def __post_init__(self) -> None:
        if not 1 <= self.booths <= 26:
            raise ValueError(f"booths={self.booths} must lie in [1, 26]: labels are A to Z")
        if self.slots < 1 or self.slot_s < 60 or self.capacity < 1:
            raise ValueError(
                f"slots={self.slots}, slot_s={self.slot_s}, capacity={self.capacity}: needs at "
                "least 1 slot of 60 s for 1 person"
            )


@dataclass(frozen=True, slots=True)
class BoothLogin:
    """A booth's own credentials."""

    booth_id: str
    label: str
    client_id: str
    secret: str


@dataclass(frozen=True, slots=True)
class Seeded:
    """What was created; secrets are told here once and stored as hashes."""

    site_id: str
    round_id: str
    booths: list[BoothLogin]
    staff: dict[str, str]

    def write(self, path: Path) -> None:
        """Write as JSON that its owner alone may read."""
        text = json.dumps(asdict(self), indent=2)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text + "\n")


class AlreadySeeded(BoothQueueError):  # noqa: N818 - reads as what happened
    """The database has this site already."""


async def seed(store: Store, vault: Vault, plan: Plan, now: datetime) -> Seeded:
    """Create a site, its booths, a round with slots, and one account for every role.

    Raises
    ------
    AlreadySeeded
        The site exists; nothing was changed.
    """
    async with store.writing() as tx:
        if await tx.first(Site, id=plan.site_id):
            raise AlreadySeeded(
                f"site {plan.site_id!r} exists; take another database or another site"
            )
        await tx.add(Site(plan.site_id, "示范采样点", "Demo site", 22.5431, 114.0579))
        ends_at = plan.starts_at + timedelta(seconds=plan.slots * plan.slot_s)
        await tx.add(Round(plan.round_id, "示范轮 / demo round", plan.starts_at, ends_at))
        logins = []
        for index in range(plan.booths):
            booth = _booth(plan, index)
            await tx.add(booth, *_slots(plan, booth))
            login = BoothLogin(booth.id, booth.label, booth.id, secrets.token_urlsafe(24))
            await tx.add(
                Account(
                    id=f"device-{booth.id}",
                    role=Role.BOOTH,
                    created_at=now,
                    login=login.client_id,
                    secret_hash=vault.hash_password(login.secret),
                    site_id=plan.site_id,
                    booth_id=booth.id,
                )
            )
            logins.append(login)
        grid_id = f"{plan.site_id}-grid"
        for index in range(2):
            await tx.add(Unit(f"{grid_id}-unit-{index}", grid_id, f"示范单元 {index + 1}"))
        passwords = {}
        for role in (Role.STAFF, Role.GRID, Role.ENTERPRISE, Role.LAB, Role.DESK):
            password = secrets.token_urlsafe(12)
            passwords[f"{plan.site_id}-{role}"] = password
            await tx.add(
                Account(
                    id=f"{plan.site_id}-{role}",
                    role=role,
                    created_at=now,
                    login=f"{plan.site_id}-{role}",
                    secret_hash=vault.hash_password(password),
                    site_id=plan.site_id if role is Role.STAFF else None,
                    grid_id=grid_id if role is Role.GRID else None,
                )
            )
    return Seeded(plan.site_id, plan.round_id, logins, passwords)


def _booth(plan: Plan, index: int) -> Booth:
    label = chr(ord("A") + index)
    pace = Pace()
    return Booth(
        id=f"{plan.site_id}-{label.lower()}",
        site_id=plan.site_id,
        label=label,
        mode=BoothMode.ROBOT,
        state=BoothState.OPEN,
        single_swab=plan.pool_size == 1,
        pool_size=plan.pool_size,
        pace_mean_s=pace.mean_s,
        pace_variance_s2=pace.variance_s2,
        pace_count=pace.count,
    )


def _slots(plan: Plan, booth: Booth) -> list[Slot]:
    step = timedelta(seconds=plan.slot_s)
    return [
        Slot(
            id=f"{booth.id}-{index:04d}",
            round_id=plan.round_id,
            booth_id=booth.id,
            starts_at=plan.starts_at + index * step,
            ends_at=plan.starts_at + (index + 1) * step,
            capacity=plan.capacity,
        )
        for index in range(plan.slots)
    ]
