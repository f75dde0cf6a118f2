"""Checks of the machine: one finding each, with its remedy."""

import importlib
import importlib.metadata
import importlib.util
import os
import platform
import resource
import shutil
import socket
import sqlite3
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType

_PACKAGES = ("numpy", "numba", "pin", "ruckig", "pybullet", "moderngl", "onnxruntime", "fastapi")
_ROOM_BYTES = 2**30
_ARM_PORTS = MappingProxyType(
    {30004: "Universal Robots (RTDE)", 1337: "Franka (FCI)", 502: "UFACTORY"}
)
_REAL_TIME_KERNEL = Path("/sys/kernel/realtime")  # there with PREEMPT_RT


class Grade(StrEnum):
    """How a finding is meant."""

    GOOD = "ok"
    ADVICE = "note"
    BAD = "FAIL"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the doctor: what was looked at, how it is, and what mends it."""

    subject: str
    grade: Grade
    detail: str
    remedy: str = ""


def examine(folder: Path, environment: Mapping[str, str] = os.environ) -> tuple[Finding, ...]:
    """Run all checks; each is guarded by itself, so that one cannot hide the next."""
    checks: tuple[tuple[str, Callable[[], Finding]], ...] = (
        ("Python", _python),
        ("packages", _packages),
        ("processor", _processor),
        ("graphics", graphics),
        ("real time", _real_time),
        ("memory lock", _memory_lock),
        ("camera", _camera),
        ("arm", lambda: arm(environment)),
        ("database", lambda: _database(environment)),
        ("disk", lambda: _disk(folder)),
        ("WeChat", lambda: _wechat(environment)),
    )
    findings = []
    for subject, check in checks:
        try:
            findings.append(check())
        except Exception as error:  # noqa: BLE001 - a check that breaks is itself a finding
            detail = f"the check failed: {type(error).__name__}: {' '.join(str(error).split())}"
            findings.append(Finding(subject, Grade.BAD, detail, "report this with the line"))
    return tuple(findings)


def _python() -> Finding:
    version = platform.python_version()
    if not (3, 11) <= sys.version_info[:2] < (3, 13):
        remedy = "install Python 3.11 or 3.12 and run `make setup`"
        return Finding("Python", Grade.BAD, f"{version}, wants 3.11 or 3.12", remedy)
    return Finding("Python", Grade.GOOD, f"{version} on {platform.system()} {platform.machine()}")


def _packages() -> Finding:
    missing = []
    for name in _PACKAGES:
        try:
            importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            missing.append(name)
    if missing:
        return Finding("packages", Grade.BAD, f"missing: {', '.join(missing)}", "run `make setup`")
    told = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in _PACKAGES[:4])
    return Finding("packages", Grade.GOOD, f"{told} and the others")


def _processor() -> Finding:
    cores = len(os.sched_getaffinity(0))
    if cores < 2:
        remedy = "give the booth two cores: one for the control loop, one for the vision"
        return Finding("processor", Grade.ADVICE, f"{cores} core", remedy)
    return Finding("processor", Grade.GOOD, f"{cores} cores")


def graphics() -> Finding:
    """Open an off-screen OpenGL context and close it again."""
    context_module = importlib.import_module("sim.pictures.context")
    try:
        context = context_module.off_screen()
    except Exception as error:  # noqa: BLE001 - moderngl raises plain Exception
        remedy = "install Mesa: `apt-get install libegl1 libgl1 libgl1-mesa-dri`"
        detail = f"no off-screen OpenGL: {' '.join(str(error).split())}"
        return Finding("graphics", Grade.BAD, detail, remedy)
    with context:
        renderer = context.info["GL_RENDERER"]
    return Finding("graphics", Grade.GOOD, f"off-screen OpenGL by {renderer}")


def _real_time() -> Finding:
    """Ask for SCHED_FIFO and give it back; nothing else shows that it would be granted."""
    before = os.sched_getscheduler(0), os.sched_getparam(0)
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
    except PermissionError:
        remedy = "for a real arm: `setcap cap_sys_nice+ep` on Python, or rtprio in limits.conf"
        return Finding("real time", Grade.ADVICE, "no right to SCHED_FIFO", remedy)
    os.sched_setscheduler(0, *before)
    detail = "SCHED_FIFO is granted"
    if not _REAL_TIME_KERNEL.exists():
        detail += "; the kernel is no real-time one (PREEMPT_RT), which a Franka arm wants"
    return Finding("real time", Grade.GOOD, detail)


def _memory_lock() -> Finding:
    limit = resource.getrlimit(resource.RLIMIT_MEMLOCK)[0]
    if limit != resource.RLIM_INFINITY and limit < 2**30:
        remedy = "for a real arm: `ulimit -l unlimited`, or memlock in limits.conf"
        return Finding("memory lock", Grade.ADVICE, f"{limit // 1024} KiB can be locked", remedy)
    return Finding("memory lock", Grade.GOOD, "enough memory can be locked")


def _camera() -> Finding:
    if importlib.util.find_spec("pyrealsense2") is None:
        return Finding("camera", Grade.BAD, "pyrealsense2 is not installed", "run `make setup`")
    try:
        rs = importlib.import_module("pyrealsense2")
        found = [device.get_info(rs.camera_info.name) for device in rs.context().query_devices()]
    except (ImportError, RuntimeError) as error:
        remedy = "install libusb: `apt-get install libusb-1.0-0`"
        return Finding("camera", Grade.ADVICE, " ".join(str(error).split()), remedy)
    if not found:
        remedy = "plug in a RealSense camera, or go on with the simulated one"
        return Finding("camera", Grade.ADVICE, "no RealSense camera is connected", remedy)
    return Finding("camera", Grade.GOOD, ", ".join(found))


def arm(environment: Mapping[str, str]) -> Finding:
    """Knock where the makers' controllers listen, and hang up."""
    host = environment.get("BOOTH_ARM_HOST", "")
    if not host:
        remedy = "set BOOTH_ARM_HOST to the arm's address, or go on with the simulated one"
        return Finding("arm", Grade.ADVICE, "no arm is configured", remedy)
    why: OSError | None = None
    for port, maker in _ARM_PORTS.items():
        try:
            socket.create_connection((host, port), timeout=1.0).close()
        except OSError as error:
            why = error
        else:
            remedy = "its force reading's delay is assumed: measure it before contact (control.md)"
            return Finding("arm", Grade.GOOD, f"{host} answers as {maker} does", remedy)
    remedy = "check cable and address, and that the arm is switched on and may be controlled"
    return Finding("arm", Grade.BAD, f"{host} does not answer: {why}", remedy)


