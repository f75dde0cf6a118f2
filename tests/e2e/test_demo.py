"""The main job from outside: the command, its database, its records, and how it can be stopped."""

import json
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest

from station.demo.citizens import seed_book
from station.signing import PublicKey, verify_chain
from station.store import read_folder

WHOLE = pytest.mark.slow  # minutes of physics, pictures and control

CITIZENS = 3
ABORT_N = 1.0
PROGRAM = "from station.cli import main; main()"
ENVIRONMENT = os.environ | {
    "PYTHONPATH": os.pathsep.join(sys.path),
    "COLUMNS": "160",
    "OMP_NUM_THREADS": "1",
    "LP_NUM_THREADS": "1",
}


def start(*arguments: str, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=ENVIRONMENT | environment,
    )


@dataclass(frozen=True)
class Done:
    folder: Path
    code: int
    out: str
    err: str

    @property
    def table(self) -> list[str]:
        lines = self.out[self.out.index("What happened") :].splitlines()
        return [line.rstrip() for line in lines if not line.startswith("records:")]

    @property
    def records(self) -> list[dict[str, Any]]:
        return [dict(signed.record) for signed in read_folder(self.folder / "records")]

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with sqlite3.connect(f"file:{self.folder / 'queue.db'}?mode=ro", uri=True) as database:
            return list(database.execute(query))


@pytest.fixture(scope="module")
def twice(tmp_path_factory: pytest.TempPathFactory) -> tuple[Done, Done]:
    """The same demonstration run twice, side by side."""
    folders = [tmp_path_factory.mktemp("demo") / name for name in ("one", "other")]
    arguments = ["--citizens", str(CITIZENS), "--seed", "7", "--out"]
    running = [start("demo", *arguments, str(folder)) for folder in folders]
    done = []
    for folder, process in zip(folders, running, strict=True):
        out, err = process.communicate(timeout=280)
        done.append(Done(folder, process.returncode, out, err))
    return done[0], done[1]


@pytest.fixture
def demo(twice: tuple[Done, Done]) -> Done:
    return twice[0]


@WHOLE
def test_the_demonstration_ends_well_and_tells_where_things_lie(demo: Done) -> None:
    assert demo.code == 0, demo.err
    assert demo.err == ""
    for path in ("records", "sessions", "report.html"):
        assert str(demo.folder / path) in demo.out
        assert (demo.folder / path).exists()


@WHOLE
def test_the_same_seed_gives_the_same_table(twice: tuple[Done, Done]) -> None:
    assert twice[0].table == twice[1].table


@WHOLE
def test_most_are_swabbed_and_the_narrow_mouth_is_refused(demo: Done) -> None:
    outcomes = {record["ticket"]: (record["outcome"], record["reason"]) for record in demo.records}
    assert outcomes.pop("A003") == ("refused", "too_narrow")
    assert set(outcomes.values()) == {("sampled", "")}


@WHOLE
def test_every_sample_has_its_strokes_below_the_abort_force(demo: Done) -> None:
    for record in demo.records:
        for site in record["sites"]:
            assert site["force"]["peak"] < ABORT_N
            if record["outcome"] == "sampled":
                assert site["strokes"] >= 3
                assert site["contact_s"] > 0.5
                assert site["coverage"] > 0.5
            else:
                assert site["strokes"] == 0


@WHOLE
def test_records_and_physics_agree(demo: Done) -> None:
    """The booth's evidence against the simulator's own ledger of contact."""
    for record in demo.records:
        folder = demo.folder / "sessions" / record["ticket"]
        audit = json.loads((folder / "audit.json").read_bytes())
        assert audit["peak_force"] < ABORT_N
        truth = {site["site"]: site for site in audit["sites"]}
        for site in record["sites"]:
            true = truth[site["site"]]
            if site["strokes"]:
                assert true["contact_s"] == pytest.approx(site["contact_s"], rel=0.35, abs=0.4)
                assert true["mean_force"] == pytest.approx(site["force"]["mean"], abs=0.12)
                assert true["target_error"] < 0.012
                assert true["coverage"] > 0.0
            else:
                assert true["contact_s"] == 0.0


@WHOLE
def test_the_force_trace_holds_the_recorded_peak(demo: Done) -> None:
    for record in demo.records:
        trace = np.load(demo.folder / "sessions" / record["ticket"] / "force.npz")
        peak = max(site["force"]["peak"] for site in record["sites"])
        assert float(trace["normal_force"].max(initial=0.0)) >= peak - 1e-9
        assert (np.diff(trace["time_s"]) > 0.0).all()


@WHOLE
def test_records_are_chained_signed_and_whole_in_the_database(demo: Done) -> None:
    key = PublicKey.load(demo.folder / "booth.pub")
    assert verify_chain(read_folder(demo.folder / "records"), key) == CITIZENS
    stored = {
        session for (session,) in demo.rows("select id from session where record is not null")
    }
    assert stored == {record["session"] for record in demo.records}


