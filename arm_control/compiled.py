"""The one way kernels are compiled: by Numba, cached on disk, with NumPy's rules for division.

Numba's cache notices a change in the file of the function it compiles, not in the files of the
functions that one calls, and would go on running the old ones. The cache's folder is therefore
named after the content of all kernels.
"""

import hashlib
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import ParamSpec, TypeVar, cast

import numba
from numba import njit

P = ParamSpec("P")
R = TypeVar("R")


def _fingerprint() -> str:
    digest = hashlib.sha256()
    for file in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(file.name.encode() + file.read_bytes())
    return digest.hexdigest()[:16]


def _cache_folder() -> Path:
    """Return a writable folder for this version of the kernels, in the user's cache if possible."""
    home = os.environ.get("XDG_CACHE_HOME") or str(Path("~/.cache").expanduser())
    for base in (Path(home), Path(tempfile.gettempdir()) / f"swab-booth-{os.getuid()}"):
        folder = base / "swab-booth" / "kernels" / _fingerprint()
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError:
            continue  # the next one; without any, Numba says what it misses
        if os.access(folder, os.W_OK):
            return folder
    return Path(tempfile.mkdtemp(prefix="swab-booth-kernels-"))


if not os.environ.get("NUMBA_CACHE_DIR"):
    numba.config.CACHE_DIR = str(_cache_folder())


def kernel(function: Callable[P, R]) -> Callable[P, R]:
    """Compile ``function`` at its first call; later processes load it from the cache.

    Division by zero gives infinity or NaN, as in NumPy, which the limits and the monitor catch: an
    exception has no place in the control loop.
    """
    return cast("Callable[P, R]", njit(cache=True, error_model="numpy")(function))


def unlocked(function: Callable[P, R]) -> Callable[P, R]:
    """Compile ``function`` as `kernel` does, and let other Python threads run while it runs."""
    compiled = njit(cache=True, error_model="numpy", nogil=True)(function)
    return cast("Callable[P, R]", compiled)
