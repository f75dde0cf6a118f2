from pathlib import Path

import pytest

from station import diagram
from station.errors import StationError
from station.states import TERMINAL, TRANSITIONS, Event, State, events_in, transition


def test_every_state_can_be_reached_and_left_or_is_final() -> None:
    reached = {State.IDLE}
    while True:
        further = {row.target for row in TRANSITIONS if row.source in reached} - reached
        if not further:
            break
        reached |= further
    assert reached == set(State)
    for state in State:
        assert (not list(events_in(state))) == (state in TERMINAL)


def test_an_end_can_be_reached_from_every_state() -> None:
    ending = set(TERMINAL)
    while True:
        further = {row.source for row in TRANSITIONS if row.target in ending} - ending
        if not further:
            break
        ending |= further
    assert ending == set(State)


def test_every_event_leads_somewhere() -> None:
    assert {row.event for row in TRANSITIONS} == set(Event)


def test_from_near_the_face_only_a_fault_skips_the_withdrawal() -> None:
    near = {State.APPROACHING, State.ENTERING, State.SWABBING}
    for row in TRANSITIONS:
        if row.source in near and row.target in TERMINAL | {State.DEPOSITING}:
            assert row.event is Event.FAULT, row


@pytest.mark.parametrize("state", sorted(set(State) - TERMINAL))
def test_a_fault_aborts_from_everywhere(state: State) -> None:
    assert transition(state, Event.FAULT).target is State.ABORTED


def test_what_is_not_in_the_table_is_refused_with_what_is() -> None:
    with pytest.raises(StationError, match=r"at_site cannot happen in idle; .*call"):
        transition(State.IDLE, Event.AT_SITE)


def test_the_drawings_hold_every_transition() -> None:
    drawings = diagram.mermaid(), diagram.dot(), diagram.table()
    for row in TRANSITIONS:
        if row.event is Event.FAULT:
            continue
        for drawing in drawings:
            assert any(
                row.source.name in line and row.target.name in line and row.event in line
                for line in drawing.splitlines()
            ), (row, drawing)


def test_the_documentation_page_is_the_one_written_by_the_command() -> None:
    path = Path(__file__).parents[3] / "docs/reference/session_states.md"
    assert path.read_text(encoding="utf-8") == diagram.page(), (
        "run `booth station diagram --format page > docs/reference/session_states.md`"
    )
