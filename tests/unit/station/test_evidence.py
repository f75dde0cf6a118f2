import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arm_control.limits import Zone
from arm_control.motion import Corridor
from arm_control.procedure import SiteStep
from arm_control.report import CycleReport, Phase
from arm_control.target import SiteTarget
from spatial import Pose, Wrench, vector
from station.corridor import Way
from station.evidence import SiteLog

PATH = np.array([(-0.08, -0.006, 0.0), (-0.08, 0.006, 0.0)])
BASE_MOUTH = Pose.from_rotation_vector((0.1, -0.2, 3.0), (1.0, 0.1, 0.3))


def way() -> Way:
    target = SiteTarget("posterior_wall", PATH.mean(axis=0), vector((1.0, 0.0, 0.0)), PATH)
    return Way(target, Corridor(vector(np.zeros(3)), vector((-1.0, 0.0, 0.0))), 0.01, 0.9, 7)


def report(
    ms: int,
    y: float,
    force: float = 0.3,
    contact: bool = True,
    strokes: int = 0,
    aside: float = 0.0,
    off: float = 0.0,
) -> CycleReport:
    tip = BASE_MOUTH @ Pose(translation=vector((-0.08, y, off)))
    return CycleReport(
        ms * 1_000_000,
        Phase.WIPING,
        Zone.MOUTH,
        False,
        0.0,
        vector(np.zeros(7), 7),
        tip,
        Wrench(vector((0.0, aside, 0.0)), vector(np.zeros(3))),
        contact,
        force,
        strokes,
        0.0,
        0.0,
        0.0,
    )


def test_a_full_stroke_covers_the_path() -> None:
    log = SiteLog("posterior_wall")
    log.begin(way())
    for k in range(101):
        log.take(report(k, -0.006 + 0.00012 * k, strokes=k // 100), BASE_MOUTH)
    log.close()
    site = log.finish()
    assert site.coverage == 1.0
    assert site.wiped_area == pytest.approx(0.012 * 0.005)
    assert site.contact_s == pytest.approx(0.1)
    assert (site.strokes, site.attempts) == (1, 1)
    assert site.force.mean == pytest.approx(0.3)
    assert site.force.in_band == 1.0


def test_half_a_stroke_covers_half() -> None:
    log = SiteLog("posterior_wall")
    log.begin(way())
    for k in range(51):
        log.take(report(k, -0.006 + 0.00012 * k), BASE_MOUTH)
    assert log.finish().coverage == pytest.approx(0.5, abs=0.1)


def test_without_contact_nothing_is_counted() -> None:
    log = SiteLog("posterior_wall")
    log.begin(way())
    for k in range(101):
        log.take(report(k, -0.006 + 0.00012 * k, contact=False), BASE_MOUTH)
    site = log.finish("no_contact")
    assert (site.coverage, site.contact_s, site.force.peak) == (0.0, 0.0, 0.0)
    assert site.skipped == "no_contact"


def test_contact_seconds_leave_out_the_gaps() -> None:
    log = SiteLog("posterior_wall")
    log.begin(way())
    for ms in (0, 10, 20, 500, 510):
        log.take(report(ms, 0.0, contact=ms != 500), BASE_MOUTH)
    assert log.finish().contact_s == pytest.approx(0.02)


def test_strokes_add_up_over_attempts() -> None:
    log = SiteLog("posterior_wall")
    for _ in range(2):
        log.begin(way())
        log.take(report(0, 0.0, strokes=2), BASE_MOUTH)
        log.close()
    site = log.finish()
    assert (site.strokes, site.attempts) == (4, 2)


@given(forces=st.lists(st.floats(0.0, 2.0), min_size=1, max_size=50))
def test_force_statistics_are_those_of_the_samples(forces: list[float]) -> None:
    log = SiteLog("posterior_wall")
    log.begin(way())
    for ms, force in enumerate(forces):
        log.take(report(ms, 0.0, force=force), BASE_MOUTH)
    statistics = log.finish().force
    assert statistics.peak == max(forces)
    assert statistics.mean == pytest.approx(float(np.mean(forces)), abs=1e-12)
    assert min(forces) - 1e-9 <= statistics.mean <= statistics.peak + 1e-9
    assert 0.0 <= statistics.in_band <= 1.0


def test_the_tip_is_counted_where_it_is_in_the_moving_mouth() -> None:
    """A head that moves with the tip shows no progress along the path."""
    log = SiteLog("posterior_wall")
    log.begin(way())
    for k in range(101):
        moved = Pose(BASE_MOUTH.rotation, BASE_MOUTH.apply((0.0, 0.00012 * k, 0.0)))
        log.take(report(k, 0.00012 * k), moved)
    assert log.finish().coverage <= 2 / 12


@pytest.mark.parametrize(("aside", "covered"), [(0.06, 1.0), (0.02, 0.0)])
def test_tissue_pressing_from_the_side_is_contact_too(aside: float, covered: float) -> None:
    log = SiteLog("posterior_wall")
    log.begin(way())
    for k in range(101):
        log.take(report(k, -0.006 + 0.00012 * k, 0.01, contact=False, aside=aside), BASE_MOUTH)
    site = log.finish()
    assert site.coverage == covered
    assert site.contact_s == pytest.approx(0.1 * covered)
    assert site.force.peak == 0.0


@pytest.mark.parametrize(("off", "counts"), [(0.018, True), (0.022, False), (-0.05, False)])
def test_a_tip_that_never_was_at_the_site_wiped_nothing_of_it(off: float, counts: bool) -> None:
    """It passed beside the path, on tongue or cheek; the nearest points once counted as wiped."""
    log = SiteLog("posterior_wall")
    log.begin(way())
    for k in range(101):
        log.take(report(k, -0.006 + 0.00012 * k, strokes=k // 34, off=off), BASE_MOUTH)
    lacking = log.lacks(SiteStep("posterior_wall", strokes=2, least_contact_s=0.09))
    log.close()
    site = log.finish()
    assert site.coverage == float(counts)
    assert site.contact_s == pytest.approx(0.1 * counts)
    assert site.force.peak == 0.3 * counts
    assert (lacking == "") is counts
