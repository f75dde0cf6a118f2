"""Charts of the anatomy and of the depth cameras against what is published or stated."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from sim.anatomy.survey import Finding
from sim.cameras.survey import DepthNoise


def anatomy(findings: Sequence[Finding]) -> Figure:
    """Histogram of every finding, with the published mean and two standard deviations."""
    figure = Figure(figsize=(9.0, 4.6), layout="constrained")
    for axes, finding in zip(figure.subplots(2, 3).ravel(), findings, strict=False):
        axes.hist(finding.values, bins=30, color="#9fc3b4")
        axes.axvline(finding.mean, color="#2a7f62", label="simulated mean")
        axes.axvline(finding.published_mean, color="#b3352d", linestyle="--", label="published")
        if finding.published_sd is not None:
            for side in (-2.0, 2.0):
                edge = finding.published_mean + side * finding.published_sd
                axes.axvline(edge, color="#b3352d", linestyle=":", linewidth=0.9)
        axes.set(xlabel=f"{finding.name} [{finding.unit}]", yticks=[])
    figure.axes[0].legend(fontsize=7)
    return figure


def depth_noise(rows: Sequence[DepthNoise]) -> Figure:
    """Measured noise of each camera over distance, against the law it states."""
    figure = Figure(figsize=(5.2, 3.2), layout="constrained")
    axes = figure.subplots()
    for camera, colour in zip(
        sorted({r.camera for r in rows}), ("#2a7f62", "#c98a1b"), strict=False
    ):
        mine = sorted((r for r in rows if r.camera == camera), key=lambda r: r.depth)
        z = np.array([r.depth for r in mine])
        axes.plot(z, [1e3 * r.stated for r in mine], color=colour, label=f"{camera}, stated")
        axes.plot(z, [1e3 * r.measured for r in mine], "o", color=colour, label="measured")
    axes.set(xlabel="depth [m]", ylabel="standard deviation [mm]", xscale="log", yscale="log")
    axes.legend(fontsize=8)
    return figure


def anatomy_table(findings: Sequence[Finding]) -> str:
    """Return the findings as a Markdown table."""
    lines = [
        "| quantity | simulated mean ± SD | published mean ± SD | source |",
        "|---|---|---|---|",
    ]
    for f in findings:
        known = f"{f.published_mean:.1f}"
        known += f" ± {f.published_sd:.1f}" if f.published_sd is not None else ""
        lines.append(
            f"| {f.name} [{f.unit}], n = {len(f.values)} | {f.mean:.1f} ± {f.sd:.1f} | {known} "
            f"| {f.source} |"
        )
    return "\n".join(lines)


def depth_table(rows: Sequence[DepthNoise]) -> str:
    """Return the depth noise as a Markdown table."""
    lines = ["| camera | depth [m] | measured SD [mm] | stated SD [mm] |", "|---|---|---|---|"]
    lines += [
        f"| {r.camera} | {r.depth:.2f} | {1e3 * r.measured:.3f} | {1e3 * r.stated:.3f} |"
        for r in rows
    ]
    return "\n".join(lines)
