"""Signing in."""

from typing import Annotated

from fastapi import APIRouter, Depends

from booth_queue.api import views
from booth_queue.api.calls import Call, anonymous
from booth_queue.contract import (
    CodeRequest,
    CodeSent,
    DeviceSignIn,
    PhoneSignIn,
    RefreshRequest,
    StaffSignIn,
    Tokens,
    WeChatSignIn,
)
from booth_queue.domain.people import Account
from booth_queue.domain.refusals import SignInFailed, WeChatNotSetUp
from booth_queue.service import access

router = APIRouter(prefix="/v1/sign-in", tags=["sign-in"])
Anybody = Annotated[Call, Depends(anonymous)]


@router.post("/code")
async def request_code(body: CodeRequest, call: Anybody) -> CodeSent:
    """Send a one-time code to a phone."""
    async with call.code_limit():
        code = await call.write(lambda work: access.prepare_code(work, body.phone))
    # Sent after the commit: a code that is told must be on record.
    shown = await call.service.sender.send(body.phone, code)
    return CodeSent(valid_s=call.service.tools.policy.code_valid_s, demo_code=shown)


@router.post("/phone")
async def sign_in_by_phone(body: PhoneSignIn, call: Anybody) -> Tokens:
    """Exchange a one-time code for tokens."""
    # Committed even if wrong: the try counts.
    account = await call.write(lambda work: access.try_code(work, body.phone, body.code))
    if account is None:
        raise SignInFailed
    return await _tokens(call, account)


@router.post("/wechat")
async def sign_in_by_wechat(body: WeChatSignIn, call: Anybody) -> Tokens:
    """Exchange the code of ``wx.login`` for tokens."""
    if call.service.wechat is None:
        raise WeChatNotSetUp
    open_id = await call.service.wechat.open_id(body.code)
    account = await call.write(lambda work: access.wechat_account(work, open_id))
    return await _tokens(call, account)


@router.post("/staff")
async def sign_in_by_password(body: StaffSignIn, call: Anybody) -> Tokens:
    """Exchange name and password for tokens."""
    account = await call.read(
        lambda work: access.check_password(work, body.name, body.password, device=False)
    )
    return await _tokens(call, account)


@router.post("/device")
async def sign_in_by_device(body: DeviceSignIn, call: Anybody) -> Tokens:
    """Exchange a device's credentials for tokens."""
    account = await call.read(
        lambda work: access.check_password(work, body.client_id, body.secret, device=True)
    )
    return await _tokens(call, account)


@router.post("/refresh")
async def refresh(body: RefreshRequest, call: Anybody) -> Tokens:
    """Exchange a refresh token, once, for new tokens."""
    account = await call.write(lambda work: access.use_refresh_token(work, body.refresh_token))
    return await _tokens(call, account)


async def _tokens(call: Call, account: Account) -> Tokens:
    issuer = call.service.issuer
    return views.tokens(await call.write(lambda work: access.issue_tokens(work, account, issuer)))