def _database(environment: Mapping[str, str]) -> Finding:
    url = environment.get("BOOTH_QUEUE_DATABASE", "")
    if url.startswith("postgresql"):
        return Finding("database", Grade.GOOD, "PostgreSQL is configured; the service checks it")
    version = sqlite3.sqlite_version_info
    if version < (3, 35):
        detail = f"SQLite {sqlite3.sqlite_version}, wants 3.35 for RETURNING"
        return Finding("database", Grade.BAD, detail, "use a newer Python, or PostgreSQL")
    return Finding("database", Grade.GOOD, f"SQLite {sqlite3.sqlite_version}, embedded")


def _disk(folder: Path) -> Finding:
    there = folder
    while not there.exists():
        there = there.parent
    if not os.access(there, os.W_OK):
        return Finding("disk", Grade.BAD, f"{there} is not writable", "choose another --out")
    free = shutil.disk_usage(there).free
    if free < _ROOM_BYTES:
        detail = f"{free // 2**20} MiB free under {there}"
        return Finding("disk", Grade.BAD, detail, "free 1 GiB for records, traces and pictures")
    return Finding("disk", Grade.GOOD, f"{free // 2**30} GiB free under {there}")


def _wechat(environment: Mapping[str, str]) -> Finding:
    wanted = ("BOOTH_QUEUE_WECHAT_APP_ID", "BOOTH_QUEUE_WECHAT_SECRET")
    missing = [name for name in wanted if not environment.get(name)]
    if missing:
        remedy = f"set {' and '.join(missing)} for the mini-program; the rest works without"
        return Finding("WeChat", Grade.ADVICE, "not configured", remedy)
    return Finding("WeChat", Grade.GOOD, "app id and secret are set")
