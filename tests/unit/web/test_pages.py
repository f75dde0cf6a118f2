import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient

from booth_queue.texts import catalogue
from booth_queue.web import install
from booth_queue.web.pages import PAGES, Page

WEB = Path(__file__).parents[3] / "booth_queue" / "web"


@pytest.fixture
async def browser() -> AsyncIterator[AsyncClient]:
    app = FastAPI()
    install(app)
    async with AsyncClient(transport=ASGITransport(app), base_url="http://booth") as client:
        yield client


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.path)
async def test_every_page_is_served_in_both_languages(
    browser: AsyncClient, page: Page, lang: str
) -> None:
    answer = await browser.get(page.path, params={"lang": lang})
    assert answer.status_code == 200
    assert catalogue(lang)[page.title] in answer.text


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.path)
async def test_a_page_runs_no_script_and_no_style_but_our_files(
    browser: AsyncClient, page: Page
) -> None:
    answer = await browser.get(page.path)
    policy = dict(
        part.split(" ", 1) for part in answer.headers["content-security-policy"].split("; ")
    )
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
    assert not re.search(r"<script(?![^>]*\bsrc=)", answer.text)
    assert not re.search(r"<style|\sstyle=|\son\w+=", answer.text)
    assert not re.search(r"(src|href|action)=\"(https?:)?//", answer.text)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.path)
async def test_every_file_a_page_names_is_served_and_kept(browser: AsyncClient, page: Page) -> None:
    named = re.findall(r"\"(/static/[^\"]+)\"", (await browser.get(page.path)).text)
    assert len(named) >= 4
    for address in named:
        answer = await browser.get(address)
        assert answer.status_code == 200
        assert "immutable" in answer.headers["cache-control"]


async def test_an_old_version_of_a_file_is_served_but_not_kept(browser: AsyncClient) -> None:
    answer = await browser.get("/static/000000000000/style.css")
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    assert (await browser.get("/static/000000000000/%2e%2e/pages.py")).status_code == 404


@pytest.mark.parametrize(
    ("header", "cookie", "lang"),
    [
        ("en-GB,en;q=0.8", None, "en"),
        ("fr, zh;q=0.4, en;q=0.9", None, "en"),
        ("fr", None, "zh-CN"),
        ("en", "zh", "zh-CN"),
        (";q=x,en", None, "en"),
    ],
)
async def test_the_language_is_the_cookies_then_the_browsers_then_chinese(
    browser: AsyncClient, header: str, cookie: str | None, lang: str
) -> None:
    if cookie:
        browser.cookies.set("lang", cookie)
    answer = await browser.get("/", headers={"Accept-Language": header})
    assert f'<html lang="{lang}"' in answer.text


async def test_the_manifest_and_the_offline_worker_name_the_current_files(
    browser: AsyncClient,
) -> None:
    manifest = (await browser.get("/manifest.webmanifest")).json()
    assert (await browser.get(manifest["icons"][0]["src"])).status_code == 200
    worker = await browser.get("/sw.js")
    assert manifest["icons"][0]["src"].split("/")[2] in worker.text
    assert "@version@" not in worker.text


SCRIPTS = sorted((WEB / "static").rglob("*.js"))
TEMPLATES = sorted((WEB / "templates").rglob("*.html"))


def _stems() -> set[str]:
    """Every key, and every beginning of one: `t(`a.${b}`)` is checked up to its place."""
    return {key[:end] for key in catalogue("zh") for end in range(1, len(key) + 1)}


@pytest.mark.parametrize("file", [*SCRIPTS, *TEMPLATES], ids=lambda file: str(file.name))
def test_every_key_a_file_asks_for_is_in_the_catalogue(file: Path) -> None:
    text = file.read_text("utf-8")
    whole = set(re.findall(r"\bt\('([\w.]+)'[,)]", text))
    begun = set(re.findall(r"\bt\(`([\w.]+\.)\$\{", text)) | set(
        re.findall(r"\bt\('([\w.]+\.)' ~", text)
    )
    assert whole - catalogue("zh").keys() == set()
    assert begun - _stems() == set()


def test_every_key_is_asked_for_somewhere() -> None:
    rooms = (
        WEB.parent,
        WEB.parents[1] / "miniprogram" / "pages",
        WEB.parents[1] / "miniprogram/lib",
    )
    kinds = {".py", ".js", ".html", ".wxml"}
    files = (file for room in rooms for file in room.rglob("*") if file.suffix in kinds)
    text = "".join(file.read_text("utf-8") for file in files)
    begun = tuple(re.findall(r"[`']([a-z_.]+\.)(?:\$\{|' ~)", text))
    looked_up = ("refusal.", "activity.", "place.")  # by code, and by what a booth reports
    unread = {key for key in catalogue("zh") if not key.startswith((*begun, *looked_up))}
    assert {key for key in unread if not re.search(rf"[\"']{re.escape(key)}[\"']", text)} == set()


@pytest.mark.parametrize("file", SCRIPTS, ids=lambda file: str(file.name))
def test_scripts_write_text_never_markup(file: Path) -> None:
    text = file.read_text("utf-8")
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(", text)
