"""A dry run: the procedure's timeline and tip path from its description alone, without an arm.

The tip's motion is planned by the same profiles as in the booth, in the mouth frame, to nominal
sites of an adult's throat. Contact is taken to be made where the target says.
"""

from dataclasses import dataclass

import numpy as np

from arm_control.limits import SpeedLimits, TipLimits
from arm_control.memory import STROKE_PROFILE, record
from arm_control.procedure import Procedure, SiteStep
from arm_control.profile import plan, sample
from spatial import Matrix, Vector

# Nominal adult sites in the mouth frame [m]: where a dry run goes, never where a booth does.
NOMINAL = {
    "right_tonsil": np.array((-0.072, -0.014, 0.004)),
    "left_tonsil": np.array((-0.072, 0.014, 0.004)),
    "posterior_wall": np.array((-0.090, 0.0, 0.004)),
}
_ELSEWHERE = np.array((-0.080, 0.0, 0.0))
_TOUCH_SPEED = 0.010
_STANDOFF = 0.006
_SAMPLE_S = 0.01


@dataclass(frozen=True, slots=True, eq=False)
class Leg:
    """One part of the run: name, start and length [s], and the tip (k, 3) [m] every 10 ms."""

    name: str
    start: float
    duration: float
    tip: Matrix


def dry_run(
    procedure: Procedure, speed: SpeedLimits | None = None, tip: TipLimits | None = None
) -> tuple[Leg, ...]:
    """Return the legs of one cooperative run of ``procedure``, from before the lips and back."""
    speed, tip = speed or SpeedLimits(), tip or TipLimits()
    legs: list[Leg] = []
    clock = 0.0
    here = np.array((procedure.clearance, 0.0, 0.0))
    lips = np.array((speed.mouth_margin, 0.0, 0.0))

    def go(name: str, goal: Vector, bound: float) -> None:
        nonlocal here, clock
        path = _straight(here, goal, bound, tip)
        legs.append(Leg(name, clock, len(path) * _SAMPLE_S, path))
        clock += len(path) * _SAMPLE_S
        here = goal

    def stay(name: str, seconds: float, ends: tuple[Vector, Vector], passes: int) -> None:
        nonlocal clock
        path = _wiping(seconds, ends, passes)
        legs.append(Leg(name, clock, len(path) * _SAMPLE_S, path))
        clock += len(path) * _SAMPLE_S

    entry = min(procedure.entry_speed, speed.mouth)
    go("to the lips", lips, speed.face)
    go("enter", np.array((-0.05, 0.0, 0.0)), entry)
    for step in procedure.sites:
        point = NOMINAL.get(step.site, _ELSEWHERE)
        half = np.array((0.0, 0.0, 0.5 * step.stroke_length))
        off = np.array((_STANDOFF, 0.0, 0.0))
        go(f"{step.site}: reach", point - half + off, speed.mouth)
        go(f"{step.site}: touch", point - half, _TOUCH_SPEED)
        stay(f"{step.site}: wipe", _seconds(step), (point - half, point + half), step.strokes)
        here = point + half if step.strokes % 2 else point - half
        go(f"{step.site}: release", here + off, speed.mouth)
    go("withdraw", lips, speed.mouth)
    go("clear", np.array((procedure.clearance, 0.0, 0.0)), speed.face)
    return tuple(legs)


def _seconds(step: SiteStep) -> float:
    """Return dwell and strokes; a stroke's time is its profile's."""
    return step.dwell + step.force / 0.6 + step.strokes * step.stroke_length / step.speed * 1.25


def _straight(start: Vector, goal: Vector, speed: float, tip: TipLimits) -> Matrix:
    length = float(np.linalg.norm(goal - start))
    profile = record(STROKE_PROFILE)
    limits = ([speed], [tip.acceleration], [tip.jerk])
    plan(profile, ([0.0], [0.0], [0.0]), [length], limits)
    times = np.arange(_SAMPLE_S, float(profile["duration"][0]) + _SAMPLE_S, _SAMPLE_S)
    out = np.empty(3)
    rows = []
    for time in times:
        sample(profile[0], 0, time, out)
        rows.append(start + (goal - start) * (out[0] / length))
    return np.array(rows)


def _wiping(seconds: float, ends: tuple[Vector, Vector], passes: int) -> Matrix:
    times = np.arange(0.0, seconds, _SAMPLE_S)
    along = 0.5 - 0.5 * np.cos(np.pi * passes * times / seconds)
    return np.asarray(ends[0] + np.outer(along, ends[1] - ends[0]))
