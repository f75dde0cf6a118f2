import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from sim.campaign import Plan, launch
from sim.commands import app
from sim.compare import Estimate, changed, compare
from sim.episode import Episode, run
from sim.errors import SimError
from sim.logbook import EPISODES, find_scenario, read
from sim.pilot import pilot_named
from sim.report import render, worst_of
from sim.scenario import Expectation, Scenario, Verdict
from sim.source import Source, people
from sim.summary import summarise
from tests.unit.sim.pilots import ClumsyPilot, StillPilot

STILL = "tests.unit.sim.pilots:StillPilot"
CLUMSY = "tests.unit.sim.pilots:ClumsyPilot"


def silent(_done: int, _total: int, _episode: Episode | None) -> None:
    """Nobody watches."""


def timeless(episode: Episode) -> Episode:
    return replace(episode, wall_s=0.0)


def test_an_episode_survives_its_line_of_json() -> None:
    flown = run(Scenario("x", seed=3), StillPilot())
    assert Episode.of_line(json.loads(json.dumps(flown.line()))) == flown
    assert flown.passed
    assert flown.sites["posterior_wall"].strokes == 3
    assert flown.sites["left_tonsil"].target_error == 2e-3
    assert [name for _, name in flown.phases] == ["locating"]


def test_what_is_missed_is_said() -> None:
    expect = Expectation(verdicts=(Verdict.REFUSED,), max_seconds=0.1, swab=(), min_coverage=0.5)
    missed = run(Scenario("x", expect=expect), StillPilot()).misses
    assert len(missed) == 5
    assert "verdict sampled" in missed[0]
    assert "0.3 s, bound 0.1 s" in missed[1]


def test_a_pilot_that_raises_is_a_verdict_and_no_end_of_the_campaign() -> None:
    flown = run(Scenario("x", seed=1), ClumsyPilot())
    assert flown.verdict is Verdict.CRASHED
    assert flown.reason == "ValueError"
    assert "pilots.py" in flown.detail
    assert not flown.passed


def test_parallel_and_serial_campaigns_are_bit_identical(tmp_path: Path) -> None:
    source = Source(count=4, seed=2)
    serial = launch(Plan(source, STILL), tmp_path / "a", silent)
    parallel = launch(Plan(source, STILL, jobs=2), tmp_path / "b", silent)
    assert [timeless(e) for e in serial] == [timeless(e) for e in parallel]


