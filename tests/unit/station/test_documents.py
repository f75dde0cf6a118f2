"""What the documents claim is there: tests named in the hazard table, links, commands."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
SAFETY = ROOT / "docs/safety.md"
DOCUMENTS = [
    SAFETY,
    ROOT / "docs/quick-start.md",
    ROOT / "docs/explanation/architecture.md",
    *sorted((ROOT / "docs/decisions").glob("*.md")),
]


def named_tests() -> list[tuple[str, str]]:
    return re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", SAFETY.read_text(encoding="utf-8"))


@pytest.mark.parametrize(("path", "name"), named_tests())
def test_every_test_named_in_the_hazard_table_exists(path: str, name: str) -> None:
    source = (ROOT / path).read_text(encoding="utf-8")
    assert re.search(rf"^\s*(?:async )?def {name}\(", source, re.MULTILINE)


def test_every_hazard_names_a_control_and_a_test() -> None:
    rows = [
        line
        for line in SAFETY.read_text(encoding="utf-8").splitlines()
        if line.startswith("|") and not line.startswith(("| hazard", "|---"))
    ]
    assert len(rows) >= 20
    for row in rows:
        hazard, control, shown = (cell.strip() for cell in row.strip("|").split("|"))
        assert hazard
        assert control
        assert "::test_" in shown, hazard


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_between_documents_lead_somewhere(document: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)\)", document.read_text(encoding="utf-8")):
        if "://" not in target:
            assert (document.parent / target).exists(), target
