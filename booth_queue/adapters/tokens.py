"""Short-lived access tokens: JSON Web Tokens signed with HMAC-SHA-256."""

from datetime import datetime, timedelta
from typing import Final

import jwt

from booth_queue.domain.people import Account
from booth_queue.domain.refusals import SignInFailed
from booth_queue.domain.vocabulary import Role
from booth_queue.service.ports import Actor

_ALGORITHM: Final = "HS256"
_AUDIENCE: Final = "booth_queue"


class JwtIssuer:
    """Issues and reads access tokens; an actor is what the token says, without a look-up."""

    def __init__(self, key: bytes, lives_s: int) -> None:
        self._key = key
        self._lives_s = lives_s

    def issue(self, account: Account, now: datetime) -> tuple[str, int]:
        """Return a signed token and for how many seconds it is good."""
        claims = {
            "sub": account.id,
            "aud": _AUDIENCE,
            "role": account.role.value,
            "site": account.site_id,
            "booth": account.booth_id,
            "grid": account.grid_id,
            "exp": now + timedelta(seconds=self._lives_s),
        }
        return jwt.encode(claims, self._key, algorithm=_ALGORITHM), self._lives_s

    def read(self, token: str, now: datetime) -> Actor:
        """Return who a token was issued to.

        Raises
        ------
        SignInFailed
            Not ours, tampered with, or over.
        """
        try:
            claims = jwt.decode(
                token,
                self._key,
                algorithms=[_ALGORITHM],
                audience=_AUDIENCE,
                # The time is the service's own, not the library's.
                options={"require": ["exp", "sub", "aud"], "verify_exp": False},
            )
            if claims["exp"] <= now.timestamp():
                raise SignInFailed
            return Actor(
                account_id=claims["sub"],
                role=Role(claims["role"]),
                site_id=claims["site"],
                booth_id=claims["booth"],
                grid_id=claims["grid"],
            )
        except (jwt.InvalidTokenError, KeyError, ValueError) as error:
            raise SignInFailed from error
