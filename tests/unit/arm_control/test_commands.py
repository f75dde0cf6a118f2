from itertools import pairwise
from pathlib import Path

import pytest
from typer.testing import CliRunner

from arm_control.commands import app
from arm_control.procedure import Procedure
from arm_control.rehearsal import dry_run

RUNNER = CliRunner()


def test_a_dry_run_names_every_site_and_keeps_to_half_a_minute() -> None:
    result = RUNNER.invoke(app, ["dry-run"])
    assert result.exit_code == 0, result.output
    for step in Procedure.shipped("oropharyngeal_adult").sites:
        assert step.site in result.output
    legs = dry_run(Procedure.shipped("oropharyngeal_adult"))
    assert legs[-1].start + legs[-1].duration < 30.0
    for before, after in pairwise(legs):
        assert after.start == pytest.approx(before.start + before.duration)
        assert abs(after.tip[0] - before.tip[-1]).max() < 0.003


@pytest.mark.parametrize("what", ["trajectory", "contact", "margin"])
def test_plots_are_written(tmp_path: Path, what: str) -> None:
    out = tmp_path / f"{what}.png"
    result = RUNNER.invoke(app, ["plot", what, "--out", str(out)])
    assert result.exit_code == 0, result.output
    assert out.stat().st_size > 10_000


@pytest.mark.parametrize(
    "words",
    [
        ["plot", "nothing"],
        ["dry-run", "--procedure", "nowhere.yaml"],
        ["plot", "margin", "--out", "/nowhere/at/all.png"],
    ],
)
def test_misuse_is_told_and_fails(words: list[str]) -> None:
    result = RUNNER.invoke(app, words)
    assert result.exit_code != 0


def test_procedures_and_rights_are_listed() -> None:
    assert "oropharyngeal_child" in RUNNER.invoke(app, ["procedures"]).output
    assert "real-time class" in RUNNER.invoke(app, ["rights"]).output
