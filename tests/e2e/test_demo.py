"""The main job from outside: the command, its database, its records, and how it can be stopped.

Two people by default: one whose session a fault breaks off and whose booth staff reset, and one who
is sampled. The demonstration is run twice, side by side, the second time with Ctrl-C while the swab
is in the second mouth and a third person waits; every test looks at the same two. Five people, one
of them with a mouth that hardly opens, are flown twice to the end in the slow form.
"""

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

SEED = 7
CITIZENS = 2
FAULT = "1:approaching:wrist.stuck:1"  # the sensor's values freeze for a second
ABORT_N = 1.0
LONG_S = 840.0  # s a loaded machine of two cores may take
pytestmark = pytest.mark.timeout(900)
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


@dataclass(frozen=True)
class Stopped(Done):
    """A demonstration that got Ctrl-C; ``left`` are those of its ``family`` that live on."""

    family: list[psutil.Process]
    left: list[psutil.Process]


def run_twice(folder: Path, *arguments: str) -> tuple[Done, Done]:
    """Run one demonstration twice, side by side."""
    folders = [folder / name for name in ("one", "other")]
    running = [start("demo", *arguments, "--out", str(path)) for path in folders]
    done = []
    for path, process in zip(folders, running, strict=True):
        out, err = process.communicate(timeout=LONG_S)
        done.append(Done(path, process.returncode, out, err))
    return done[0], done[1]


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> tuple[Done, Stopped]:
    """Run the demonstration, and beside it the same with one person more and Ctrl-C."""
    folder = tmp_path_factory.mktemp("demo")
    options = ("--seed", str(SEED), "--fault", FAULT)
    one, other = (
        start("demo", *options, "--citizens", str(citizens), "--out", str(folder / name))
        for citizens, name in ((CITIZENS, "one"), (CITIZENS + 1, "stopped"))
    )
    lines = _lines_until(other, " swabbing ", LONG_S)
    family = psutil.Process(other.pid).children(recursive=True)
    other.send_signal(signal.SIGINT)
    rest, err = other.communicate(timeout=LONG_S)
    _, left = psutil.wait_procs(family, timeout=5)
    out = "".join(lines) + rest
    stopped = Stopped(folder / "stopped", other.returncode, out, err, family, left)
    out, err = one.communicate(timeout=LONG_S)
    return Done(folder / "one", one.returncode, out, err), stopped


@pytest.fixture
def demo(both: tuple[Done, Stopped]) -> Done:
    return both[0]


@pytest.fixture
def stopped(both: tuple[Done, Stopped]) -> Stopped:
    return both[1]


def test_the_demonstration_ends_well_and_tells_where_things_lie(demo: Done) -> None:
    assert demo.code == 0, demo.err
    assert demo.err == ""
    for path in ("records", "sessions", "report.html"):
        assert str(demo.folder / path) in demo.out
        assert (demo.folder / path).exists()


def test_the_same_seed_gives_the_same_sessions_and_table(demo: Done, stopped: Stopped) -> None:
    """Up to Ctrl-C all that is told, to the last digit; of the first person the whole record."""

    def told(done: Done) -> list[str]:
        steps = [line for line in done.out.splitlines() if re.match(r"A\d+ .* s  \w+", line)]
        last = next(n for n, line in enumerate(steps) if " swabbing " in line)
        return steps[: last + 1]

    assert told(demo) == told(stopped)
    assert len(told(demo)) > 10
    same = ("ticket", "outcome", "reason", "duration_s", "sites", "trail", "provenance")
    assert [demo.records[0][key] for key in same] == [stopped.records[0][key] for key in same]
    first = demo.records[0]["ticket"]
    rows = [[line.split() for line in done.table if first in line] for done in (demo, stopped)]
    assert rows[0] == rows[1] != []


