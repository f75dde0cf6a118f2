"""What the demonstration's table says of time."""

import pytest

from station.demo.table import time_by_state
from station.states import State
from tests.unit.station.rig import Rig


def test_time_by_state_adds_up_to_the_session(rig: Rig) -> None:
    session = rig.seated()
    rig.run(session)
    trail = session.result().trail
    spent = time_by_state(trail)
    assert sum(spent.values()) == pytest.approx(trail[-1].time_s - trail[0].time_s)
    assert spent[State.SWABBING] > 0.0
    assert State.DONE not in spent
