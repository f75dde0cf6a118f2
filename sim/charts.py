"""Charts of campaigns and of the simulator's validation, as SVG text for HTML and files."""

import io
from collections.abc import Mapping, Sequence

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from sim.episode import Episode
from sim.scenario import Verdict

_COLOURS = {
    Verdict.SAMPLED: "#2a7f62",
    Verdict.REFUSED: "#c98a1b",
    Verdict.ABORTED: "#b3352d",
    Verdict.CRASHED: "#5b2a86",
}
_SETPOINT, _SOFT, _ABORT, _TOLERABLE = 0.3, 0.5, 1.0, 2.4


def svg(figure: Figure) -> str:
    """Return a figure as SVG text without dates, so that equal data give equal files."""
    out = io.StringIO()
    with mpl.rc_context({"svg.hashsalt": "swab-booth", "svg.fonttype": "none"}):
        figure.savefig(out, format="svg", metadata={"Date": None}, bbox_inches="tight")
    text = out.getvalue()
    return text[text.index("<svg") :]


def forces(episodes: Sequence[Episode]) -> Figure:
    """Share of episodes whose peak force stays below a value, by verdict."""
    figure = Figure(figsize=(5.2, 3.2))
    axes = figure.subplots()
    for verdict, colour in _COLOURS.items():
        values = np.sort([e.peak_force for e in episodes if e.verdict is verdict])
        if len(values):
            share = np.arange(1, len(values) + 1) / len(values)
            axes.step(values, share, where="post", color=colour, label=f"{verdict} ({len(values)})")
    for force, name in ((_SETPOINT, "set-point"), (_ABORT, "abort"), (_TOLERABLE, "tolerable")):
        axes.axvline(force, color="#999999", linewidth=0.8, linestyle="--")
        axes.text(force, 1.02, name, fontsize=7, ha="center", color="#666666")
    axes.set(xlabel="peak force on any part [N]", ylabel="share of episodes", ylim=(0, 1.0))
    axes.set_xlim(left=0.0)
    axes.legend(loc="lower right", fontsize=8)
    return figure


def sites(episodes: Sequence[Episode]) -> Figure:
    """Coverage and target error of each site, over sampled people."""
    sampled = [e for e in episodes if e.verdict is Verdict.SAMPLED]
    names = sorted({name for e in sampled for name in e.sites})
    figure = Figure(figsize=(8.4, 3.2))
    left, right = figure.subplots(1, 2)
    if not names:
        for axes in (left, right):
            axes.text(0.5, 0.5, "nobody was sampled", ha="center", transform=axes.transAxes)
            axes.set_axis_off()
        return figure
    labels = [name.replace("_", "\n") for name in names]
    left.boxplot([[e.sites[n].coverage for e in sampled] for n in names], tick_labels=labels)
    left.set(ylabel="wiped share of the site", ylim=(0, 1))
    errors = [
        [
            error * 1e3
            for e in sampled
            if n in e.sites and (error := e.sites[n].target_error) is not None
        ]
        or [np.nan]
        for n in names
    ]
    right.boxplot(errors, tick_labels=labels)
    right.set(ylabel="target error [mm]")
    right.set_ylim(bottom=0.0)
    figure.tight_layout()
    return figure


def durations(episodes: Sequence[Episode]) -> Figure:
    """How long episodes take, by verdict."""
    figure = Figure(figsize=(5.2, 3.2))
    axes = figure.subplots()
    groups = {v: [e.seconds for e in episodes if e.verdict is v] for v in _COLOURS}
    shown = {v: s for v, s in groups.items() if s}
    top = max(max(s) for s in shown.values()) if shown else 1.0
    axes.hist(
        list(shown.values()),
        bins=np.linspace(0.0, top * 1.02, 30).tolist(),
        stacked=True,
        color=[_COLOURS[v] for v in shown],
        label=[v.value for v in shown],
    )
    axes.axvline(30.0, color="#999999", linewidth=0.8, linestyle="--")
    axes.set(xlabel="seconds from sitting down", ylabel="episodes")
    axes.legend(fontsize=8)
    return figure


def course(episode: Episode) -> Figure:
    """Force over time with the procedure's phases."""
    figure = Figure(figsize=(7.6, 2.6), layout="constrained")
    axes = figure.subplots()
    t, force = np.array(episode.trace).T if episode.trace else (np.zeros(1), np.zeros(1))
    axes.fill_between(t, force, color=_COLOURS[episode.verdict], alpha=0.6, linewidth=0.0)
    top = max(1.1 * float(np.max(force)), 0.6)
    for bound in (_SETPOINT, _SOFT, _ABORT, _TOLERABLE):
        if bound < top:
            axes.axhline(bound, color="#999999", linewidth=0.6, linestyle="--")
    for at, name in episode.phases:
        axes.axvline(at, color="#446688", linewidth=0.6)
        axes.text(at, top, f" {name}", fontsize=7, rotation=30, color="#446688")
    axes.set(xlabel="time [s]", ylabel="force [N]", ylim=(0, top), xlim=(0, episode.seconds))
    return figure


def lines(
    series: Mapping[str, tuple[ArrayLike, ArrayLike]],
    xlabel: str,
    ylabel: str,
    points: frozenset[str] = frozenset(),
) -> Figure:
    """Several curves in one chart; those named in ``points`` are drawn as points."""
    figure = Figure(figsize=(5.6, 3.2))
    axes = figure.subplots()
    for name, (x, y) in series.items():
        axes.plot(
            np.asarray(x), np.asarray(y), "o" if name in points else "-", markersize=4, label=name
        )
    axes.set(xlabel=xlabel, ylabel=ylabel)
    axes.grid(visible=True, alpha=0.25)
    axes.legend(fontsize=8)
    return figure
