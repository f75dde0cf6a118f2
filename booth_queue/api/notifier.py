"""Telling people that they are called: one subscription, one message."""

import asyncio
import contextlib
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from booth_queue.adapters.sql import SqlStore
from booth_queue.adapters.wechat import WeChat
from booth_queue.domain.people import Account, Link, Subscription
from booth_queue.domain.places import Booth, Site
from booth_queue.domain.refusals import WeChatUnavailable
from booth_queue.domain.visits import Ticket
from booth_queue.domain.vocabulary import TicketState
from booth_queue.service.ports import Clock, Duplicate, StoreUnavailable, Vault
from booth_queue.service.queueing import number_of

_log = logging.getLogger(__name__)

_LOOK_S: Final = 0.3
_REST_AFTER_TROUBLE_S: Final = 1.0
_CALLED: Final = f"ticket.{TicketState.CALLED}"


@dataclass(frozen=True, slots=True)
class _Message:
    """A message whose subscription is spent; it is worth sending until a moment."""

    open_id: str
    ticket_id: str
    calls: int
    until: datetime
    data: Mapping[str, str]


class Notifier:
    """Reads calls from the outbox and sends a message to whoever asked for one.

    Every service process may run one: a subscription is spent, for this very call, before its
    message is sent, and the database lets that happen once. Calls made while no process read the
    outbox are found when one starts; what WeChat does not take is tried again. A message is
    dropped when its call is over or older than ``life_s``, and with the process that holds it.
    """

    def __init__(
        self,
        store: SqlStore,
        wechat: WeChat,
        vault: Vault,
        clock: Clock,
        template: str,
        life_s: float,
    ) -> None:
        self._store = store
        self._wechat = wechat
        self._vault = vault
        self._clock = clock
        self._template = template
        self._life = timedelta(seconds=life_s)
        self._waiting: list[_Message] = []
        self._reader: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to read: what is called from now on, and whoever stands called at this moment."""
        since = self._clock.now() - self._life
        async with self._store.reading() as tx:
            cursor = await tx.last_cursor()
        async with self._store.reading() as tx:
            missed = await tx.since(Ticket, "called_at", since, state=TicketState.CALLED)
        self._reader = asyncio.create_task(self._read(cursor, [one.id for one in missed]))

    async def stop(self) -> None:
        """Stop reading."""
        if self._reader is not None:
            self._reader.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._reader

    async def _read(self, cursor: tuple[int, int], missed: list[str]) -> None:
        while True:
            rest_s = _LOOK_S
            try:
                while missed:
                    await self._prepare(missed[-1])
                    missed.pop()
                async with self._store.reading() as tx:
                    events = await tx.events_after(cursor)
                for at, event in events:
                    if event.kind == _CALLED:
                        await self._prepare(str(event.body["ticket_id"]))
                    cursor = at
                await self._send()
            except (StoreUnavailable, WeChatUnavailable):
                _log.exception("whoever is called cannot be told; trying again")
                rest_s = _REST_AFTER_TROUBLE_S
            await asyncio.sleep(rest_s)

    async def _prepare(self, ticket_id: str) -> None:
        """Spend a subscription of every account that is to be told; again changes nothing."""
        async with self._store.reading() as tx:
            ticket = await tx.get(Ticket, ticket_id)
            booth = await tx.get(Booth, ticket.booth_id)
            site = await tx.get(Site, booth.site_id)
            links = await tx.find(Link, person_id=ticket.person_id)
        if ticket.called_at is None:
            return
        data = {"character_string1": number_of(booth, ticket), "thing2": site.name}
        until = ticket.called_at + self._life
        for link in links:
            account = await self._spend(link.account_id, f"{ticket.id}:{ticket.calls}")
            if account is None or account.wechat_sealed is None:
                continue
            open_id = self._vault.unseal(account.id, account.wechat_sealed)["open_id"]
            if open_id is not None:
                self._waiting.append(_Message(open_id, ticket.id, ticket.calls, until, data))

    async def _send(self) -> None:
        while self._waiting:
            message = self._waiting[0]
            if await self._worth_sending(message):
                page = "pages/visit/visit"
                await self._wechat.send(message.open_id, self._template, page, message.data)
            else:
                _log.warning("a call was over before its message could be sent")
            self._waiting.pop(0)

    async def _worth_sending(self, message: _Message) -> bool:
        async with self._store.reading() as tx:
            ticket = await tx.get(Ticket, message.ticket_id)
        called = ticket.state is TicketState.CALLED and ticket.calls == message.calls
        return called and self._clock.now() < message.until

    async def _spend(self, account_id: str, call: str) -> Account | None:
        """Spend one subscription for a call; None if there is none, or another process did."""
        try:
            async with self._store.writing() as tx:
                account = await tx.get(Account, account_id)
                left = await tx.first(
                    Subscription, account_id=account_id, template=self._template, used_at=None
                )
                if left is None or not await tx.change(
                    Subscription,
                    left.id,
                    {"used_at": None},
                    used_at=self._clock.now(),
                    used_for=call,
                ):
                    return None
                return account
        except Duplicate:
            return None
