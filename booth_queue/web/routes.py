"""Serves the pages and what they load. Everything they show comes from the API, by script."""

from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from importlib.resources import files
from typing import Final

from fastapi import APIRouter, FastAPI
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response

from booth_queue.domain.vocabulary import Language
from booth_queue.texts import catalogue, tell
from booth_queue.web.assets import Assets
from booth_queue.web.pages import PAGES, Page, siblings
from booth_queue.web.reader import Reader

_CONTENT_POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data: blob:",
        "connect-src 'self'",
        "manifest-src 'self'",
        "worker-src 'self'",
        "form-action 'none'",  # pages send by script, so that nothing typed is ever in an address
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
PAGE_HEADERS: Final[Mapping[str, str]] = {
    "Content-Security-Policy": _CONTENT_POLICY,
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    # the booth's screen shows the citizen's own face as in a mirror; nothing else is asked for
    "Permissions-Policy": "camera=(self), geolocation=(self), microphone=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    # a page is small and names its files by version: ask whether it is still the current one
    "Cache-Control": "no-cache",
    "Vary": "Cookie, Accept-Language",
}
_FOREVER: Final = "public, max-age=31536000, immutable"


def install(app: FastAPI) -> None:
    """Add every page, its files, the offline worker and the manifest to the application."""
    assets = Assets.load()
    templates = Environment(
        loader=FileSystemLoader(str(files("booth_queue.web") / "templates")),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    router = APIRouter(include_in_schema=False)
    for page in PAGES:
        router.add_api_route(page.path, _page_route(page, templates, assets), methods=["GET"])
    router.add_api_route("/static/{version}/{name:path}", _asset_route(assets), methods=["GET"])
    router.add_api_route("/sw.js", _worker_route(assets), methods=["GET"])
    router.add_api_route("/manifest.webmanifest", _manifest_route(assets), methods=["GET"])
    app.include_router(router)


def _page_route(
    page: Page, templates: Environment, assets: Assets
) -> Callable[[Request], Awaitable[Response]]:
    async def show(request: Request) -> Response:
        reader = Reader.of(request)
        html = templates.get_template(f"{page.name}.html").render(
            page=page,
            siblings=siblings(page),
            lang=reader.language.value,
            type="large" if reader.large_type else "usual",
            t=partial(_sentence, reader.language),
            has=catalogue(reader.language).__contains__,
            tell=tell,
            asset=assets.address,
        )
        return HTMLResponse(html, headers=dict(PAGE_HEADERS))

    return show


def _sentence(language: Language, key: str, **values: object) -> str:
    return tell(language, key, values)


def _asset_route(assets: Assets) -> Callable[[str, str], Awaitable[Response]]:
    async def send(version: str, name: str) -> Response:
        asset = assets.by_name.get(name)
        if asset is None:
            return PlainTextResponse("No such file.", status_code=404)
        # A page of the last version may still ask: it is served, but not kept.
        kept = _FOREVER if version == assets.version else "no-store"
        headers = {"Cache-Control": kept, "X-Content-Type-Options": "nosniff"}
        return Response(asset.body, media_type=asset.media_type, headers=headers)

    return send


def _worker_route(assets: Assets) -> Callable[[], Awaitable[Response]]:
    body = assets.by_name["js/offline.js"].body.replace(b"@version@", assets.version.encode())

    async def send() -> Response:
        headers = {"Cache-Control": "no-cache", "X-Content-Type-Options": "nosniff"}
        return Response(body, media_type="text/javascript", headers=headers)

    return send


def _manifest_route(assets: Assets) -> Callable[[Request], Awaitable[Response]]:
    async def send(request: Request) -> Response:
        language = Reader.of(request).language
        return JSONResponse(
            {
                "name": tell(language, "brand"),
                "short_name": tell(language, "brand"),
                "lang": language.value,
                "start_url": "/citizen",
                "scope": "/",
                "display": "standalone",
                "background_color": "#f2f5f6",
                "theme_color": "#0b6568",
                "icons": [
                    {"src": assets.address("img/icon.svg"), "sizes": "any", "type": "image/svg+xml"}
                ],
            },
            media_type="application/manifest+json",
        )

    return send
