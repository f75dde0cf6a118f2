"""The cameras against the law of their noise, and simulated people against surveys."""

from sim.anatomy.survey import survey_adults
from sim.cameras import D405, D435
from sim.cameras.survey import depth_noise
from sim.pictures import charts as picture_charts
from sim.validation.check import Check


def depth_cameras() -> Check:
    """Hold the depth cameras' noise against the law their models state."""
    rows = depth_noise(D405, (0.1, 0.2, 0.3, 0.45), 1) + depth_noise(D435, (0.6, 1.2, 2.0), 1)
    worst = max(abs(row.measured / row.stated - 1.0) for row in rows)
    text = "A flat target is pictured at several depths; its depth's SD against z² sigma_d / (f b)."
    figure, table = picture_charts.depth_noise(rows), picture_charts.depth_table(rows)
    return Check("Depth noise of the cameras", text, worst, 0.25, "1", figure, table)


def anatomy() -> Check:
    """Hold the simulated adults' means and spreads against the published ones."""
    findings = survey_adults(200, 1)
    known = [f for f in findings if f.published_sd is not None]
    worst = max(abs(f.mean - f.published_mean) / f.published_sd for f in known if f.published_sd)
    text = (
        "200 adults, measured on their surfaces as a survey measures people. The worst mean's "
        "distance from the published one, in published standard deviations."
    )
    figure, table = picture_charts.anatomy(findings), picture_charts.anatomy_table(findings)
    return Check("Anatomy against published surveys", text, worst, 0.5, "SD", figure, table)