def test_a_fault_breaks_off_one_session_staff_reset_the_booth_and_the_next_is_sampled(
    demo: Done,
) -> None:
    outcomes = [(record["outcome"], record["reason"]) for record in demo.records]
    assert outcomes == [("aborted", "frozen_sensor"), ("sampled", "")], demo.out
    assert f"after {demo.records[0]['ticket']} staff reset the booth" in demo.out
    orders = demo.rows("select kind, reason, taken_at is not null from booth_order")
    assert [(kind, taken) for kind, _, taken in orders] == [("reset", 1)]
    assert "frozen" in orders[0][1]


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
                assert true["touched_s"] == pytest.approx(site["contact_s"], rel=0.3, abs=0.3)
                assert true["touch_force"] == pytest.approx(site["force"]["mean"], abs=0.15)
                assert true["contact_s"] > 0.0, "it was this site's own tissue"
                assert true["target_error"] < 0.012
                assert true["coverage"] > 0.0
            else:
                assert true["contact_s"] == 0.0


def test_the_force_trace_holds_the_recorded_peak(demo: Done) -> None:
    for record in demo.records:
        trace = np.load(demo.folder / "sessions" / record["ticket"] / "force.npz")
        peak = max(site["force"]["peak"] for site in record["sites"])
        assert float(trace["normal_force"].max(initial=0.0)) >= peak - 1e-9
        assert (np.diff(trace["time_s"]) > 0.0).all()


def test_records_are_chained_signed_and_whole_in_the_database(demo: Done) -> None:
    key = PublicKey.load(demo.folder / "booth.pub")
    assert verify_chain(read_folder(demo.folder / "records"), key) == CITIZENS
    stored = {
        session for (session,) in demo.rows("select id from session where record is not null")
    }
    assert stored == {record["session"] for record in demo.records}


def test_the_database_has_one_tube_a_sampled_person_and_nobody_is_left(demo: Done) -> None:
    sampled = [record for record in demo.records if record["outcome"] == "sampled"]
    tubes = {record["tube"] for record in sampled}
    rows = demo.rows("select id, state from tube")
    assert {barcode for barcode, _ in rows} == tubes
    assert {state for _, state in rows} == {"sealed"}
    assert len(rows) == len(tubes) == len(sampled) > 0
    outcomes = [outcome for (outcome,) in demo.rows("select outcome from session")]
    assert sorted(outcomes) == sorted(record["outcome"] for record in demo.records)
    assert {state for (state,) in demo.rows("select state from ticket")} == {"done"}
    assert {state for (state,) in demo.rows("select state from session")} == {"closed"}


def test_names_and_numbers_of_people_are_in_no_record_picture_or_report(demo: Done) -> None:
    texts = [path.read_text() for path in (demo.folder / "records").glob("*.json")]
    texts += [(demo.folder / "report.html").read_text(), demo.out]
    for citizen in seed_book(CITIZENS, SEED):
        for text in texts:
            assert citizen.id_number not in text
            assert citizen.phone not in text
            if len(citizen.name) > 2:
                assert citizen.name not in text


def test_every_session_has_pictures_and_the_report_is_self_contained(demo: Done) -> None:
    for record in demo.records:
        pictures = list((demo.folder / "sessions" / record["ticket"]).glob("*.png"))
        assert pictures, record["ticket"]
    report = (demo.folder / "report.html").read_text()
    assert not re.search(r"(?:src|href)=\"(?!data:|#)", report)
    assert report.count("<section>") == CITIZENS


def test_ctrl_c_in_the_mouth_leaves_all_in_order(stopped: Stopped) -> None:
    assert stopped.code == 130, stopped.err
    assert stopped.err.strip() == "booth: interrupted"
    assert len(stopped.family) >= 2, "service and safety monitor ran"
    assert not stopped.left
    record = stopped.records[-1]
    assert (record["outcome"], record["reason"]) == ("aborted", "operator")
    assert [entry["state"] for entry in record["trail"]][-2:] == ["withdrawing", "aborted"]
    audit = stopped.folder / "sessions" / record["ticket"] / "audit.json"
    assert json.loads(audit.read_bytes())["peak_force"] < ABORT_N
    assert stopped.rows("pragma integrity_check") == [("ok",)]
    assert {state for (state,) in stopped.rows("select state from session")} == {"closed"}
    assert stopped.rows("select count(*) from tube") == [(0,)]
    assert stopped.rows("select count(*) from ticket where state = 'waiting'") == [(1,)]


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
    out, err = process.communicate(timeout=LONG_S)
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


