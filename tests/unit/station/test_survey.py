from dataclasses import replace

import pytest

from arm_control.procedure import Procedure
from station.config import SessionSettings
from station.survey import Survey
from tests.unit.station.rig import FakeSight
from vision.target import Refusal, RefusalReason, Site
from vision.tracking import TrackedTarget


@pytest.fixture
def procedure() -> Procedure:
    return Procedure.shipped("oropharyngeal_adult")


class Seeing(FakeSight):
    """Sees every target with some of its values changed."""

    def __init__(self, **changed: object) -> None:
        super().__init__()
        self._changed = changed

    def target(self, site: Site, now_ns: int) -> TrackedTarget | Refusal:
        target = super().target(site, now_ns)
        return target if isinstance(target, Refusal) else replace(target, **self._changed)


def judged(sight: FakeSight, procedure: Procedure) -> Survey:
    survey = Survey(sight, procedure, SessionSettings())
    survey.judge(procedure.sites, sight.mouth(0), 0)
    return survey


def test_sites_seen_surely_get_ways(procedure: Procedure) -> None:
    survey = judged(FakeSight(), procedure)
    assert set(survey.ways) == {step.site for step in procedure.sites}
    assert survey.verdict(procedure.sites) is None


def test_too_few_sightings_are_not_sure(procedure: Procedure) -> None:
    survey = judged(Seeing(sightings=2), procedure)
    assert not survey.ways
    verdict = survey.verdict(procedure.sites)
    assert verdict is not None
    assert verdict.reason is RefusalReason.MODEL_UNSURE
    assert "2 sightings" in verdict.detail


def test_a_spread_beyond_the_bound_is_not_sure(procedure: Procedure) -> None:
    wide = FakeSight().target(Site.LEFT_TONSIL, 0)
    assert isinstance(wide, TrackedTarget)
    survey = judged(Seeing(covariance=wide.covariance * 1e4), procedure)
    assert "31.6 mm" in survey.missing["left_tonsil"].detail


@pytest.mark.parametrize(
    ("change", "reason"),
    [({"opening": 0.03}, "too_narrow"), ({"speed": 0.2}, "head_moving")],
)
def test_a_mouth_that_will_not_do_spoils_every_site(
    procedure: Procedure, change: dict[str, float], reason: str
) -> None:
    survey = judged(FakeSight(**change), procedure)  # type: ignore[arg-type]  # floats alone
    assert {refusal.reason for refusal in survey.missing.values()} == {reason}


def test_the_commonest_reason_is_told(procedure: Procedure) -> None:
    sight = FakeSight()
    survey = Survey(sight, procedure, SessionSettings())
    for k in range(5):
        reason = RefusalReason.TONGUE_HIGH if k != 2 else RefusalReason.OCCLUDED
        sight.hidden = {Site.POSTERIOR_WALL: reason}
        survey.judge(procedure.sites, sight.mouth(k), k)
    verdict = survey.verdict(procedure.sites)
    assert verdict is not None
    assert verdict.reason is RefusalReason.TONGUE_HIGH


def test_an_optional_site_may_be_missing(procedure: Procedure) -> None:
    sight = FakeSight(hidden={Site.LEFT_TONSIL: RefusalReason.TONSIL_NOT_SEEN})
    steps = [replace(step, required=step.site != "left_tonsil") for step in procedure.sites]
    survey = Survey(sight, procedure, SessionSettings())
    survey.judge(steps, sight.mouth(0), 0)
    assert survey.verdict(steps) is None
    assert set(survey.ways) == {"right_tonsil", "posterior_wall"}
