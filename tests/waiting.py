"""Waiting for what another process or thread does, as long as a busy machine may need."""

import time
from collections.abc import Callable


def eventually(truth: Callable[[], bool], seconds: float = 120.0) -> bool:
    """Whether ``truth`` becomes true within so many seconds."""
    deadline = time.monotonic() + seconds
    while not truth():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True
