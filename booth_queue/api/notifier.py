"""Telling people that they are called: one subscription, one message."""

import asyncio
import contextlib
import logging
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
_CALLED: Final = f"ticket.{TicketState.CALLED}"


class Notifier:
    """Reads calls from the outbox and sends a message to whoever asked for one.

    Every service process may run one: a subscription is spent, for this very call, before its
    message is sent, and the database lets that happen once. A message that is lost is not sent
    again, because a call is over in a minute.
    """

    def __init__(
        self, store: SqlStore, wechat: WeChat, vault: Vault, clock: Clock, template: str
    ) -> None:
        self._store = store
        self._wechat = wechat
        self._vault = vault
        self._clock = clock
        self._template = template
        self._reader: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to read, from now on."""
        async with self._store.reading() as tx:
            cursor = await tx.last_cursor()
        self._reader = asyncio.create_task(self._read(cursor))

    async def stop(self) -> None:
        """Stop reading."""
        if self._reader is not None:
            self._reader.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._reader
        await self._wechat.close()

    async def _read(self, cursor: tuple[int, int]) -> None:
        while True:
            try:
                async with self._store.reading() as tx:
                    events = await tx.events_after(cursor)
                for at, event in events:
                    cursor = at
                    if event.kind == _CALLED:
                        await self._tell(str(event.body["ticket_id"]))
            except (StoreUnavailable, WeChatUnavailable):
                _log.exception("somebody could not be told that they are called")
            await asyncio.sleep(_LOOK_S)

    async def _tell(self, ticket_id: str) -> None:
        async with self._store.reading() as tx:
            ticket = await tx.get(Ticket, ticket_id)
            booth = await tx.get(Booth, ticket.booth_id)
            site = await tx.get(Site, booth.site_id)
            links = await tx.find(Link, person_id=ticket.person_id)
        for link in links:
            account = await self._spend(link.account_id, f"{ticket.id}:{ticket.calls}")
            if account is None or account.wechat_sealed is None:
                continue
            open_id = self._vault.unseal(account.id, account.wechat_sealed)["open_id"]
            if open_id is not None:
                data = {"character_string1": number_of(booth, ticket), "thing2": site.name}
                await self._wechat.send(open_id, self._template, "pages/visit/visit", data)

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
