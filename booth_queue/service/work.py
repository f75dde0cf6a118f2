"""A unit of work: one actor, one transaction, one moment."""

import secrets
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass
from datetime import date, datetime
from typing import Generic

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from typing_extensions import TypeVar

from booth_queue.domain.refusals import KeyReused
from booth_queue.errors import Refusal
from booth_queue.service.policy import Policy
from booth_queue.service.ports import (
    Actor,
    Answer,
    BookingReading,
    Duplicate,
    Store,
    Transaction,
    Vault,
)


@dataclass(frozen=True, slots=True)
class Tools:
    """What does not change between requests."""

    vault: Vault
    policy: Policy
    signer: Ed25519PrivateKey
    holidays: frozenset[date] = frozenset()


Tx_co = TypeVar("Tx_co", bound=BookingReading, default=Transaction, covariant=True)


@dataclass(frozen=True, slots=True)
class Work(Generic[Tx_co]):
    """Everything a use case is given; ``address`` is the caller's network address, hashed."""

    tx: Tx_co
    actor: Actor
    now: datetime
    tools: Tools
    address: str

    def new_id(self) -> str:
        """Return a new key; sorts by time, so that indexes grow at one end."""
        return f"{int(self.now.timestamp() * 1000):012x}{secrets.token_hex(10)}"


@dataclass(frozen=True, slots=True)
class Command:
    """A request that is done once, however often it is sent.

    ``fingerprint`` is a hash of what is asked for, to tell a repetition from a key used twice.
    """

    account_id: str
    key: str
    fingerprint: str
    at: datetime

    def answered(self, body: str) -> Answer:
        """Return the answer to keep."""
        return Answer(self.account_id, self.key, self.fingerprint, body, self.at)


async def run_once(
    store: Store,
    command: Command,
    work: Callable[[Transaction], Awaitable[str]],
    within: AbstractAsyncContextManager[None] | None = None,
) -> str:
    """Run a command and keep its answer under its key, in the one transaction of both.

    Parameters
    ----------
    work
        Does the command and returns the answer's body.
    within
        Entered before the transaction is, and told of its failure; spends a limit.

    Raises
    ------
    KeyReused
        The key belongs to another command.
    Refusal
        Whatever ``work`` refuses, unless the command had been done before.
    """

    async def do() -> str:
        async with within or nullcontext(), store.writing() as tx:
            body = await work(tx)
            await tx.remember(command.answered(body))
            return body

    return await done_once(store, command, do)


async def done_once(store: Store, command: Command, doing: Callable[[], Awaitable[str]]) -> str:
    """Return what ``doing`` answers, or what was answered before.

    The common case costs no look-up: the command is done, and only if it is refused, or its key
    turns out to be taken at the end (which undoes it), is the earlier answer looked for.

    Parameters
    ----------
    doing
        Does the command and keeps its answer in the same transaction; returns the body.

    Raises
    ------
    KeyReused, Refusal
        As `run_once`.
    """
    try:
        return await doing()
    except (Refusal, Duplicate) as trouble:
        async with store.reading() as tx:
            earlier = await tx.answered(command.account_id, command.key)
        if earlier is None:
            raise
        if earlier[0] != command.fingerprint:
            raise KeyReused(key=command.key) from trouble
        return earlier[1]
