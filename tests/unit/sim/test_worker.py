import subprocess
import sys
from pathlib import Path

import psutil
import pytest

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

DARKROOM = """
import multiprocessing, time
import numpy as np
from sim.darkroom import Darkroom
from vision.frame import Intrinsics

class Plain:
    intrinsics = Intrinsics(20, 16, 16.0, 16.0, 10.0, 8.0)

    def paint(self, snapshot, rng):
        return np.zeros((16, 20, 3), np.uint8), np.zeros((16, 20), np.float32)

    def close(self):
        pass

if __name__ == "__main__":
    room = Darkroom(Plain, 2)
    print(*[child.pid for child in multiprocessing.active_children()], flush=True)
    time.sleep(600)
"""


@pytest.mark.parametrize("program", [PARENT, DARKROOM], ids=["pool", "darkroom"])
def test_helpers_end_with_a_killed_parent(tmp_path: Path, program: str) -> None:
    (tmp_path / "parent.py").write_text(program)
    with subprocess.Popen(
        [sys.executable, str(tmp_path / "parent.py")], stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        helpers = [psutil.Process(int(pid)) for pid in parent.stdout.readline().split()]
        parent.kill()
    assert helpers
    _, alive = psutil.wait_procs(helpers, timeout=60)
    assert not alive
