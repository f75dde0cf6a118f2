"""What the queue bridge says to the service about one person."""

from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
from booth_queue_bridge.convert import Ended
from booth_queue_bridge.desk import Desk

from booth_queue.client import BoothClient, Unreachable
from booth_queue.contract import Outcome
from tests.unit.station.rig import PERSON

pytestmark = pytest.mark.ros


class FakeService:
    """Closes sessions, or fails as it is told."""

    def __init__(self) -> None:
        self.failure: Exception | None = None
        self.closed: list[tuple[str, Outcome, str | None]] = []
        self.faults: list[str] = []

    def open_session(self, _ticket: str) -> SimpleNamespace:
        return SimpleNamespace(id="S2")

    def report_fault(self, code: str, _detail: str, *, session_id: str | None) -> None:
        assert session_id is None
        self.faults.append(code)

    def close_session(self, session: str, outcome: Outcome, *, reason: str | None) -> None:
        if self.failure is not None:
            raise self.failure
        self.closed.append((session, outcome, reason))


def desk(memory: Path) -> tuple[Desk, FakeService, list[str]]:
    service, said = FakeService(), list[str]()
    return Desk(cast("BoothClient", service), memory, said.append), service, said


def test_a_session_left_open_is_closed_as_soon_as_the_service_answers(tmp_path: Path) -> None:
    memory = tmp_path / "open.json"
    memory.write_text('{"session": "S1"}')
    at_desk, service, said = desk(memory)
    service.failure = Unreachable("nobody answers")
    assert not at_desk.recover()
    assert "nobody answers" in said[-1]
    service.failure = None
    assert at_desk.recover()
    assert service.closed == [("S1", Outcome.ABORTED, "bridge_lost")]
    assert at_desk.recover()
    assert len(service.closed) == 1


@pytest.mark.parametrize(
    ("reason", "faults"), [("not_ready", ["not_ready"]), ("swab_lost", []), ("no_show", [])]
)
def test_an_arm_that_does_not_get_ready_calls_nobody_else(
    tmp_path: Path, reason: str, faults: list[str]
) -> None:
    at_desk, service, _ = desk(tmp_path / "open.json")
    at_desk.close(PERSON, Ended(Outcome.ABORTED, reason, None), "T-01")
    assert service.closed == [("S2", Outcome.ABORTED, reason)]
    assert service.faults == faults


@pytest.mark.parametrize("content", ["", "{", "[]", '{"other": 1}', "7"])
def test_a_memory_that_cannot_be_read_is_set_aside(tmp_path: Path, content: str) -> None:
    memory = tmp_path / "open.json"
    memory.write_text(content)
    at_desk, service, said = desk(memory)
    assert at_desk.recover()
    assert "staff console" in said[-1]
    assert (tmp_path / "open.unreadable").read_text() == content
    assert not memory.exists()
    assert service.closed == []
