"""A stand-in for WeChat's server that behaves as the documented one does, run on a free port.

Codes are good once (40029 for unknown ones, 40163 for used ones); an access token lasts 7200 s and
is ended by the next one (40001); a subscription is good for one message (43101).
"""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from fastapi import FastAPI, Request

APP_ID, SECRET = "wx-demo", "demo-secret"


@dataclass
class StandIn:
    """What the stand-in knows; tests give codes and subscriptions, and read messages."""

    codes: dict[str, str] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)
    subscriptions: Counter[str] = field(default_factory=Counter)
    messages: list[dict[str, Any]] = field(default_factory=list)
    tokens: int = 0
    lives_s: int = 7200
    away: bool = False

    @property
    def token(self) -> str:
        return f"token-{self.tokens}"

    def app(self) -> FastAPI:
        app = FastAPI()
        app.get("/sns/jscode2session")(self._session)
        app.get("/cgi-bin/token")(self._token)
        app.post("/cgi-bin/message/subscribe/send")(self._send)
        return app

    async def _session(
        self, appid: str, secret: str, js_code: str, grant_type: str
    ) -> dict[str, Any]:
        if (appid, secret) != (APP_ID, SECRET) or grant_type != "authorization_code":
            return {"errcode": 40125, "errmsg": "invalid appsecret"}
        if js_code in self.used:
            return {"errcode": 40163, "errmsg": "code been used"}
        if js_code not in self.codes:
            return {"errcode": 40029, "errmsg": "invalid code"}
        self.used.add(js_code)
        return {"openid": self.codes[js_code], "session_key": "c2Vzc2lvbg=="}

    async def _token(self, appid: str, secret: str, grant_type: str) -> dict[str, Any]:
        if (appid, secret) != (APP_ID, SECRET) or grant_type != "client_credential":
            return {"errcode": 40125, "errmsg": "invalid appsecret"}
        self.tokens += 1
        return {"access_token": self.token, "expires_in": self.lives_s}

    async def _send(self, access_token: str, request: Request) -> dict[str, Any]:
        if access_token != self.token:
            return {"errcode": 40001, "errmsg": "invalid credential"}
        if self.away:
            return {"errcode": -1, "errmsg": "system error"}
        message = await request.json()
        if self.subscriptions[message["touser"]] == 0:
            return {"errcode": 43101, "errmsg": "user refuse to accept the msg"}
        self.subscriptions[message["touser"]] -= 1
        self.messages.append(message)
        return {"errcode": 0, "errmsg": "ok"}
