"""Jerk-limited profiles: Ruckig plans them when a goal is set, the loop samples them."""

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from ruckig import InputParameter, Result, Ruckig, RuckigError, Synchronization, Trajectory

from arm_control.compiled import kernel
from arm_control.errors import GoalError
from arm_control.memory import MAX_SEGMENTS, Record
from spatial import Vector

Row: TypeAlias = Sequence[float] | Vector


_JUST_LESS = 1.0 - 1e-6  # of the jerk, where Ruckig fails at a limit that is only just reached


@kernel
def sample(profile: Record, dof: int, time: float, out: np.ndarray) -> None:
    """``out`` (3,) = position, velocity and acceleration of ``dof`` at ``time`` [s]."""
    k = 0
    while k + 1 < MAX_SEGMENTS and profile.start[dof, k + 1] <= time:
        k += 1
    h = time - profile.start[dof, k]
    p = profile.state[dof, k]
    out[0] = p[0] + (p[1] + (0.5 * p[2] + p[3] * h / 6.0) * h) * h
    out[1] = p[1] + (p[2] + 0.5 * p[3] * h) * h
    out[2] = p[2] + p[3] * h


def plan(
    profile: np.ndarray,
    start: Sequence[Row],
    goal: Row,
    limits: Sequence[Row],
    target_velocity: Row | None = None,
) -> None:
    """Fill ``profile`` (a record (1,)) with the time-optimal synchronised motion.

    ``start`` holds position, velocity and acceleration of each degree of freedom; it ends in
    ``goal``, at rest or at ``target_velocity``. ``limits`` hold velocity, acceleration and jerk.
    Raises GoalError where Ruckig finds no motion.
    """
    n = len(goal)
    wish = InputParameter(n)
    wish.current_position, wish.current_velocity, wish.current_acceleration = (
        list(map(float, row)) for row in start
    )
    wish.target_position = list(map(float, goal))
    wish.max_velocity, wish.max_acceleration, wish.max_jerk = (
        list(map(float, row)) for row in limits
    )
    if target_velocity is not None:
        wish.target_velocity = list(map(float, target_velocity))
    trajectory = _calculate(wish)
    if trajectory is None:
        raise GoalError(
            f"no jerk-limited motion to {list(goal)} from {[list(row) for row in start]}: Ruckig "
            f"refuses limits {[list(row) for row in limits]}; choose a goal within the limits"
        )
    fill(profile, trajectory, moving=target_velocity is not None)


def _calculate(wish: InputParameter) -> Trajectory | None:
    """Return the motion, on a straight line if Ruckig finds one, else only ending together.

    Ruckig fails where a limit is only just reached, such as over 2 a³/j² from rest to rest; with a
    jerk a millionth lower it is not.
    """
    n = wish.degrees_of_freedom
    jerk = list(wish.max_jerk)
    ways = (Synchronization.Phase, Synchronization.Time)
    for way, part in ((way, part) for part in (1.0, _JUST_LESS) for way in ways):
        wish.synchronization = way
        wish.max_jerk = [part * j for j in jerk]
        trajectory = Trajectory(n)
        try:
            result = Ruckig(n).calculate(wish, trajectory)
        except (RuckigError, ValueError):  # ValueError: a result its enumeration lacks
            continue
        if result in (Result.Working, Result.Finished):
            return trajectory
    return None


def fill(profile: np.ndarray, trajectory: Trajectory, *, moving: bool = False) -> None:
    """Copy Ruckig's phases into ``profile``: constant jerk from each start time on.

    After the last phase it stays, or goes on at the last velocity if it ends ``moving``.
    """
    record = profile[0]
    record["duration"] = trajectory.duration
    record["start"][:] = np.inf
    record["state"][:] = 0.0
    for dof, phases in enumerate(trajectory.profiles[0]):
        rows: list[tuple[float, float, float, float, float]] = []
        time = 0.0
        for part in (phases.brake, phases, phases.accel):
            for duration, p, v, a, j in zip(part.t, part.p, part.v, part.a, part.j, strict=False):
                if duration > 0.0:
                    rows.append((time, p, v, a, j))
                    time += duration
        if rows:
            begin, p, v, a, j = rows[-1]
            h = time - begin
            end = p + (v + (a / 2 + j * h / 6) * h) * h
            rows.append((time, end, v + (a + j * h / 2) * h if moving else 0.0, 0.0, 0.0))
        else:
            rows.append((0.0, phases.pf, 0.0, 0.0, 0.0))
        record["start"][dof, : len(rows)] = [row[0] for row in rows]
        record["state"][dof, : len(rows)] = [row[1:] for row in rows]


def join(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return the profile that runs ``first`` and then ``second``, which begins where it ends."""
    joined = first.copy()
    a, b, out = first[0], second[0], joined[0]
    shift = float(a["duration"])
    out["duration"] = shift + float(b["duration"])
    for dof in range(len(a["start"])):
        used = int(np.searchsorted(a["start"][dof], shift - 1e-12))
        more = int(np.isfinite(b["start"][dof]).sum())
        out["start"][dof] = np.inf
        out["start"][dof, :used] = a["start"][dof, :used]
        out["start"][dof, used : used + more] = b["start"][dof, :more] + shift
        out["state"][dof, used : used + more] = b["state"][dof, :more]
    return joined


def hold(profile: np.ndarray, position: Sequence[float]) -> None:
    """Fill ``profile`` with standing still at ``position``."""
    record = profile[0]
    record["duration"] = 0.0
    record["start"][:] = np.inf
    record["state"][:] = 0.0
    for dof, value in enumerate(position):
        record["start"][dof, 0] = 0.0
        record["state"][dof, 0, 0] = value
