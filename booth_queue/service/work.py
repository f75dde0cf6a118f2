"""A unit of work: one actor, one transaction, one moment."""

import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import NewType

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from booth_queue.domain.refusals import KeyReused
from booth_queue.errors import Refusal
from booth_queue.service.policy import Policy
from booth_queue.service.ports import Actor, Duplicate, Store, Transaction, Vault

Body = NewType("Body", str)


@dataclass(frozen=True, slots=True)
class Tools:
    """What does not change between requests."""

    vault: Vault
    policy: Policy
    signer: Ed25519PrivateKey
    holidays: frozenset[date] = frozenset()


@dataclass(frozen=True, slots=True)
class Work:
    """Everything a use case is given; ``address`` is the caller's network address, hashed."""

    tx: Transaction
    actor: Actor
    now: datetime
    tools: Tools
    address: str

    def new_id(self) -> str:
        """Return a new key; sorts by time, so that indexes grow at one end."""
        return f"{int(self.now.timestamp() * 1000):012x}{secrets.token_hex(10)}"


async def run_once(
    store: Store,
    actor: Actor,
    key: str,
    fingerprint: str,
    now: datetime,
    work: Callable[[Transaction], Awaitable[str]],
) -> str:
    """Run a command and keep its answer under its key, in the one transaction of both.

    The common case costs no look-up: the command is done, and only if it is refused, or its key
    turns out to be taken at the end (which undoes it), is the earlier answer looked for.

    Parameters
    ----------
    fingerprint
        Hash of what was asked for, to tell a repetition from a key used twice.
    work
        Does the command and returns the answer's body.

    Raises
    ------
    KeyReused
        The key belongs to another command.
    Refusal
        Whatever ``work`` refuses, unless the command had been done before.
    """
    try:
        async with store.writing() as tx:
            body = await work(tx)
            await tx.remember(actor.account_id, key, fingerprint, body, now)
            return body
    except (Refusal, Duplicate) as trouble:
        async with store.reading() as tx:
            earlier = await tx.answered(actor.account_id, key)
        if earlier is None:
            raise
        if earlier[0] != fingerprint:
            raise KeyReused(key=key) from trouble
        return earlier[1]
