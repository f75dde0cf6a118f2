"""A swab that has touched the tongue is changed for another, on the simulated arm."""

from dataclasses import dataclass

import pytest

from arm_control.procedure import Procedure
from sim.eye import EyeModel
from sim.person import Person
from sim.scene import Scene
from sim.truth_eye import SightErrors, TruthEye
from sim.world import Options, World
from spatial import Vector, stamp_ns, vector
from station.config import SessionSettings
from station.record import Outcome
from station.simulated import SimulatedBooth
from vision.frame import Frame
from vision.structure import Structure
from vision.swab import SwabSighting, TipSighting
from vision.target import Refusal, RefusalReason, Sighting


@dataclass
class TongueLover:
    """Knows the truth of the mouth, and sees the tip on the tongue in three pictures."""

    eye: TruthEye
    pictures: int = 0

    def look(self, frame: Frame) -> Refusal:
        return Refusal(RefusalReason.CAMERA, frame.stamp_ns, "no picture is looked at")

    def judge(self, _looks: object, frame: Frame) -> Sighting | Refusal:
        return self.eye.locate(frame)

    def see_swab(self, _looks: object, _frame: Frame, optical_tip: Vector) -> SwabSighting:
        self.pictures += 1
        touched = {Structure.TONGUE: 0.003} if 15 < self.pictures <= 18 else {}
        return SwabSighting(optical_tip, 2e-4, 0.0, TipSighting(vector((0, 0), 2), 0.0, touched))


@pytest.mark.slow  # a minute of physics and control
@pytest.mark.timeout(900)
def test_a_contaminated_swab_ends_in_the_bin_and_a_fresh_one_in_the_tube() -> None:
    eye = TruthEye(SightErrors(), 1)
    adult = Procedure.shipped("oropharyngeal_adult")
    with (
        World(Scene(), 1, Options(eye=EyeModel(painter=lambda: eye))) as world,
        SimulatedBooth(world, TongueLover(eye), adult, SessionSettings()) as booth,
    ):
        world.seat(Person.sample(3))
        session = booth.new_session()
        clock, period_ns = world.clock, stamp_ns(1.0 / world.arm.info.rate_hz)
        session.call(clock.now_ns())
        session.sit(clock.now_ns())
        while not session.finished:
            session.tick()
            clock.sleep_until(clock.now_ns() + period_ns)
        result, truth = session.result(), world.truth
    assert result.outcome is Outcome.SAMPLED, result.detail
    assert [entry.event for entry in result.trail].count("change_swab") == 1
    assert [site.strokes >= 3 for site in result.sites] == [True, True, True]
    assert truth.tubes == 1
    assert truth.peak_force < 1.0
    assert truth.peak_collision == 0.0
