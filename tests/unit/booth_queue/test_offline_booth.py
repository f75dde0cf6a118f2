"""A booth that goes on without the service, and is merged when it is back."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from booth_queue.api import create_app
from booth_queue.client import CodeRefused, OfflineBooth
from booth_queue.contract import Outcome
from booth_queue.contract.work import OfflineVisit
from booth_queue.settings import Settings

from .conftest import NOON, MovableClock, Running, Template, calling


@pytest.fixture
def one_service(sqlite_template: Template, tmp_path: Path) -> Iterator[Running]:
    url, clock = sqlite_template.copy(tmp_path, "queue"), MovableClock()
    with calling(create_app(Settings(database=url), clock=clock)) as http:
        yield Running(http, clock, url, sqlite_template.seeded)


def visit(code: str, barcode: str) -> OfflineVisit:
    return OfflineVisit(
        code=code,
        opened_at=NOON + timedelta(minutes=5),
        closed_at=NOON + timedelta(minutes=6),
        outcome=Outcome.SAMPLED,
        barcode=barcode,
        record={"strokes": 9},
    )


def test_check_write_down_crash_and_merge(one_service: Running, tmp_path: Path) -> None:
    citizens = [one_service.citizen() for _ in range(2)]
    codes = [one.client.code(one.book().id).code for one in citizens]
    elsewhere = one_service.citizen()
    other = elsewhere.client.code(elsewhere.book("demo-b-0000").id).code
    client, journal = one_service.booth(), tmp_path / "journal.jsonl"
    key = client.code_key()
    booth = OfflineBooth("demo-a", key, journal)
    later = NOON + timedelta(minutes=5)
    with pytest.raises(CodeRefused, match="booth demo-b"):
        booth.check(other, later)
    with pytest.raises(CodeRefused, match="signature"):
        booth.check(codes[0][:-4] + "AAAA", later)
    with pytest.raises(CodeRefused, match="over"):
        booth.check(codes[0], NOON + timedelta(days=2))
    booth.write_down(visit(codes[0], "TUBE-1"))
    with pytest.raises(CodeRefused, match="used here already"):
        booth.check(codes[0], later)

    with journal.open("a", encoding="utf-8") as file:
        file.write('{"code": "B1.cut off by a cra')
    booth = OfflineBooth("demo-a", key, journal)
    assert len(booth.visits()) == 1
    with pytest.raises(CodeRefused, match="used here already"):
        booth.check(codes[0], later)
    booth.write_down(visit(codes[1], "TUBE-2"))

    one_service.clock.advance(1200)
    assert [one.merge for one in booth.merge(client)] == ["merged", "merged"]
    assert [one.merge for one in booth.merge(client)] == ["known", "known"]
