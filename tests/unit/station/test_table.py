"""What the demonstration's table says of time."""

import pytest

from station.booth import Served
from station.demo.table import HEADINGS, Row, time_by_state
from station.signing import SignedRecord
from station.states import State
from tests.unit.station.rig import PERSON, Rig


def test_time_by_state_adds_up_to_the_session(rig: Rig) -> None:
    session = rig.seated()
    rig.run(session)
    trail = session.result().trail
    spent = time_by_state(trail)
    assert sum(spent.values()) == pytest.approx(trail[-1].time_s - trail[0].time_s)
    assert spent[State.SWABBING] > 0.0
    assert State.DONE not in spent


def test_a_row_tells_how_much_of_the_worst_site_was_wiped(rig: Rig) -> None:
    rig.arm.wiped = 0.7
    session = rig.seated()
    rig.run(session)
    signed = SignedRecord({}, 1, "", "", "", "")
    row = Row(Served(PERSON, "s", session.result(), signed, "T1"), (), 0.3, "")
    told = dict(zip(HEADINGS, row.cells(), strict=True))
    assert (told["outcome"], told["sites"], told["strokes"]) == ("sampled", "R L W", "9")
    assert told["wiped"] == "75%"
