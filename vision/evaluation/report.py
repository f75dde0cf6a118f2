"""Results for people and tools: tables, JSON, and pictures of the worst cases."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from vision.evaluation.rendered import Results, SiteOutcome

GOALS: Mapping[str, tuple[str, str, float | None]] = {
    "ap5095_uvula": ("1", "higher", None),
    "ap5095_tonsil": ("1", "higher", None),
    "ap5095_wall": ("1", "higher", None),
    "ap5095_mean": ("1", "higher", 0.85),
    "target_error_mm_p50": ("mm", "lower", 2.0),
    "target_error_mm_p95": ("mm", "lower", 5.0),
    "target_error_mm_p50_d405_25_40cm": ("mm", "lower", 2.0),
    "target_error_mm_p95_d405_25_40cm": ("mm", "lower", 5.0),
    "wrong_target_rate_cooperative": ("1", "lower", 0.005),
    "wrong_target_rate": ("1", "lower", 0.005),
    "refusal_rate": ("1", "lower", 0.05),
    "unsafe_refused_rate": ("1", "higher", 1.0),
    "calibration_error": ("1", "lower", None),
    "uvula_in_box": ("1", "higher", None),
    "wall_right": ("1", "higher", None),
    "wall_wrong": ("1", "lower", None),
    "wall_refused": ("1", "lower", None),
}
"""Unit, better direction and goal of the figures of issue 5."""

_HIGHER = ("ap5095_", "iou_", "refused_where_", "targets", "safe_sites", "unsafe_sites")


def print_figures(console: Console, title: str, figures: Mapping[str, float]) -> None:
    """Print a table of figures and, where there is one, the goal beside them."""
    table = Table(title=title)
    for heading in ("figure", "value", "unit", "goal"):
        table.add_column(heading, justify="left" if heading == "figure" else "right")
    for name, value in figures.items():
        unit, _, goal = GOALS.get(name, ("", "", None))
        table.add_row(name, f"{value:.4g}", unit, "" if goal is None else f"{goal:g}")
    console.print(table)


def print_subgroups(console: Console, results: Results) -> None:
    """Print wrong targets, refusals and errors for every subgroup."""
    table = Table(title="by subgroup")
    columns = ("subgroup", "", "safe", "refused", "targets", "wrong", "p50 mm", "p95 mm")
    for heading in columns:
        table.add_column(heading, justify="right")
    for kind, name, row in subgroup_rows(results.outcomes):
        shown = [f"{row[key]:.3g}" for key in ("safe", "refused", "targets", "wrong")]
        errors = [f"{row[key]:.1f}" for key in ("error_mm_p50", "error_mm_p95")]
        table.add_row(kind, name, *shown, *errors)
    console.print(table)


def subgroup_rows(
    outcomes: Sequence[SiteOutcome],
) -> list[tuple[str, str, dict[str, float]]]:
    """Return kind, name and figures of every subgroup, in a fixed order."""
    rows = []
    kinds = list(outcomes[0].groups) if outcomes else []
    for kind in kinds:
        for name in sorted({o.groups[kind] for o in outcomes}):
            mine = [o for o in outcomes if o.groups[kind] == name]
            safe = [o for o in mine if o.safe and o.cooperative]
            emitted = [o for o in mine if o.emitted]
            errors = [1e3 * o.error for o in emitted if o.right]
            rows.append(
                (
                    kind,
                    name,
                    {
                        "safe": float(len(safe)),
                        "refused": _mean([not o.emitted for o in safe]),
                        "targets": float(len(emitted)),
                        "wrong": _mean([not o.right for o in emitted]),
                        "error_mm_p50": _percentile(errors, 50),
                        "error_mm_p95": _percentile(errors, 95),
                    },
                )
            )
    return rows


def worst(outcomes: Sequence[SiteOutcome], count: int) -> list[SiteOutcome]:
    """Return the worst cases: wrong targets by confidence, then right ones by error."""
    wrong = sorted((o for o in outcomes if o.emitted and not o.right), key=lambda o: -o.confidence)
    far = sorted((o for o in outcomes if o.emitted and o.right), key=lambda o: -o.error)
    return [*wrong, *far][:count]


def write_json(
    path: Path,
    name: str,
    figures: Mapping[str, float],
    extra: Mapping[str, object],
) -> None:
    """Write figures in the benchmarks' format; NaN becomes null."""
    listed = []
    for key, value in figures.items():
        direction = "higher" if key.startswith(_HIGHER) else "lower"
        unit, better, goal = GOALS.get(key, ("1", direction, None))
        finite = float(value) if np.isfinite(value) else None
        listed.append({"name": key, "value": finite, "unit": unit, "better": better, "goal": goal})
    path.parent.mkdir(parents=True, exist_ok=True)
    document = {"benchmark": name, **extra, "figures": listed}
    path.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")


def draw_reliability(path: Path, outcomes: Sequence[SiteOutcome]) -> None:
    """Draw how often targets are right against how sure the locator was."""
    from matplotlib.figure import Figure  # noqa: PLC0415 - heavy, and only reports draw

    emitted = sorted((o for o in outcomes if o.emitted), key=lambda o: o.confidence)
    figure = Figure(figsize=(4.5, 4.5), layout="constrained")
    axes = figure.subplots()
    axes.plot([0, 1], [0, 1], color="0.7", linewidth=1)
    if emitted:
        parts = np.array_split(np.arange(len(emitted)), min(10, len(emitted)))
        x = [float(np.mean([emitted[i].confidence for i in part])) for part in parts]
        y = [float(np.mean([emitted[i].right for i in part])) for part in parts]
        axes.plot(x, y, "o-")
    axes.set(xlabel="stated confidence", ylabel="share of targets on their site")
    axes.set(xlim=(0, 1.02), ylim=(0, 1.02))
    figure.savefig(path, dpi=120)


def _mean(flags: Sequence[bool]) -> float:
    return float(np.mean(flags)) if flags else float("nan")


def _percentile(values: Sequence[float], share: float) -> float:
    return float(np.percentile(values, share)) if values else float("nan")
