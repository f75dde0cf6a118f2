"""What every route is given: who calls, and one transaction to work in."""

import hashlib
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated, Any, TypeVar

from fastapi import Depends, Header, Request, Response
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel

from booth_queue.adapters.sql import SqlStore
from booth_queue.adapters.tokens import JwtIssuer
from booth_queue.adapters.wechat import WeChat
from booth_queue.api.allowance import Allowance
from booth_queue.api.board import Board
from booth_queue.api.feed import Feed
from booth_queue.domain.refusals import Forbidden, SignInFailed
from booth_queue.domain.vocabulary import Role
from booth_queue.service import booking
from booth_queue.service.limits import Leases
from booth_queue.service.ports import Actor, BookingReading, Clock, CodeSender, Transaction
from booth_queue.service.work import Command, Tools, Work, run_once

Tx = TypeVar("Tx", bound=BookingReading)


@dataclass(frozen=True, slots=True)
class Service:
    """The running service: what routes find in the application's state."""

    store: SqlStore
    clock: Clock
    tools: Tools
    issuer: JwtIssuer
    sender: CodeSender
    feed: Feed
    board: Board
    searches: Allowance
    leases: Leases
    wechat: WeChat | None


def service_of(request: Request) -> Service:
    """Return the running service."""
    service: Service = request.app.state.service
    return service


_bearer = HTTPBearer(auto_error=False, description="Access token from one of the sign-in routes")
NOBODY = Actor(account_id="", role=Role.CITIZEN)
"""Who has not signed in."""


@dataclass(frozen=True, slots=True)
class Call:
    """One request of a signed-in actor."""

    service: Service
    actor: Actor
    address: str
    fingerprint: str = ""
    key: str = ""

    def limit_search(self) -> None:
        """Count a search against its caller's allowance; raises `TooMany`."""
        self.service.searches.spend(self.actor.account_id or self.address, self.service.clock.now())

    async def answer(
        self, doing: Callable[[Work], Awaitable[BaseModel]], *, books: bool = False
    ) -> Response:
        """Run a command once, whatever is repeated, and answer with its stored body.

        Parameters
        ----------
        books
            A citizen who sends it makes a booking, which is limited.
        """

        async def work(tx: Transaction) -> str:
            return (await doing(self.work(tx, command.at))).model_dump_json()

        command = self._command()
        within = self._booking_limit(command) if books else None
        body = await run_once(self.service.store, command, work, within)
        return self._answered(body)

    async def answer_booking(
        self, slot_id: str, person_id: str, tell: Callable[[booking.Booked], BaseModel]
    ) -> Response:
        """Book once, at once; see `booth_queue.service.booking.book_once`."""
        command = self._command()
        body = await booking.book_once(
            self.service.store,
            lambda seating: self.work(seating, command.at),
            command,
            (slot_id, person_id),
            lambda booked: tell(booked).model_dump_json(),
            self._booking_limit(command),
        )
        return self._answered(body)

    def code_limit(self) -> AbstractAsyncContextManager[None]:
        """Count a one-time code against the caller's address."""
        allowed = self.service.tools.policy.codes_per_address_hour
        now = self.service.clock.now()
        return self.service.leases.spending(f"codes/{self.address}", allowed, now)

    def _command(self) -> Command:
        return Command(self.actor.account_id, self.key, self.fingerprint, self.service.clock.now())

    def _booking_limit(self, command: Command) -> AbstractAsyncContextManager[None]:
        if self.actor.role is not Role.CITIZEN:
            return nullcontext()
        allowed = self.service.tools.policy.bookings_per_address_hour
        return self.service.leases.spending(f"bookings/{self.address}", allowed, command.at)

    def _answered(self, body: str) -> Response:
        self.service.feed.nudge()
        return Response(body, media_type="application/json")

    async def read(self, doing: Callable[[Work], Awaitable[Any]]) -> Any:  # noqa: ANN401 - the use case's own
        """Run something that only reads."""
        async with self.service.store.reading() as tx:
            return await doing(self.work(tx))

    async def write(self, doing: Callable[[Work], Awaitable[Any]]) -> Any:  # noqa: ANN401 - the use case's own
        """Run a report that may as well arrive twice, outside the book of keys."""
        async with self.service.store.writing() as tx:
            done = await doing(self.work(tx))
        self.service.feed.nudge()
        return done

    def work(self, tx: Tx, now: datetime | None = None) -> Work[Tx]:
        """Return a unit of work in a transaction."""
        now = now or self.service.clock.now()
        return Work(tx, self.actor, now, self.service.tools, self.address)


async def anonymous(request: Request) -> Call:
    """Return a call of nobody in particular."""
    service = service_of(request)
    return Call(service, NOBODY, _address(request, service))


def reading(*roles: Role) -> Any:  # noqa: ANN401 - FastAPI's own return type
    """Return the dependency of a route that reads, for these roles."""
    return Depends(_admitting(frozenset(roles)))


def commanding(*roles: Role) -> Any:  # noqa: ANN401 - FastAPI's own return type
    """Return the dependency of a route that changes something: it asks for a key as well."""
    check = _admitting(frozenset(roles))

    async def check_command(
        request: Request,
        call: Annotated[Call, Depends(check)],
        idempotency_key: Annotated[
            str, Header(min_length=8, max_length=128, pattern=r"^[0-9A-Za-z_.:-]+$")
        ],
    ) -> Call:
        said = hashlib.sha256(f"{request.method} {request.url.path}\n".encode())
        said.update(await request.body())
        return replace(call, fingerprint=said.hexdigest(), key=idempotency_key)

    return Depends(check_command)


def _admitting(roles: frozenset[Role]) -> Callable[..., Awaitable[Call]]:
    # The one place where roles are checked.
    async def check(
        request: Request,
        credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
    ) -> Call:
        service = service_of(request)
        if credentials is None:
            raise SignInFailed
        actor = service.issuer.read(credentials.credentials, service.clock.now())
        if actor.role not in roles:
            raise Forbidden(role=actor.role)
        return Call(service, actor, _address(request, service))

    return check


def _address(request: Request, service: Service) -> str:
    host = request.client.host if request.client else ""
    return service.tools.vault.digest("address", host)
