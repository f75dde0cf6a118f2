"""WeChat's server side: who a mini-program's user is, and sending one subscribed message."""

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final, Self

import httpx

from booth_queue.domain.refusals import SignInFailed, WeChatUnavailable
from booth_queue.service.ports import Clock

# Documented error codes: a sign-in code that is wrong or was used; an access token that is.
_CODE_WRONG: Final = frozenset({40029, 40163, 41008})
_TOKEN_OVER: Final = frozenset({40001, 40014, 42001})
NOT_SUBSCRIBED: Final = 43101
# A token is renewed this long before its end, so that none runs out on the way.
_MARGIN: Final = timedelta(seconds=300)


class WeChat:
    """The calls this service makes.

    Parameters
    ----------
    base_url
        Root of the API; tests run a stand-in there.
    app_id, secret
        The mini-program's own credentials; they are sent to WeChat alone and never logged.
    """

    def __init__(
        self,
        base_url: str,
        app_id: str,
        secret: str,
        clock: Clock,
        http: httpx.AsyncClient | None = None,
    ) -> None:
        self._http = http or httpx.AsyncClient(base_url=base_url, timeout=5.0, trust_env=False)
        self._credentials = {"appid": app_id, "secret": secret}
        self._clock = clock
        self._token: str | None = None
        self._renew_at: datetime | None = None
        self._renewing = asyncio.Lock()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connection."""
        await self._http.aclose()

    async def open_id(self, code: str) -> str:
        """Exchange the code of ``wx.login`` (code2Session) for the user's open id.

        Raises
        ------
        SignInFailed
            The code is wrong, over, or was used.
        WeChatUnavailable
            WeChat does not answer, is busy or refuses these credentials.
        """
        asked = self._credentials | {"js_code": code, "grant_type": "authorization_code"}
        told = await self._ask("GET", "/sns/jscode2session", params=asked)
        if told.get("errcode", 0) in _CODE_WRONG:
            raise SignInFailed
        open_id = told.get("openid")
        if not isinstance(open_id, str):
            raise WeChatUnavailable(errcode=told.get("errcode"))
        return open_id

    async def send(self, open_id: str, template: str, page: str, data: Mapping[str, str]) -> bool:
        """Send one subscribed message; False if the user has no subscription left.

        Raises
        ------
        WeChatUnavailable
            WeChat does not answer or refuses.
        """
        message = {
            "touser": open_id,
            "template_id": template,
            "page": page,
            "data": {name: {"value": value} for name, value in data.items()},
        }
        for attempt in range(2):
            token = await self._access_token()
            told = await self._ask(
                "POST",
                "/cgi-bin/message/subscribe/send",
                params={"access_token": token},
                json=message,
            )
            error = told.get("errcode", 0)
            if error in _TOKEN_OVER and attempt == 0:
                # Over before its time: somebody has drawn a new one, which ends the old.
                await self._forget(token)
                continue
            if error == NOT_SUBSCRIBED:
                return False
            if error != 0:
                raise WeChatUnavailable(errcode=error)
            return True
        raise WeChatUnavailable(errcode="token")

    async def _access_token(self) -> str:
        async with self._renewing:
            now = self._clock.now()
            if self._token is None or self._renew_at is None or now >= self._renew_at:
                asked = self._credentials | {"grant_type": "client_credential"}
                told = await self._ask("GET", "/cgi-bin/token", params=asked)
                token, lives_s = told.get("access_token"), told.get("expires_in")
                if not isinstance(token, str) or not isinstance(lives_s, int):
                    raise WeChatUnavailable(errcode=told.get("errcode"))
                self._token = token
                self._renew_at = now + timedelta(seconds=lives_s) - _MARGIN
            return self._token

    async def _forget(self, token: str) -> None:
        async with self._renewing:
            if self._token == token:
                self._token = None

    async def _ask(self, method: str, path: str, **said: Any) -> dict[str, Any]:  # noqa: ANN401 - httpx's own
        try:
            answered = await self._http.request(method, path, **said)
            told = answered.raise_for_status().json()
        except (httpx.HTTPError, ValueError) as error:
            # The error's text holds the address, and the address holds the secret.
            raise WeChatUnavailable(errcode=type(error).__name__) from None
        if not isinstance(told, dict):
            raise WeChatUnavailable(errcode="answer")
        return told
