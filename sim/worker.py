"""What every helping process of the simulator does first."""

import multiprocessing
import os
import threading
from multiprocessing.connection import wait


def begin_worker() -> None:
    """Keep this process to one core, and end it when the process that started it has gone.

    One core: the renderer and the linear algebra would take them all. A pool's processes otherwise
    wait for ever for work from a parent that was killed.
    """
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "LP_NUM_THREADS"):
        os.environ[name] = "1"
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent.sentinel,), daemon=True).start()


def _end_with(sentinel: int) -> None:
    wait([sentinel])
    os._exit(1)  # nobody is left to take a result, and nothing here is worth keeping
