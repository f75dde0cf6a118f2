import json
import re
from pathlib import Path

import pytest

from booth_queue.texts import catalogue
from booth_queue.web.miniprogram import shared_files

MINIPROGRAM = Path(__file__).parents[3] / "miniprogram"


@pytest.mark.parametrize("name", sorted(shared_files()))
def test_what_is_shared_is_the_same_on_both_sides(name: str) -> None:
    copied = (MINIPROGRAM / "shared" / name).read_text("utf-8")
    assert copied == shared_files()[name], (
        f"miniprogram/shared/{name} is old; run python -m booth_queue.web.miniprogram"
    )


def test_nothing_else_lies_among_the_shared_files() -> None:
    there = {path.name for path in (MINIPROGRAM / "shared").iterdir()}
    assert there == set(shared_files())


def test_every_page_named_is_there_whole() -> None:
    app = json.loads((MINIPROGRAM / "app.json").read_text("utf-8"))
    for page in app["pages"]:
        for ending in ("js", "json", "wxml", "wxss"):
            assert (MINIPROGRAM / f"{page}.{ending}").is_file()
    assert {tab["pagePath"] for tab in app["tabBar"]["list"]} <= set(app["pages"])


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize(
    "file",
    [*(MINIPROGRAM / "pages").rglob("*.js"), *(MINIPROGRAM / "lib").rglob("*.js")],
    ids=lambda file: str(file.name),
)
def test_every_key_the_mini_program_asks_for_was_copied(file: Path, lang: str) -> None:
    text = file.read_text("utf-8")
    copied = shared_files()["words.js"]
    words = json.loads(copied[copied.index("{") : copied.rindex("}") + 1])[lang]
    asked = set(re.findall(r"\bt\('([\w.]+)'[,)]", text))
    asked |= set(re.findall(r": '([a-z_]+\.[\w.]+)'", text)) & catalogue(lang).keys()
    assert asked - words.keys() == set()
