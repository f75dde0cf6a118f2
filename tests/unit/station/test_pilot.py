"""The booth's own session as a pilot of the simulator's scenarios."""

from pathlib import Path
from typing import cast

import pytest

from sim import episode
from sim.errors import SimError
from sim.faults import Fault, Mode, Unit
from sim.pilot import pilot_named
from sim.scenario import EngineName, Scenario, load_folder
from sim.timeline import Happening
from sim.world import World
from station.pilot import StationPilot

FOLDER = Path(__file__).parents[3] / "station" / "scenarios"
SCENARIOS = load_folder(FOLDER)


def test_it_is_found_by_its_name() -> None:
    assert isinstance(pilot_named("station.pilot:StationPilot"), StationPilot)


def test_what_it_cannot_fly_is_refused_before_it_takes_off() -> None:
    broken = Happening(Fault(Unit.VISION, Mode.OFF, 1.0))
    nowhere = cast("World", None)
    with pytest.raises(SimError, match="no vision process"):
        StationPilot().fly(nowhere, Scenario("blind", happenings=(broken,)))
    with pytest.raises(SimError, match="bullet alone"):
        StationPilot().options(Scenario("other", engine=EngineName.MUJOCO))


def test_its_world_has_pictures() -> None:
    assert StationPilot().options(Scenario("plain")).eye.painter is not None


@pytest.mark.slow  # a minute of physics, pictures and control each
@pytest.mark.timeout(900)
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_what_only_the_eye_can_see_ends_as_expected(scenario: Scenario) -> None:
    flown = episode.run(scenario, StationPilot())
    assert flown.passed, (flown.verdict, flown.reason, flown.detail, flown.misses)
