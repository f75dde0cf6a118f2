"""The simulated booth brings its arm to rest by itself, wherever a session left it."""

from typing import cast

import pytest

from arm_control.procedure import Procedure
from sim.scene import Scene
from sim.world import World
from station import chores
from station.config import SessionSettings
from station.simulated import SimulatedBooth, places_of
from vision.pipeline import Looker


@pytest.mark.timeout(600)
def test_from_before_the_face_a_used_swab_goes_to_the_bin_and_the_arm_to_rest() -> None:
    """Where a tripped session ends: straight from there to the bin a joint comes to its end."""
    blind = cast("Looker", None)  # nobody looks while the arm tidies up
    adult = Procedure.shipped("oropharyngeal_adult")
    with (
        World(Scene(), 1) as world,
        SimulatedBooth(world, blind, adult, SessionSettings()) as booth,
    ):
        booth.swab.use()
        booth.tidy()
        assert booth.swab.holding
        assert not booth.swab.used
        assert not booth.latched
        places = places_of(world.scene)
        assert world.base_tip.translation == pytest.approx(places.base_rest.translation, abs=0.005)
        booth.swab.use()  # as a ROS station finds it: at rest, with a swab that may be used
        assert booth._do(chores.take_swab(booth.swab, places)) is None
        assert not booth.swab.used
