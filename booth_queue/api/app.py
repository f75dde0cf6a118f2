"""Putting the service together."""

import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fastapi import FastAPI
from fastapi.routing import APIRoute

from booth_queue import web
from booth_queue.adapters.clock import SystemClock
from booth_queue.adapters.messages import EchoSender, HttpSender, NoSender
from booth_queue.adapters.sql import SqlStore
from booth_queue.adapters.tokens import JwtIssuer
from booth_queue.adapters.vault import AesVault, derive_key
from booth_queue.adapters.wechat import WeChat
from booth_queue.api import (
    access,
    booths,
    citizens,
    desks,
    enterprises,
    errors,
    grids,
    laboratories,
    live,
    staff,
    supervision,
)
from booth_queue.api.allowance import Allowance
from booth_queue.api.board import Board
from booth_queue.api.calls import NOBODY, Service
from booth_queue.api.feed import Feed
from booth_queue.api.notifier import Notifier
from booth_queue.service.limits import Leases
from booth_queue.service.ports import Clock, CodeSender
from booth_queue.service.work import Tools, Work
from booth_queue.settings import Mode, Settings, load

_ABOUT = (
    "Booking, diversion, calling, tubes and results of a throat-swab testing round. "
    "Every command carries an `Idempotency-Key`; repeating it with the same key does nothing "
    "twice. A refusal has a stable `code` and a sentence in Chinese and English."
)


def create_app(settings: Settings, *, clock: Clock | None = None) -> FastAPI:
    """Return the application; its database is opened and migrated when it starts.

    Parameters
    ----------
    clock
        Time source; tests hand in one they can move.
    """
    policy = settings.make_policy()
    master = settings.master_key()
    store = SqlStore(settings.database, pool=settings.database_pool)
    clock = clock or SystemClock()
    wechat = _wechat(settings, clock)
    feed = Feed()
    tools = Tools(
        vault=AesVault(master),
        policy=policy,
        signer=Ed25519PrivateKey.from_private_bytes(derive_key(master, "codes")),
        holidays=frozenset(settings.holidays),
    )
    service = Service(
        store=store,
        clock=clock,
        wechat=wechat,
        tools=tools,
        issuer=JwtIssuer(derive_key(master, "token"), policy.access_token_s),
        sender=_sender(settings),
        feed=feed,
        board=Board(store, feed, lambda tx: Work(tx, NOBODY, clock.now(), tools, "")),
        searches=Allowance(policy.searches_per_caller_minute, 60.0),
        leases=Leases(store),
    )

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await store.migrate()
        await service.board.start()
        notifier = None
        if wechat is not None and settings.wechat_call_template is not None:
            template = settings.wechat_call_template
            notifier = Notifier(
                store, wechat, service.tools.vault, clock, template, policy.call_message_s
            )
            await notifier.start()
        try:
            yield
        finally:
            if notifier is not None:
                await notifier.stop()
            await service.board.stop()
            await service.sender.close()
            if wechat is not None:
                await wechat.close()
            await store.close()

    app = FastAPI(
        title="Booth queue",
        version="1",
        summary=_ABOUT,
        lifespan=lifespan,
        docs_url="/v1/docs",
        redoc_url=None,
        openapi_url="/v1/openapi.json",
        generate_unique_id_function=_operation,
    )
    app.state.service = service
    errors.install(app)
    # A route is looked for in this order, and most requests are citizens'.
    rooms = (citizens, access, booths, staff, supervision, laboratories, grids, enterprises, desks)
    for room in (*rooms, live):
        app.include_router(room.router, responses=errors.REFUSALS)
    web.install(app)
    return app


def _operation(route: APIRoute) -> str:
    """Return the name a generated client gives a route's method: stable, whatever its path."""
    if not route.tags:  # a page, which is not in the document
        return route.name
    room = str(route.tags[0]).replace(" ", "_").replace("-", "_")
    return route.name if route.name.startswith(room) else f"{room}_{route.name}"


def _sender(settings: Settings) -> CodeSender:
    url, token, template = settings.sms_url, settings.sms_token, settings.sms_template
    if url is not None and token is not None and template is not None:
        valid_s = settings.make_policy().code_valid_s
        return HttpSender(url, token.get_secret_value(), template, valid_s)
    return EchoSender() if settings.mode is Mode.DEMO else NoSender()


def _wechat(settings: Settings, clock: Clock) -> WeChat | None:
    if settings.wechat_app_id is None or settings.wechat_secret is None:
        return None
    secret = settings.wechat_secret.get_secret_value()
    return WeChat(settings.wechat_base_url, settings.wechat_app_id, secret, clock)


def from_environment() -> FastAPI:
    """Return the application as the environment configures it: for worker processes."""
    made = create_app(load())
    gc.freeze()  # as in `booth_queue.commands.serve`
    return made
