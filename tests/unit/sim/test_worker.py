import subprocess
import sys
from pathlib import Path

import psutil

PARENT = """
import multiprocessing, os, time
from concurrent.futures import ProcessPoolExecutor
from sim.worker import begin_worker

if __name__ == "__main__":
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context, initializer=begin_worker) as workers:
        print(workers.submit(os.getpid).result(), flush=True)
        time.sleep(600)
"""


def test_a_worker_ends_with_a_killed_parent(tmp_path: Path) -> None:
    (tmp_path / "parent.py").write_text(PARENT)
    with subprocess.Popen(
        [sys.executable, str(tmp_path / "parent.py")], stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        worker = psutil.Process(int(parent.stdout.readline()))
        parent.kill()
    _, alive = psutil.wait_procs([worker], timeout=60)
    assert not alive
