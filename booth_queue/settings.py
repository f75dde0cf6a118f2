"""Configuration: declared here once, typed and bounded; files and environment give values."""

import base64
import binascii
import os
from collections.abc import Mapping
from dataclasses import fields
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, model_validator

from booth_queue.errors import ConfigurationError
from booth_queue.service.policy import Policy

PREFIX: Final = "BOOTH_QUEUE_"
# Known to everybody who reads this file, hence refused in production.
DEMO_KEY: Final = base64.b64encode(b"demo key: known to everybody!!!!").decode()


class Mode(StrEnum):
    """What the service is run for."""

    DEMO = "demo"
    PRODUCTION = "production"


class Settings(BaseModel):
    """Settings of the service.

    Attributes
    ----------
    secret_key
        Master key, 32 bytes in base64; every other key is derived from it.
    wechat_app_id, wechat_secret
        The mini-program's credentials; without them nobody can sign in with WeChat.
    wechat_call_template
        Template of the message that tells people they are called; without it none is sent.
    sms_url, sms_token, sms_template
        Gateway that sends one-time codes (`booth_queue.adapters.messages.HttpSender`); without it
        nobody can sign in by phone in production.
    holidays
        Days off, besides weekends, that deadlines in working days pass over.
    policy
        Values for fields of `booth_queue.service.policy.Policy`, by name.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    mode: Mode = Mode.DEMO
    database: str = "sqlite:///booth_queue.db"
    host: str = "127.0.0.1"
    port: int = Field(default=8080, ge=1, le=65_535)
    workers: int = Field(default=1, ge=1, le=64)
    database_pool: int = Field(default=16, ge=1, le=200)
    secret_key: SecretStr = SecretStr(DEMO_KEY)
    wechat_base_url: str = "https://api.weixin.qq.com"
    wechat_app_id: str | None = None
    wechat_secret: SecretStr | None = None
    wechat_call_template: str | None = None
    sms_url: str | None = Field(default=None, pattern=r"^https?://")
    sms_token: SecretStr | None = None
    sms_template: str | None = None
    policy: dict[str, int] = Field(default_factory=dict)
    holidays: tuple[date, ...] = ()

    @model_validator(mode="after")
    def _check(self) -> Self:
        self.master_key()
        self.make_policy()
        if self.mode is Mode.PRODUCTION and self.secret_key.get_secret_value() == DEMO_KEY:
            raise ValueError(
                f"production needs a secret of its own: set {PREFIX}SECRET_KEY or "
                f"{PREFIX}SECRET_KEY_FILE to 32 random bytes in base64"
            )
        if (self.wechat_app_id is None) != (self.wechat_secret is None):
            raise ValueError("wechat_app_id and wechat_secret belong together: give both or none")
        if len({self.sms_url is None, self.sms_token is None, self.sms_template is None}) != 1:
            raise ValueError(
                "sms_url, sms_token and sms_template belong together: give all or none"
            )
        if self.workers > 1 and self.database.startswith("sqlite"):
            raise ValueError(
                f"workers={self.workers} needs PostgreSQL; SQLite has one writer (workers=1)"
            )
        return self

    def master_key(self) -> bytes:
        """Return the 32 bytes of the master key."""
        try:
            key = base64.b64decode(self.secret_key.get_secret_value(), validate=True)
        except binascii.Error as error:
            raise ValueError("secret_key is not base64") from error
        if len(key) != 32:
            raise ValueError(f"secret_key has {len(key)} bytes, needs 32")
        return key

    def make_policy(self) -> Policy:
        """Return the limits the use cases go by."""
        known = {field.name for field in fields(Policy)}
        unknown = sorted(set(self.policy) - known)
        if unknown:
            raise ValueError(f"policy has no {', '.join(unknown)}; it has {sorted(known)}")
        return Policy(**self.policy)


def load(
    file: Path | None = None,
    environ: Mapping[str, str] | None = None,
    overrides: Mapping[str, Any] | None = None,
) -> Settings:
    """Return settings from a YAML file, then the environment, then the command line.

    ``BOOTH_QUEUE_<NAME>`` gives a value, ``BOOTH_QUEUE_<NAME>_FILE`` the path of a file that holds
    it, for secrets.

    Raises
    ------
    ConfigurationError
        A key is unknown or a value out of bounds; the message names where, what and the bound.
    """
    environ = os.environ if environ is None else environ
    values: dict[str, Any] = {}
    sources: dict[str, str] = {}
    for source, given in (
        (str(file), _from_file(file)),
        ("environment", _from_environment(environ)),
        ("command line", {k: v for k, v in (overrides or {}).items() if v is not None}),
    ):
        values |= given
        sources |= dict.fromkeys(given, source)
    try:
        return Settings(**values)
    except ValidationError as error:
        raise ConfigurationError(_explain(error, sources)) from error


def _from_file(file: Path | None) -> dict[str, Any]:
    if file is None:
        return {}
    try:
        given = yaml.safe_load(file.read_text(encoding="utf-8")) or {}
    except (OSError, yaml.YAMLError) as error:
        raise ConfigurationError(f"{file}: cannot be read ({error})") from error
    if not isinstance(given, dict):
        raise ConfigurationError(f"{file}: must be a mapping of setting to value")
    return given


def _from_environment(environ: Mapping[str, str]) -> dict[str, Any]:
    given: dict[str, Any] = {}
    for variable, value in environ.items():
        if not variable.startswith(PREFIX):
            continue
        name = variable.removeprefix(PREFIX).lower()
        if name.endswith("_file"):
            try:
                value = Path(value).read_text(encoding="utf-8").strip()  # noqa: PLW2901 - the value meant
            except OSError as error:
                raise ConfigurationError(f"{variable}: cannot be read ({error})") from error
            name = name.removesuffix("_file")
        given[name] = yaml.safe_load(value) if name in {"policy", "holidays"} else value
    return given


def _explain(error: ValidationError, sources: Mapping[str, str]) -> str:
    told = []
    for fault in error.errors():
        name = ".".join(map(str, fault["loc"]))
        source = sources.get(name.split(".")[0], "settings")
        told.append(f"{source}: {name + ': ' if name else ''}{fault['msg']}")
    return "; ".join(told)
