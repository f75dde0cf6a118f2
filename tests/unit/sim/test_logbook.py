"""A campaign's folder is never lost, never mixed, and says why it is refused."""

import json
import resource
from dataclasses import replace
from pathlib import Path

import pytest

from sim.campaign import Plan, launch
from sim.episode import Episode, code_hash, run
from sim.errors import SimError
from sim.logbook import EPISODES, MANIFEST, Logbook, Manifest, planned, read
from sim.scenario import Scenario
from sim.source import Source, people
from tests.unit.sim.pilots import StillPilot

STILL = "tests.unit.sim.pilots:StillPilot"
DOOMED = "tests.unit.sim.pilots:DoomedPilot"
MANIFEST_OF_TWO = Plan(Source(count=2), STILL).manifest(2)


def silent(_done: int, _total: int, _episode: Episode | None) -> None:
    """Nobody watches."""


@pytest.fixture(scope="module")
def episode() -> Episode:
    return run(Scenario("x", seed=3), StillPilot())


def filled(folder: Path, episode: Episode, manifest: Manifest = MANIFEST_OF_TWO) -> Path:
    with Logbook(folder, manifest) as logbook:
        logbook.note("a", episode)
        logbook.note("b", episode)
    return folder


@pytest.mark.parametrize(
    ("other", "said"),
    [
        (replace(MANIFEST_OF_TWO, code_hash="0" * 64), "other code"),
        (replace(MANIFEST_OF_TWO, pilot="sim.reference:ReferencePilot"), "another pilot"),
        (Plan(Source(count=2, seed=9), STILL).manifest(2), "other scenarios"),
    ],
)
def test_another_campaign_is_refused_and_begins_anew_where_that_is_asked(
    tmp_path: Path, episode: Episode, other: Manifest, said: str
) -> None:
    folder = filled(tmp_path, episode)
    before = (folder / EPISODES).read_bytes()
    with pytest.raises(SimError, match=said):
        Logbook(folder, other)
    assert (folder / EPISODES).read_bytes() == before
    with Logbook(folder, other, anew=True) as logbook:
        assert logbook.episodes == {}
    assert Manifest.of(folder) == other


def test_a_crowd_may_grow_and_nobody_is_lost_when_it_shrinks(
    tmp_path: Path, episode: Episode
) -> None:
    folder = filled(tmp_path, episode)
    for count, held in ((5, 5), (1, 5)):
        with Logbook(folder, Plan(Source(count=count), STILL).manifest(count)) as logbook:
            assert set(logbook.episodes) == {"a", "b"}
        assert planned(folder) == held


def test_the_code_of_the_pilots_package_counts() -> None:
    class Foreign(StillPilot):
        """Of another package."""

    Foreign.__module__ = "json.decoder"
    assert code_hash(StillPilot()) == code_hash(StillPilot())
    assert code_hash(StillPilot()) != code_hash(Foreign())


def test_two_campaigns_do_not_write_one_folder(tmp_path: Path) -> None:
    with (
        Logbook(tmp_path, MANIFEST_OF_TWO),
        pytest.raises(SimError, match="another campaign is writing"),
    ):
        Logbook(tmp_path, MANIFEST_OF_TWO)


def test_a_full_disk_costs_one_episode_and_says_so(tmp_path: Path, episode: Episode) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    with Logbook(tmp_path, MANIFEST_OF_TWO) as logbook:
        logbook.note("a", episode)
        # the disk's end lies in the middle of the second line
        size = (tmp_path / EPISODES).stat().st_size
        resource.setrlimit(resource.RLIMIT_FSIZE, (3 * size // 2, hard))
        try:
            with pytest.raises(SimError, match="make room, and the same command goes on"):
                logbook.note("b", episode)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        assert (tmp_path / EPISODES).stat().st_size > size
    assert read(tmp_path) == [episode]
    with Logbook(tmp_path, MANIFEST_OF_TWO) as logbook:
        assert set(logbook.episodes) == {"a"}
        logbook.note("b", episode)
    assert read(tmp_path) == [episode, episode]


def test_a_line_that_is_no_episode_is_named(tmp_path: Path, episode: Episode) -> None:
    folder = filled(tmp_path, episode)
    lines = (folder / EPISODES).read_text("utf-8").splitlines()
    for broken in ("{", "[]", json.dumps({"key": "c"})):
        (folder / EPISODES).write_text("\n".join([lines[0], broken, lines[1]]) + "\n", "utf-8")
        with pytest.raises(SimError, match=rf"{EPISODES}:2: no episode"):
            read(folder)


def test_a_manifest_that_cannot_be_read_is_named(tmp_path: Path, episode: Episode) -> None:
    folder = filled(tmp_path, episode)
    for text in ("", "[1]", "{}", '{"source": {"people": 3}}'):
        (folder / MANIFEST).write_text(text, "utf-8")
        with pytest.raises(SimError, match=f"{MANIFEST}: cannot be read"):
            planned(folder)


def test_a_killed_worker_ends_the_campaign_in_a_sentence_and_what_was_flown_stays(
    tmp_path: Path,
) -> None:
    source = next(
        s for s in (Source(count=6, seed=k) for k in range(99)) if _seeds(s) == [0, 0, 0, 0, 0, 1]
    )
    with pytest.raises(SimError, match="was killed"):
        launch(Plan(source, DOOMED, jobs=2), tmp_path, silent)
    flown = read(tmp_path)
    assert 1 <= len(flown) <= 5
    assert all(e.passed for e in flown)


def _seeds(source: Source) -> list[int]:
    return [s.seed % 2 for s in people(source.count, source.seed)]