def test_an_interrupted_campaign_goes_on_where_it_stopped(tmp_path: Path) -> None:
    source = Source(count=3, seed=5)
    whole = launch(Plan(source, STILL), tmp_path / "whole", silent)
    folder = tmp_path / "cut"
    folder.mkdir()
    lines = (tmp_path / "whole" / EPISODES).read_text("utf-8").splitlines()
    (folder / EPISODES).write_text(lines[0] + "\n" + lines[1][: len(lines[1]) // 2], "utf-8")
    flown: list[str] = []

    def progress(_done: int, _total: int, newest: Episode | None) -> None:
        if newest is not None:
            flown.append(newest.scenario)

    again = launch(Plan(source, STILL), folder, progress)
    assert flown == ["person/00001", "person/00002"]
    assert [timeless(e) for e in again] == [timeless(e) for e in whole]
    assert [timeless(e) for e in read(folder)] == [timeless(e) for e in whole]
    assert find_scenario(folder, again[1]).digest() == again[1].scenario_hash


def test_people_are_of_every_population_and_the_same_for_a_seed() -> None:
    crowd = people(300, 1)
    assert crowd == people(300, 1)
    assert {s.population for s in crowd} == {"adult", "child", "elderly"}
    assert people(20, 1) == crowd[:20]


def test_a_folder_without_a_campaign_says_so(tmp_path: Path) -> None:
    with pytest.raises(SimError, match="no campaign lies there"):
        read(tmp_path)


def test_a_pilot_that_is_not_there_is_named() -> None:
    with pytest.raises(SimError, match="nowhere:Nobody"):
        pilot_named("nowhere:Nobody")


def test_intervals_cover_the_truth_about_as_often_as_they_say() -> None:
    rng = np.random.default_rng(0)
    hits = 0
    for _ in range(60):
        e = Estimate.of(list(rng.random(200) < 0.8))
        hits += e.low <= 0.8 <= e.high
    assert hits >= 52


def test_a_force_that_is_always_zero_is_no_share() -> None:
    forces, flags = Estimate.of([0.0] * 20), Estimate.of([False] * 20)
    assert (forces.low, forces.high) == (0.0, 0.0)  # it was 0 to 0.16 N, Wilson's of a share
    assert flags.high == pytest.approx(0.161, abs=0.001)  # Wilson 1927, 0 of 20


def test_compare_finds_what_got_worse_and_nothing_else(tmp_path: Path) -> None:
    a = launch(Plan(Source(count=8, seed=1), STILL), tmp_path / "a", silent)
    b = [replace(e, peak_force=e.peak_force + 0.3, passed=False, misses=("force",)) for e in a]
    found = {d.measure: d for d in compare(a, b)}
    assert found["peak force [N]"].verdict == "worse"
    assert found["peak force [N]"].delta == pytest.approx(0.3)
    assert found["passed [share]"].verdict == "worse"
    assert found["sampled [share]"].verdict == "same"
    assert len(changed(a, b)) == 8
    assert all(d.verdict == "same" for d in compare(a, a))
    with pytest.raises(SimError, match="share no episode"):
        compare(a, [replace(e, seed=e.seed + 1) for e in a])


def test_report_is_one_self_contained_page(tmp_path: Path) -> None:
    episodes = launch(Plan(Source(count=5, seed=1), CLUMSY), tmp_path, silent)
    page = render(episodes, "Campaign <x>", lambda _: b"RIFF")
    assert "Campaign &lt;x&gt;" in page
    passed = sum(e.passed for e in episodes)
    assert f"{passed} of {len(episodes)} episodes came out as expected" in page
    forces = [e.peak_force for e in episodes]
    assert f"99 % at most {np.quantile(forces, 0.99):.2f} N" in page
    assert "data:image/webp;base64," in page
    assert not re.findall(r'(?:src|href)="(?!data:)(?!#)[^"]*"', page)
    assert page.count("<svg") == 3 + len(worst_of(episodes))
    assert "ValueError" in page


def test_the_summary_counts_what_was_flown(tmp_path: Path) -> None:
    episodes = launch(Plan(Source(count=5, seed=1), CLUMSY), tmp_path, silent)
    runner, page = CliRunner(), tmp_path / "campaign.md"
    made = runner.invoke(app, ["report", str(tmp_path), "--markdown", str(page)])
    assert made.exit_code == 0, made.output
    text = page.read_text()
    crashed = sum(e.verdict is Verdict.CRASHED for e in episodes)
    assert 0 < crashed < 5
    assert f"5 of 5 episodes flown (kuka_iiwa in bullet; code {episodes[0].code_hash[:12]})" in text
    assert f"| person | 5 | {5 - crashed} | 0 (0.00 to 0.43) | {5 - crashed} | {crashed} | " in text
    assert f"| crashed ValueError | {crashed} |" in text
    assert "clumsy" not in text.split("not as expected")[0]


def test_report_and_summary_tell_what_came_of_every_case_of_a_file(tmp_path: Path) -> None:
    cases = "schema: 1\nexpect: {verdict: [refused]}\ncases: {even: {seed: 2}, odd: {seed: 1}}"
    (tmp_path / "faults.yaml").write_text(cases, "utf-8")
    source = Source(path=str(tmp_path / "faults.yaml"))
    flown = launch(Plan(source, CLUMSY), tmp_path / "flown", silent)
    told = summarise(flown, "Faults", 2)
    assert "| faults | even: refused (no_face), **odd: crashed (ValueError)** |" in told
    page = render(flown, "Faults")
    assert '<b class="refused">even</b> <span class="dim">no_face, 0.00 N' in page
    assert '<b class="crashed">odd</b> <b class="miss">not as expected</b>' in page
    crowd = launch(Plan(Source(count=1, seed=1), STILL), tmp_path / "crowd", silent)
    assert "<h2>Scenarios</h2>" not in render(crowd, "People")
    assert "scenario file" not in summarise(crowd, "People", 1)


def test_commands_run_a_campaign_report_and_compare(tmp_path: Path) -> None:
    runner = CliRunner()
    folder = tmp_path / "c"
    flown = runner.invoke(app, ["campaign", str(folder), "--episodes", "2", "--pilot", STILL])
    assert flown.exit_code == 0, flown.output
    assert "2 episodes, 0 not as expected" in flown.output
    told = runner.invoke(app, ["report", str(folder), "--films", "1", "--pilot", STILL])
    assert told.exit_code == 0, told.output
    assert "image/webp" in (folder / "report.html").read_text("utf-8")
    same = runner.invoke(app, ["compare", str(folder), str(folder)])
    assert same.exit_code == 0, same.output


def test_commands_say_in_one_line_what_is_wrong(tmp_path: Path) -> None:
    runner = CliRunner()
    path = tmp_path / "bad.yaml"
    path.write_text("schema: 1\nseed: x", "utf-8")
    refused = runner.invoke(app, ["run", str(path)])
    assert refused.exit_code == 1
    assert "seed: wants a whole number" in refused.output
    path.write_text("schema: 1\nexpect: {verdict: aborted}", "utf-8")
    missed = runner.invoke(app, ["run", str(path), "--pilot", STILL])
    assert missed.exit_code == 3
    assert "NOT AS EXPECTED" in missed.output
    flight = ["campaign", str(tmp_path / "c"), "--scenarios", str(path), "--pilot", STILL]
    assert runner.invoke(app, flight).exit_code == 3
    assert runner.invoke(app, [*flight, "--allow", "1.0"]).exit_code == 0