def test_an_earlier_demonstration_is_not_overwritten(demo: Done) -> None:
    fails_in_one_line(start("demo", "--out", str(demo.folder)), 1, "earlier demonstration")


def test_a_misspelt_fault_is_one_line_with_what_there_is() -> None:
    process = start("demo", "--fault", "1:swabbing:nose.stuck")
    fails_in_one_line(process, 1, "no unit 'nose'", "wrist")


def test_a_configuration_out_of_bounds_is_one_line_with_file_key_and_bound(tmp_path: Path) -> None:
    (tmp_path / "booth.yaml").write_text("session: {tries: 9}\n")
    process = start("demo", "--config", str(tmp_path / "booth.yaml"))
    fails_in_one_line(process, 1, "booth.yaml", "session.tries = 9", "5")


@pytest.mark.slow  # a minute of physics, pictures and control
def test_a_swab_dropped_in_the_mouth_is_no_sample(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    fault = ("--fault", "1:swabbing:gripper_drops")
    process = start("demo", "--citizens", "1", "--seed", str(SEED), *fault, "--out", str(folder))
    out, err = process.communicate(timeout=LONG_S)
    assert process.returncode == 0, err
    done = Done(folder, process.returncode, out, err)
    assert [(one["outcome"], one["reason"]) for one in done.records] == [("aborted", "swab_lost")]
    assert "look for it" in done.records[0]["trail"][-1]["detail"]
    assert done.rows("select count(*) from tube") == [(0,)]


@pytest.mark.slow  # minutes of physics, pictures and control
@pytest.mark.timeout(1800)
def test_what_the_camera_sees_of_a_swab_at_work_ends_the_session(tmp_path: Path) -> None:
    """A hand before the mouth, a shaft that breaks off, a person who leans back."""
    folder = tmp_path / "out"
    happens = ("1:swabbing:hand_in_front", "2:swabbing:swab_breaks", "4:swabbing:lean_back")
    faults = [part for what in happens for part in ("--fault", what)]
    process = start("demo", "--citizens", "4", "--seed", str(SEED), *faults, "--out", str(folder))
    out, err = process.communicate(timeout=1700)
    assert process.returncode == 0, err
    done = Done(folder, process.returncode, out, err)
    hand, broken, narrow, leaning = done.records
    assert (hand["outcome"], hand["reason"]) == ("aborted", "hand_raised")
    assert (broken["outcome"], broken["reason"]) == ("aborted", "swab_lost")
    assert "mm² of swab seen" in broken["trail"][-1]["detail"]
    assert narrow["reason"] == "too_narrow"
    interrupts = [one["detail"] for one in leaning["trail"] if one["event"] == "interrupt"]
    assert re.match("leaned_back|head_moved|gagged", interrupts[0]), interrupts
    for record in done.records:
        audit = folder / "sessions" / record["ticket"] / "audit.json"
        assert json.loads(audit.read_bytes())["peak_force"] < ABORT_N


@pytest.mark.slow  # minutes of physics, pictures and control
@pytest.mark.timeout(3600)
def test_five_citizens_give_the_same_table_twice(tmp_path: Path) -> None:
    one, other = run_twice(tmp_path, "--citizens", "5", "--seed", str(SEED))
    assert one.code == other.code == 0, one.err + other.err
    assert one.table == other.table
    outcomes = {record["ticket"]: (record["outcome"], record["reason"]) for record in one.records}
    narrow = [ticket for ticket, ending in outcomes.items() if ending == ("refused", "too_narrow")]
    assert len(narrow) == 1
    assert set(outcomes.values()) == {("refused", "too_narrow"), ("sampled", "")}
