import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from station.child import ChildProcess, choose_port
from station.errors import StationError


def module(tmp_path: Path, text: str) -> dict[str, str]:
    (tmp_path / "pretend.py").write_text(text)
    return {"PYTHONPATH": os.pathsep.join([str(tmp_path), *sys.path])}


def test_a_child_runs_with_its_arguments_and_ends_on_request(tmp_path: Path) -> None:
    text = "import sys, time\nprint(sys.argv[1:], flush=True)\ntime.sleep(60)\n"
    log = tmp_path / "log"
    with ChildProcess(["pretend", "--port", "5"], log, module(tmp_path, text)) as child:
        child.wait_until(lambda: "--port" in log.read_text(), 20.0, "it")
        assert child.running
    assert not child.running
    assert "['--port', '5']" in log.read_text()


def test_a_child_that_will_not_end_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("station.child._STOP_S", 0.3)
    text = (
        "import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "print('deaf', flush=True)\ntime.sleep(60)\n"
    )
    log = tmp_path / "log"
    with ChildProcess(["pretend"], log, module(tmp_path, text)) as child:
        child.wait_until(lambda: "deaf" in log.read_text(), 20.0, "it")
    assert not child.running


def test_a_child_that_ends_at_once_is_told_with_its_last_words(tmp_path: Path) -> None:
    environment = module(tmp_path, "raise SystemExit('no room')\n")
    with (
        ChildProcess(["pretend"], tmp_path / "log", environment) as child,
        pytest.raises(StationError, match="the thing did not start: no room"),
    ):
        child.wait_until(lambda: False, 20.0, "the thing")


def test_a_killed_child_leaves_no_pipe_behind(tmp_path: Path) -> None:
    log = tmp_path / "log"
    text = "import time\nprint('up', flush=True)\ntime.sleep(60)\n"
    child = ChildProcess(["pretend"], log, module(tmp_path, text)).__enter__()
    child.wait_until(lambda: "up" in log.read_text(), 20.0, "it")
    process = child._process
    assert process is not None
    assert process.stdin is not None
    child.kill()
    assert process.stdin.closed
    child.stop()


def test_a_child_dies_with_a_killed_parent(tmp_path: Path) -> None:
    environment = module(tmp_path, "import time\nprint('up', flush=True)\ntime.sleep(60)\n")
    parent = (
        "import sys, time\nfrom pathlib import Path\nfrom station.child import ChildProcess\n"
        f"log = Path({str(tmp_path / 'log')!r})\n"
        f"with ChildProcess(['pretend'], log, {environment!r}) as child:\n"
        "    child.wait_until(lambda: 'up' in log.read_text(), 20.0, 'it')\n"
        "    print(child._process.pid, flush=True)\n"
        "    time.sleep(60)\n"
    )
    started = subprocess.Popen(
        [sys.executable, "-c", parent],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert started.stdout is not None
    with started.stdout as told:
        child = psutil.Process(int(told.readline()))
    started.send_signal(signal.SIGKILL)
    started.wait()
    deadline = time.monotonic() + 10.0
    while child.is_running() and child.status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < deadline, "the child outlived its parent"
        time.sleep(0.05)


def test_a_taken_port_is_told_with_the_remedy() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        with pytest.raises(StationError, match="taken by another program; choose another"):
            choose_port(other.getsockname()[1])


def test_port_0_becomes_a_free_one() -> None:
    port = choose_port(0)
    assert 1024 <= port <= 65535
    assert choose_port(port) == port
