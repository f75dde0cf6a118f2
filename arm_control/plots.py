"""Pictures of runs and of the force loop, drawn by Matplotlib without a display."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from arm_control.limits import SpeedLimits
from arm_control.margin import ForceLoop
from arm_control.rehearsal import Leg
from spatial import Vector, vector

_STEP_S = 0.001


def plot_dry_run(name: str, legs: Sequence[Leg], out: Path) -> None:
    """Draw the tip's way in the mouth and its speed, with the speed limits of the zones."""
    tip = np.vstack([leg.tip for leg in legs])
    time = np.arange(len(tip)) * 0.01
    speed = np.linalg.norm(np.gradient(tip, 0.01, axis=0), axis=1)
    figure = Figure(figsize=(9, 6), layout="constrained")
    way, fast = figure.subplots(2, 1, sharex=True)
    for k, label in enumerate(("x, out of the mouth", "y, to the person's left", "z, up")):
        way.plot(time, tip[:, k] * 1e3, label=label)
    way.set_ylabel("tip in the mouth frame [mm]")
    way.legend()
    way.set_title(f"Dry run of {name}")
    limits = SpeedLimits()
    inside = tip[:, 0] < limits.mouth_margin
    fast.plot(time, speed * 1e3, label="tip")
    bound = np.where(inside, limits.mouth, limits.face) * 1e3
    fast.plot(time, bound, "k--", linewidth=0.8, label="limit of the zone")
    fast.set(xlabel="time [s]", ylabel="speed [mm/s]")
    fast.legend()
    figure.savefig(out)


def simulate_contact(stiffness: float, seconds: float = 6.0) -> tuple[Vector, Vector, Vector]:
    """Return time [s], force [N] and head position [m] of a touch on one axis.

    A one-dimensional stand-in of the contact law of `arm_control.contact` (the simulator and the
    contact benchmark run the real one): touch at 10 mm/s, then 0.3 N on a head swaying 1.25 mm at
    0.24 Hz, known 33 ms late.
    """
    loop = ForceLoop()
    n = round(seconds / _STEP_S)
    time = np.arange(n) * _STEP_S
    w = 2.0 * np.pi * 0.24
    head = 1.25e-3 * np.sin(w * time)
    force, filtered, smooth = np.zeros(n), 0.0, 0.0
    delay = round(loop.delay / _STEP_S)
    x = v = integral = wish = 0.0
    begin, touched = -0.004, False
    x = begin
    gain = min(loop.bandwidth / stiffness, 1.0 / (loop.virtual_mass * 40.0))
    for k in range(n):
        known = 1.25e-3 * np.sin(w * (time[k] - 0.033)) + 0.033 * 1.25e-3 * w * np.cos(
            w * (time[k] - 0.033)
        )
        force[k] = max(stiffness * (x + known - head[k]), 0.0)
        read = force[max(k - delay, 0)]
        smooth += (read - smooth) * loop.filter_bandwidth * _STEP_S
        filtered += (smooth - filtered) * loop.filter_bandwidth * _STEP_S
        touched = touched or filtered > 0.025
        rate = 0.010
        if touched:
            ramp = float(np.clip(0.3 - wish, 0.0, min(0.6, 0.03 * stiffness) * _STEP_S))
            wish += ramp
            integral += 0.15 * gain * stiffness * (wish - filtered) * _STEP_S
            rate = ramp / _STEP_S / stiffness + gain * (wish - filtered + integral)
        v += 40.0 * (float(np.clip(rate, -0.04, 0.04)) - v) * _STEP_S
        x += v * _STEP_S
    return vector(time, None), vector(force, None), vector(head, None)


def plot_contact(stiffness: float, out: Path) -> None:
    """Draw touch and force on a swaying head."""
    time, force, head = simulate_contact(stiffness)
    figure = Figure(figsize=(9, 5), layout="constrained")
    top, bottom = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    top.plot(time, force)
    top.axhline(0.3, color="k", linewidth=0.8, linestyle="--")
    top.axhspan(0.15, 0.5, alpha=0.1)
    top.set_ylabel("force [N]")
    top.set_title(f"One-dimensional contact on {stiffness:g} N/m")
    bottom.plot(time, head * 1e3)
    bottom.set(xlabel="time [s]", ylabel="head [mm]")
    figure.savefig(out)


def plot_margin(out: Path) -> None:
    """Draw the gain margin of the force loop over delay, for stiffness as estimated and doubled."""
    delays = np.linspace(0.001, 0.040, 40)
    figure = Figure(figsize=(8, 5), layout="constrained")
    axes = figure.subplots()
    for stiffness in (7.0, 100.0, 500.0, 3000.0):
        margin = [ForceLoop(delay=float(d)).margins(stiffness)[0] for d in delays]
        axes.plot(delays * 1e3, margin, label=f"{stiffness:g} N/m")
    axes.axhline(1.0, color="k", linewidth=0.8)
    axes.axhline(2.0, color="k", linewidth=0.8, linestyle="--")
    axes.set_yscale("log")
    axes.set(xlabel="total delay [ms]", ylabel="gain margin: how much stiffer than estimated")
    axes.legend(title="tissue")
    figure.savefig(out)