@WHOLE
def test_the_database_has_one_tube_a_sampled_person_and_nobody_is_left(demo: Done) -> None:
    tubes = {record["tube"] for record in demo.records if record["outcome"] == "sampled"}
    rows = demo.rows("select id, state from tube")
    assert {barcode for barcode, _ in rows} == tubes
    assert {state for _, state in rows} == {"sealed"}
    assert len(rows) == len(tubes) == CITIZENS - 1
    outcomes = [outcome for (outcome,) in demo.rows("select outcome from session")]
    assert sorted(outcomes) == sorted(record["outcome"] for record in demo.records)
    assert {state for (state,) in demo.rows("select state from ticket")} == {"done"}
    assert {state for (state,) in demo.rows("select state from session")} == {"closed"}


@WHOLE
def test_names_and_numbers_of_people_are_in_no_record_picture_or_report(demo: Done) -> None:
    texts = [path.read_text() for path in (demo.folder / "records").glob("*.json")]
    texts += [(demo.folder / "report.html").read_text(), demo.out]
    for citizen in seed_book(CITIZENS, 7):
        for text in texts:
            assert citizen.id_number not in text
            assert citizen.phone not in text
            if len(citizen.name) > 2:
                assert citizen.name not in text


@WHOLE
def test_every_session_has_pictures_and_the_report_is_self_contained(demo: Done) -> None:
    for record in demo.records:
        pictures = list((demo.folder / "sessions" / record["ticket"]).glob("*.png"))
        assert pictures, record["ticket"]
    report = (demo.folder / "report.html").read_text()
    assert not re.search(r"(?:src|href)=\"(?!data:|#)", report)
    assert report.count("<section>") == CITIZENS


@WHOLE
def test_ctrl_c_in_the_mouth_leaves_all_in_order(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    process = start("demo", "--citizens", "2", "--seed", "7", "--out", str(folder))
    lines = _lines_until(process, "swabbing", 120.0)
    family = psutil.Process(process.pid).children(recursive=True)
    assert len(family) >= 2, "service and safety monitor run"
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert err.strip() == "booth: interrupted"
    _, alive = psutil.wait_procs(family, timeout=5)
    assert not alive
    done = Done(folder, 130, "".join(lines) + out, err)
    record = done.records[-1]
    assert (record["outcome"], record["reason"]) == ("aborted", "operator")
    assert [entry["state"] for entry in record["trail"]][-2:] == ["withdrawing", "aborted"]
    assert done.rows("pragma integrity_check") == [("ok",)]
    assert {state for (state,) in done.rows("select state from session")} == {"closed"}
    assert done.rows("select count(*) from tube") == [(0,)]
    assert done.rows("select count(*) from ticket where state = 'waiting'") == [(1,)]


def _lines_until(process: subprocess.Popen[str], word: str, timeout_s: float) -> list[str]:
    assert process.stdout is not None
    deadline = time.monotonic() + timeout_s
    lines: list[str] = []
    for line in process.stdout:
        lines.append(line)
        if word in line:
            return lines
        assert time.monotonic() < deadline, "".join(lines[-5:])
    raise AssertionError("".join(lines[-5:]))


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        yield other.getsockname()[1]


def fails_in_one_line(process: subprocess.Popen[str], code: int, *told: str) -> None:
    out, err = process.communicate(timeout=60)
    assert process.returncode == code, (out, err)
    assert len(err.strip().splitlines()) == 1, err
    for text in told:
        assert text in err


def test_a_busy_port_is_one_line_with_the_remedy(taken_port: int, tmp_path: Path) -> None:
    process = start("demo", "--port", str(taken_port), "--out", str(tmp_path / "out"))
    fails_in_one_line(process, 1, f"port {taken_port} is taken", "--port")


def test_an_unwritable_folder_is_one_line_with_the_remedy(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    process = start("demo", "--out", str(tmp_path / "file" / "out"))
    fails_in_one_line(process, 1, "cannot write to", "--out")


def test_an_unknown_option_is_one_line_with_the_remedy() -> None:
    fails_in_one_line(start("demo", "--citizen", "3"), 2, "--citizen", "booth demo --help")


def test_a_machine_without_graphics_is_one_line_with_the_remedy(tmp_path: Path) -> None:
    process = start(
        "demo", "--out", str(tmp_path / "out"), __EGL_VENDOR_LIBRARY_FILENAMES="/nonexistent.json"
    )
    fails_in_one_line(process, 1, "no off-screen OpenGL", "libegl1")


@WHOLE
def test_an_earlier_demonstration_is_not_overwritten(demo: Done) -> None:
    fails_in_one_line(start("demo", "--out", str(demo.folder)), 1, "earlier demonstration")
