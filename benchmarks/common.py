"""What every benchmark shares: arguments, figures, machine, versions, table and JSON."""

import argparse
import json
import os
import platform
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Literal, NoReturn

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured value; ``goal`` is what the issue asks for, if it asks for a number."""

    name: str
    value: float
    unit: str
    better: Literal["lower", "higher"]
    goal: float | None = None

    @property
    def met(self) -> bool | None:
        """Whether the goal is reached; None without one."""
        if self.goal is None:
            return None
        return self.value <= self.goal if self.better == "lower" else self.value >= self.goal


def arguments(description: str) -> argparse.ArgumentParser:
    """Return a parser with the options every benchmark has."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--quick", action="store_true", help="end within 45 s")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures here too")
    return parser


def _processor_time() -> tuple[int, int]:
    """Return how much time of all cores passed since boot, and how much a host took away [ticks].

    Both are 0 where the system does not say.
    """
    try:
        line = Path("/proc/stat").read_text(encoding="utf-8").partition("\n")[0]
    except OSError:
        return 0, 0
    ticks = [int(word) for word in line.split()[1:]]
    return sum(ticks[:8]), ticks[7]


_AT_START = _processor_time()


def machine() -> dict[str, Any]:
    """Describe the machine, how busy it is with other work, and how much of it a host took away.

    ``stolen_share`` is of all cores' time since the benchmark began: on a guest, the time in which
    a core had work and the host ran somebody else.
    """
    passed, stolen = (now - then for now, then in zip(_processor_time(), _AT_START, strict=True))
    return {
        "system": platform.platform(),
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)),
        "load_1_min": round(os.getloadavg()[0], 2),
        "stolen_share": round(stolen / max(passed, 1), 4),
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def versions(*packages: str) -> dict[str, str]:
    """Return the versions of Python and of these distributions."""
    found = {"python": platform.python_version()}
    for package in packages:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "not installed"
    return found


def report(
    benchmark: str,
    figures: Sequence[Figure],
    *,
    quick: bool,
    json_file: Path | None,
    packages: Sequence[str] = (),
) -> None:
    """Print the figures for people, and write them for tools if a file is named."""
    about, used = machine(), versions(*packages)
    console = Console()
    console.print(f"{benchmark}: {about['processor']}, {about['cores']} cores", end="")
    console.print(
        f", load {about['load_1_min']}, {about['stolen_share']:.1%} stolen by the host, "
        f"{'quick' if quick else 'full'}"
    )
    console.print(", ".join(f"{name} {number}" for name, number in used.items()))
    table = Table("figure", "value", "unit", "goal", "met")
    for one in figures:
        goal = "" if one.goal is None else f"{'≤' if one.better == 'lower' else '≥'} {one.goal:g}"
        met = {None: "", True: "yes", False: "no"}[one.met]
        table.add_row(one.name, f"{one.value:.6g}", one.unit, goal, met)
    console.print(table)
    if json_file is not None:
        document = {
            "benchmark": benchmark,
            "machine": about,
            "versions": used,
            "quick": quick,
            "figures": [asdict(one) for one in figures],
        }
        json_file.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")


def cannot_run(why: str) -> NoReturn:
    """End a benchmark that cannot run, with a sentence and exit code 2."""
    print(why, file=sys.stderr)
    raise SystemExit(2)
