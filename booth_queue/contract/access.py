"""Signing in, and who one is."""

from datetime import date
from typing import Annotated

from pydantic import Field, StringConstraints

from booth_queue.contract.base import Answer, Identifier, Request, Stamp
from booth_queue.domain.vocabulary import Language, Need, Role

Phone = Annotated[str, StringConstraints(pattern=r"^1[0-9]{10}$")]
Name = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x1f\x7f]{1,64}$")]
IdNumber = Annotated[str, StringConstraints(pattern=r"^[0-9]{17}[0-9X]$")]


class CodeRequest(Request):
    """Ask for a one-time code by text message."""

    phone: Phone


class CodeSent(Answer):
    """The code is under way; ``demo_code`` is filled in demo mode alone."""

    valid_s: int
    demo_code: str | None = None


class PhoneSignIn(Request):
    """Exchange a one-time code for tokens."""

    phone: Phone
    code: Annotated[str, StringConstraints(pattern=r"^[0-9]{6}$")]


class WeChatSignIn(Request):
    """Exchange the code of ``wx.login`` for tokens."""

    code: Annotated[str, StringConstraints(min_length=1, max_length=256)]


class SubscriptionRequest(Request):
    """A user has agreed to be sent one message of this WeChat template."""

    template: Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z_-]{1,64}$")]


class StaffSignIn(Request):
    """Name and password of staff, grid worker, enterprise, laboratory or desk."""

    name: Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z_.-]{1,64}$")]
    password: Annotated[str, StringConstraints(min_length=1, max_length=256)]


class DeviceSignIn(Request):
    """A booth's own credentials."""

    client_id: Identifier
    secret: Annotated[str, StringConstraints(min_length=1, max_length=256)]


class RefreshRequest(Request):
    """A refresh token, good for one use."""

    refresh_token: Annotated[str, StringConstraints(min_length=1, max_length=256)]


class Tokens(Answer):
    """A short-lived access token and a single-use refresh token."""

    access_token: str
    refresh_token: str
    expires_in_s: int
    role: Role


class PersonRegistration(Request):
    """Register oneself or a dependant; consent to processing is explicit."""

    name: Name
    id_number: IdNumber
    phone: Phone | None = None
    language: Language = Language.ZH
    needs: frozenset[Need] = frozenset()
    consent: bool = Field(description="Consent to processing health data for this purpose")
    guardian_consent: bool = Field(
        default=False, description="Separate consent, required for a person under 14"
    )


class PersonView(Answer):
    """A person as answers show one: masked, whoever asks."""

    id: Identifier
    name_masked: str
    id_number_masked: str
    phone_masked: str | None
    birth_date: date | None
    language: Language
    needs: frozenset[Need]
    relation: str = Field(description="`self` or `dependant`")
    consent_at: Stamp | None
    confirmed: bool = Field(
        default=True,
        description="False for a dependant whom nobody on duty has seen with the account's owner: "
        "results and erasure wait for that",
    )


class People(Answer):
    """The people an account may book for."""

    people: list[PersonView]
