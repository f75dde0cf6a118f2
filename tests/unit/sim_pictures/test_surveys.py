import pytest

from sim.anatomy import Anatomy, Articulation, OralCavity
from sim.anatomy import survey as s
from sim.cameras import D405, D435, CameraModel
from sim.cameras.survey import depth_noise
from sim.errors import SimError
from sim.pictures import charts


def test_simulated_adults_measure_as_published() -> None:
    findings = s.survey_adults(150, seed=1)
    for finding in findings:
        spread = finding.published_sd or 0.15 * finding.published_mean
        assert finding.mean == pytest.approx(finding.published_mean, abs=0.45 * spread), (
            finding.name
        )
        if finding.published_sd is not None:
            assert finding.sd == pytest.approx(finding.published_sd, rel=0.35), finding.name


def test_the_survey_s_rulers_measure_what_the_anatomy_says() -> None:
    anatomy = Anatomy(tonsil_right=0.0, tonsil_left=0.0)
    cavity = OralCavity(anatomy, Articulation(opening=0.045, tongue_height=0.0, velum=0.0))
    assert s.opening(cavity) == pytest.approx(0.045, abs=2e-4)
    assert s.hard_palate(cavity) == pytest.approx(anatomy.hard_palate, abs=5e-4)
    assert s.depth(cavity) == pytest.approx(anatomy.wall_depth, abs=1.5e-3)
    assert s.isthmus(cavity) == pytest.approx(anatomy.isthmus_width, abs=1.5e-3)
    assert s.palate_angle(cavity) == pytest.approx(anatomy.palate_angle, abs=0.09)


def test_a_survey_of_too_few_is_refused() -> None:
    with pytest.raises(SimError, match="below 10"):
        s.survey_adults(3, seed=0)


@pytest.mark.parametrize(("camera", "depths"), [(D405, (0.1, 0.3, 0.45)), (D435, (0.5, 1.0, 2.0))])
def test_depth_noise_is_what_the_model_states(
    camera: CameraModel, depths: tuple[float, ...]
) -> None:
    for row in depth_noise(camera, depths, seed=3):
        assert row.valid > 0.98
        assert row.measured == pytest.approx(row.stated, rel=0.15)


def test_charts_and_tables_hold_every_row() -> None:
    findings = s.survey_adults(12, seed=2)
    rows = depth_noise(D405, (0.2, 0.3), seed=1) + depth_noise(D435, (0.5,), seed=1)
    assert len(charts.anatomy(findings).axes) == 6
    assert len(charts.depth_noise(rows).axes[0].lines) == 4
    table = charts.anatomy_table(findings)
    assert all(finding.name in table for finding in findings)
    assert charts.depth_table(rows).count("\n") == 1 + len(rows)
