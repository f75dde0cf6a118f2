"""Each law holds within its bound, and the committed page is what the command writes."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from matplotlib.figure import Figure

from sim.errors import SimError
from sim.validation import CHECKS, Check, write
from sim.validation.arm import two_engines
from sim.validation.senses import anatomy

DOCS = Path(__file__).parents[3] / "docs"
PAGE = DOCS / "explanation" / "sim_validation.md"
LONG = (two_engines, anatomy)
ROW = re.compile(r"^\| (.+?) \| (\S+) (\S+) \| (\S+) (\S+) \| (.+?) \|$", re.MULTILINE)


def committed() -> dict[str, tuple[float, float, str]]:
    """Return worst, bound and mark of each check, as the committed page has them."""
    summary = PAGE.read_text("utf-8").partition("\n## ")[0]
    return {
        name: (float(worst), float(bound), mark)
        for name, worst, _, bound, _, mark in ROW.findall(summary)
    }


def agrees_with_the_page(check: Check) -> bool:
    """Whether the page holds this check's bound, its words and its plot; numbers are machines'."""
    worst, bound, mark = committed()[check.name]
    text = PAGE.read_text("utf-8")
    return (
        bound == check.bound
        and worst <= bound
        and mark == "passed"
        and f"## {check.name}\n\n{check.text}\n\n![{check.name}]" in text
    )


@pytest.mark.parametrize("law", [law for law in CHECKS if law not in LONG])
def test_a_law_holds_and_the_page_says_so(law: Callable[[], Check]) -> None:
    check = law()
    assert check.passed, f"{check.name}: {check.worst} {check.unit}, bound {check.bound}"
    assert agrees_with_the_page(check)


@pytest.mark.slow
@pytest.mark.parametrize("law", LONG)
def test_a_law_that_takes_long_holds(law: Callable[[], Check]) -> None:
    check = law()
    assert check.passed, f"{check.name}: {check.worst} {check.unit}, bound {check.bound}"
    assert agrees_with_the_page(check)


def test_the_page_has_every_check_and_its_plot() -> None:
    text = PAGE.read_text("utf-8")
    headings = re.findall(r"^## (.+)$", text, re.MULTILINE)
    plots = re.findall(r"!\[.+?\]\(\.\./(.+?)\)", text)
    assert len(headings) == len(plots) == len(committed()) == len(CHECKS)
    assert headings == list(committed())
    assert all((DOCS / plot).read_text("utf-8").startswith("<svg") for plot in plots)


def test_a_failed_check_is_written_as_failed(tmp_path: Path) -> None:
    check = Check("Law", "How.", worst=0.2, bound=0.1, unit="N", figure=Figure(), table="| a |")
    (tmp_path / "explanation").mkdir()
    page = tmp_path / "explanation" / "page.md"
    write([check], page, tmp_path / "images" / "validation")
    text = page.read_text("utf-8")
    assert "| Law | 0.2 N | 0.1 N | **failed** |" in text
    assert "![Law](../images/validation/law.svg)\n\n| a |" in text
    assert (tmp_path / "images" / "validation" / "law.svg").is_file()


def test_a_page_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(SimError, match=r"page\.md: cannot be written"):
        write([], tmp_path / "nowhere" / "page.md", tmp_path / "images")
