"""The built workspace for tests that need it; without it they are skipped, saying why."""

import ctypes
import importlib
import os
import sys
import warnings
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
WORKSPACE = ROOT / "robot_ws"
_VERSION = f"python{sys.version_info.major}.{sys.version_info.minor}"
BUILT = WORKSPACE / "install" / "lib" / _VERSION / "site-packages"

sys.path.insert(0, str(Path(__file__).parent))  # the stand-ins and the harness
for _package in sorted((WORKSPACE / "src").glob("*/")):
    if (_package / _package.name / "__init__.py").is_file():
        sys.path.insert(0, str(_package))


def _load(libraries: list[Path]) -> None:
    """Load shared libraries that need each other, in whichever order works.

    The dynamic loader reads LD_LIBRARY_PATH when a process starts, which for this one is too late;
    a library that is loaded already is found by its name. Each stays local to itself: made global,
    ROS's rcutils would take the place of the one inside librealsense, which then crashes.
    """
    while libraries:
        left = []
        for library in libraries:
            try:
                ctypes.CDLL(str(library), mode=ctypes.RTLD_LOCAL)
            except OSError as error:
                left.append(library)
                last = error
        if len(left) == len(libraries):
            raise last
        libraries = left


def _missing() -> str:
    """Make the built interfaces importable; return why that is not possible, or nothing."""
    if not (BUILT / "booth_interfaces").is_dir():
        return "robot_ws is not built; run robot_ws/build.sh"
    sys.path.append(str(BUILT))
    os.environ["AMENT_PREFIX_PATH"] = f"{WORKSPACE / 'install'}{os.pathsep}{sys.prefix}"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # rclpy imports what Python 3.11 calls old
            for name in ("rclpy", "rclpy.action", "rclpy.lifecycle", "rosidl_generator_py"):
                importlib.import_module(name)
        _load(sorted((WORKSPACE / "install" / "lib").glob("lib*.so")))
        importlib.import_module("booth_interfaces.msg")
    except (ImportError, OSError) as error:
        return f"ROS 2 or the built interfaces cannot be loaded: {error}"
    return ""


os.environ.setdefault("ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST")
MISSING = _missing()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what is marked ``ros`` where the workspace is not built."""
    for item in items:
        if MISSING and item.get_closest_marker("ros"):
            item.add_marker(pytest.mark.skip(reason=MISSING))
