"""Signing in: phone, name and password, device; and single-use refresh tokens."""

import asyncio
import secrets
from dataclasses import dataclass
from datetime import timedelta

from booth_queue.domain.people import Account, OneTimeCode, RefreshToken, Subscription
from booth_queue.domain.refusals import SignInFailed, TooMany
from booth_queue.domain.vocabulary import Role
from booth_queue.service.limits import hour
from booth_queue.service.ports import Exceeded, Spending, TokenIssuer
from booth_queue.service.work import Work


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Tokens of an account."""

    account: Account
    access_token: str
    refresh_token: str
    expires_in_s: int


async def prepare_code(work: Work, phone: str) -> str:
    """Store a new one-time code and return it for sending.

    Raises
    ------
    TooMany
        Too many codes to this phone within an hour.
    """
    policy = work.tools.policy
    phone_hash = work.tools.vault.digest("phone", phone)
    allowed = policy.codes_per_phone_hour
    try:
        await work.tx.spend(Spending(f"codes/{phone_hash}", hour(work.now), allowed))
    except Exceeded as over:
        raise TooMany(limit=allowed, minutes=60) from over
    code = f"{secrets.randbelow(10**6):06d}"
    await work.tx.add(
        OneTimeCode(
            id=work.new_id(),
            phone_hash=phone_hash,
            address_hash=work.address,
            code_hash=work.tools.vault.digest("code", phone + code),
            created_at=work.now,
            expires_at=work.now + timedelta(seconds=policy.code_valid_s),
        )
    )
    return code


async def try_code(work: Work, phone: str, code: str) -> Account | None:
    """Use up a one-time code; None if it is wrong (the try is counted), old or used."""
    phone_hash = work.tools.vault.digest("phone", phone)
    sent = await work.tx.find(OneTimeCode, phone_hash=phone_hash, newest=True, limit=1)
    if not sent or sent[0].used_at or sent[0].expires_at <= work.now:
        return None
    latest = sent[0]
    if latest.tries >= work.tools.policy.code_tries:
        return None
    right = secrets.compare_digest(latest.code_hash, work.tools.vault.digest("code", phone + code))
    tried = await work.tx.change(
        OneTimeCode,
        latest.id,
        {"tries": latest.tries, "used_at": None},
        tries=latest.tries + 1,
        used_at=work.now if right else None,
    )
    if not (right and tried):
        return None
    account = await work.tx.first(Account, phone_hash=phone_hash)
    if account is None:
        account = Account(work.new_id(), Role.CITIZEN, work.now, phone_hash=phone_hash)
        await work.tx.add(account)
    return account


async def wechat_account(work: Work, open_id: str) -> Account:
    """Return the account of a WeChat user; a new one at first sight."""
    wechat_hash = work.tools.vault.digest("wechat", open_id)
    account = await work.tx.first(Account, wechat_hash=wechat_hash)
    if account is None:
        key = work.new_id()
        account = Account(
            id=key,
            role=Role.CITIZEN,
            created_at=work.now,
            wechat_hash=wechat_hash,
            # Kept, because messages are addressed to it.
            wechat_sealed=work.tools.vault.seal(key, {"open_id": open_id}),
        )
        await work.tx.add(account)
    return account


async def subscribe(work: Work, template: str) -> Subscription:
    """Keep a user's leave to be sent one message of a template."""
    given = Subscription(work.new_id(), work.actor.account_id, template, work.now)
    await work.tx.add(given)
    return given


async def check_password(work: Work, login: str, password: str, *, device: bool) -> Account:
    """Return the account of a name and password, or of a device's id and secret."""
    account = await work.tx.first(Account, login=login)
    hashed = account.secret_hash if account else None
    # Slow on purpose, so not on the loop that everybody's requests run on.
    matches = await asyncio.to_thread(work.tools.vault.password_matches, hashed, password)
    if account is None or not matches or account.disabled_at is not None:
        raise SignInFailed
    if device != (account.role is Role.BOOTH):
        raise SignInFailed
    return account


async def issue_tokens(work: Work, account: Account, issuer: TokenIssuer) -> SignedIn:
    """Issue an access token and a refresh token."""
    access_token, expires_in_s = issuer.issue(account, work.now)
    refresh_token = secrets.token_urlsafe(32)
    await work.tx.add(
        RefreshToken(
            id=work.tools.vault.digest("refresh", refresh_token),
            account_id=account.id,
            created_at=work.now,
            expires_at=work.now + timedelta(seconds=work.tools.policy.refresh_token_s),
        )
    )
    return SignedIn(account, access_token, refresh_token, expires_in_s)


async def use_refresh_token(work: Work, refresh_token: str) -> Account:
    """Use up a refresh token and return its account."""
    key = work.tools.vault.digest("refresh", refresh_token)
    known = await work.tx.first(RefreshToken, id=key)
    if known is None or known.expires_at <= work.now:
        raise SignInFailed
    if not await work.tx.change(RefreshToken, key, {"used_at": None}, used_at=work.now):
        raise SignInFailed
    account = await work.tx.get(Account, known.account_id)
    if account.disabled_at is not None:
        raise SignInFailed
    return account
