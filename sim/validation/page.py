"""The page of all checks: ``booth sim validate`` writes it with its plots."""

from collections.abc import Callable
from pathlib import Path

from sim import charts
from sim.errors import SimError
from sim.validation.arm import free_fall, gravity_compensation, two_engines
from sim.validation.check import Check
from sim.validation.senses import anatomy, depth_cameras
from sim.validation.swab import buckling, contact_force, friction_cone, shaft_deflection

CHECKS: tuple[Callable[[], Check], ...] = (
    shaft_deflection,
    buckling,
    contact_force,
    friction_cone,
    free_fall,
    gravity_compensation,
    two_engines,
    depth_cameras,
    anatomy,
)


def write(checks: list[Check], page: Path, images: Path) -> None:
    """Write the page and one SVG for each check into ``images``.

    Raises
    ------
    SimError
        Where a folder cannot be written.
    """
    lines = [
        "# The simulator, validated",
        "",
        "Written by `booth sim validate`; do not edit by hand. Every figure below was measured by",
        "that command; a check that leaves its bound makes it fail.",
        "",
        "| check | worst | bound | |",
        "|---|---|---|---|",
    ]
    lines += [
        f"| {c.name} | {c.worst:.3g} {c.unit} | {c.bound:g} {c.unit} | "
        f"{'passed' if c.passed else '**failed**'} |"
        for c in checks
    ]
    try:
        images.mkdir(parents=True, exist_ok=True)
        for check in checks:
            name = check.name.lower().replace(" ", "_") + ".svg"
            (images / name).write_text(charts.svg(check.figure) + "\n", encoding="utf-8")
            relative = f"{images.relative_to(page.parent.parent).as_posix()}/{name}"
            lines += ["", f"## {check.name}", "", check.text, ""]
            lines += [f"![{check.name}](../{relative})"]
            if check.table:
                lines += ["", check.table]
        page.write_text("\n".join(lines) + "\n", encoding="utf-8")
    except (OSError, ValueError) as error:
        raise SimError(f"{page}: cannot be written: {error}; choose another folder") from error
