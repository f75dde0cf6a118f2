import json
import resource
import threading
import time
from pathlib import Path

import numpy as np
import psutil
import pytest
from typer.testing import CliRunner

from sim.anatomy import SITE_PARTS, Part
from sim.commands import app
from sim.dataset import DatasetPlan, write_dataset
from sim.errors import SimError
from vision.target import RefusalReason, Site


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dataset")
    write_dataset(DatasetPlan(folder, frames=24, seed=11, width=128, height=96))
    return folder


def test_the_manifest_describes_every_frame(folder: Path) -> None:
    manifest = json.loads((folder / "manifest.json").read_text())
    shard = np.load(folder / "shard-00000.npz")
    assert shard["rgb"].shape == (24, 96, 128, 3)
    assert shard["depth"].shape == shard["labels"].shape == (24, 96, 128)
    assert [f["frame"] for f in manifest["frames"]] == list(range(24))
    assert manifest["parts"]["posterior_wall"] == Part.POSTERIOR_WALL
    for frame in manifest["frames"]:
        assert set(frame["sites"]) == {site.value for site in Site}
        for site in frame["sites"].values():
            assert site["safe"] == (site["reason"] is None)
            assert site["reason"] is None or site["reason"] in {r.value for r in RefusalReason}
    assert any(s["safe"] for f in manifest["frames"] for s in f["sites"].values())
    assert any(not s["safe"] for f in manifest["frames"] for s in f["sites"].values())


def test_a_safe_site_is_seen_where_the_manifest_says(folder: Path) -> None:
    manifest = json.loads((folder / "manifest.json").read_text())
    labels = np.load(folder / "shard-00000.npz")["labels"]
    for frame in manifest["frames"]:
        k = frame["intrinsics"]
        for name, site in frame["sites"].items():
            if not site["safe"]:
                continue
            x, y, z = site["point"]
            u, v = round(k["fx"] * x / z + k["cx"]), round(k["fy"] * y / z + k["cy"])
            r = round(k["fx"] * 0.010 / z) + 1  # the site's tissue lies within 10 mm
            around = labels[frame["index"], max(v - r, 0) : v + r, max(u - r, 0) : u + r]
            assert np.isin(around, [int(p) for p in SITE_PARTS[Site(name)]]).any()


def test_a_frame_depends_on_seed_and_number_alone(folder: Path, tmp_path: Path) -> None:
    write_dataset(DatasetPlan(tmp_path, frames=5, seed=11, width=128, height=96))
    short, long = np.load(tmp_path / "shard-00000.npz"), np.load(folder / "shard-00000.npz")
    for key in ("rgb", "depth", "labels"):
        np.testing.assert_array_equal(short[key], long[key][:5])


def test_an_existing_data_set_is_not_overwritten(folder: Path) -> None:
    with pytest.raises(SimError, match="exists already"):
        write_dataset(DatasetPlan(folder, frames=1, seed=0))


def test_a_full_disk_is_told(tmp_path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, hard))  # less than a hundred frames take
    try:
        with pytest.raises(SimError, match="cannot be written"):
            write_dataset(DatasetPlan(tmp_path, frames=80, seed=1, width=64, height=48))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert not (tmp_path / "manifest.json").exists()


@pytest.mark.slow  # two processes start
def test_a_killed_process_ends_the_data_set_in_a_sentence(tmp_path: Path) -> None:
    def writers() -> list[psutil.Process]:
        children = psutil.Process().children()
        return [c for c in children if "spawn_main" in " ".join(c.cmdline())]

    def kill_one() -> None:
        while not (found := writers()):
            time.sleep(0.05)
        found[0].kill()

    killer = threading.Thread(target=kill_one)
    killer.start()
    with pytest.raises(SimError, match="was killed"):
        write_dataset(DatasetPlan(tmp_path, 500, 1, width=64, height=48, jobs=2))
    killer.join()


def test_the_command_says_what_is_wrong_in_one_line(folder: Path, tmp_path: Path) -> None:
    runner = CliRunner()
    again = runner.invoke(app, ["dataset", str(folder), "--frames", "1"])
    assert again.exit_code == 1
    assert "exists already" in again.output
    odd = runner.invoke(app, ["dataset", str(tmp_path / "x"), "--frames", "1", "--size", "100x75"])
    assert odd.exit_code == 1
    assert "multiples of 8" in odd.output
    wrong = runner.invoke(app, ["dataset", str(tmp_path / "x"), "--size", "big"])
    assert wrong.exit_code == 2


@pytest.mark.slow
def test_the_number_of_processes_changes_nothing(tmp_path: Path) -> None:
    # 256 frames, because a shard holds 250 and every process writes whole shards
    for jobs in (1, 2):
        write_dataset(DatasetPlan(tmp_path / str(jobs), 256, 5, width=64, height=48, jobs=jobs))
    one, two = tmp_path / "1", tmp_path / "2"
    assert (one / "manifest.json").read_text() == (two / "manifest.json").read_text()
    for shard in sorted(p.name for p in one.glob("*.npz")):
        first, second = np.load(one / shard), np.load(two / shard)
        for key in ("rgb", "depth", "labels"):
            np.testing.assert_array_equal(first[key], second[key])
