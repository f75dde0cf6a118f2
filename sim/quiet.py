"""PyBullet, imported without the build time that it writes to standard error."""

import importlib
import os
import sys
from types import ModuleType


def quietly_imported(name: str) -> ModuleType:
    """Import ``name`` while file descriptor 2 is closed to what compiled code prints.

    Errors of the import itself are raised as ever.
    """
    if name in sys.modules:
        return sys.modules[name]
    sys.stderr.flush()
    kept = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        return importlib.import_module(name)
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


pybullet = quietly_imported("pybullet")
