"""The mini-program against the running service, with a stand-in for WeChat's server behind it."""

import json
from pathlib import Path

import pytest
from fastapi import FastAPI

from tests.e2e.web.service import Service, free_port, id_number
from tests.serving import serving
from tests.unit.booth_queue.wechat_stand_in import APP_ID, SECRET, StandIn

from .test_js import jest

TOKEN_S = 5  # short, so that a test can wait for the end of one


def phones(wechat: StandIn) -> FastAPI:
    """WeChat's server, and what its app on the phone does at it."""
    app = wechat.app()

    @app.post("/phone/login/{openid}")
    async def login(openid: str) -> dict[str, str]:
        code = f"code-{len(wechat.codes) + 1}"
        wechat.codes[code] = openid
        return {"code": code}

    @app.post("/phone/subscribe/{openid}")
    async def subscribe(openid: str) -> dict[str, int]:
        wechat.subscriptions[openid] += 1
        return {"left": wechat.subscriptions[openid]}

    @app.get("/phone/messages")
    async def messages() -> list[dict[str, object]]:
        return wechat.messages

    return app


@pytest.mark.timeout(600)
def test_a_family_visits_by_mini_program(tmp_path: Path) -> None:
    with serving(phones(StandIn())) as wechat:
        service = Service(
            tmp_path,
            free_port(),
            {
                "BOOTH_QUEUE_WECHAT_BASE_URL": wechat,
                "BOOTH_QUEUE_WECHAT_APP_ID": APP_ID,
                "BOOTH_QUEUE_WECHAT_SECRET": SECRET,
                "BOOTH_QUEUE_WECHAT_CALL_TEMPLATE": "called",
                "BOOTH_QUEUE_POLICY": json.dumps({"access_token_s": TOKEN_S}),
            },
        )
        service.seed(booths=1)
        service.start()
        try:
            jest("live", {"LIVE_SERVICE": json.dumps(told(service, wechat))})
        finally:
            service.stop()


def told(service: Service, wechat: str) -> dict[str, object]:
    """Return what the tests in JavaScript have to know."""
    booth = service.booths[0]
    return {
        "service": service.url,
        "wechat": wechat,
        "token_s": TOKEN_S,
        "booth": {"client_id": booth.client_id, "secret": booth.secret},
        "staff": {
            role: {"name": f"demo-{role}", "password": service.staff[f"demo-{role}"]}
            for role in ("staff", "lab", "enterprise")
        },
        "people": [id_number(601), id_number(602, "20180101")],
    }
