"""Weighing the tool with a person's help: posture by posture, hands off, until the load is told."""

from collections.abc import Callable

import numpy as np

from arm_control.errors import ArmControlError
from arm_control.identification import ToolLoad, identify_tool
from arm_control.model import ArmModel
from spatial import Vector, Wrench

Read = Callable[[], tuple[Vector, Wrench]]
"""Reads the joints' angles (n,) [rad] and the wrist sensor's raw wrench."""

POSTURES = 8
_MOST = 30
_SAMPLES, _PERIOD_S = 50, 0.02
_MOVED = 2e-3  # [rad] of any joint while it was read
_WAVERED = 0.3  # [N] one standard deviation of any axis: a hand, or a table that shakes
_APART = float(np.radians(12.0))  # of the sensor's tilt from every posture before
_FORCE_LEFT, _TORQUE_LEFT = 0.15, 0.02  # [N], [N·m] root mean square of what a rigid load leaves


def weigh(
    model: ArmModel,
    read: Read,
    wait: Callable[[str], None],
    sleep: Callable[[float], None],
    tell: Callable[[str], None],
) -> ToolLoad:
    """Return the load that a person's postures weigh.

    ``wait`` says what to do and returns once the person has done it; ``sleep`` takes seconds;
    ``tell`` is given what became of each posture. Raises ArmControlError where 30 tries leave
    weight and bias apart too little, or more over than a rigid load explains: something touched
    the tool, or the sensor's axes are not the model's.
    """
    positions: list[Vector] = []
    wrenches: list[Wrench] = []
    ask = "Lead the wrist to some tilt, let go of everything"
    for _ in range(_MOST):
        wait(ask)
        try:
            position, wrench = settled(read, sleep)
        except ArmControlError as error:
            tell(str(error))
            continue
        if _nearest(model, position, positions) < _APART:
            tell("much like one before; tilt the wrist by 15 degrees and more, to another side")
            continue
        positions.append(position)
        wrenches.append(wrench)
        tell(f"posture {len(positions)} of {POSTURES} weighed")
        ask = "Lead the wrist to another tilt, let go of everything"
        if len(positions) >= POSTURES:
            break
    load = identify_tool(model, positions, wrenches)
    if load.force_residual > _FORCE_LEFT or load.torque_residual > _TORQUE_LEFT:
        raise ArmControlError(
            f"a rigid load leaves {load.force_residual:.2f} N and {load.torque_residual:.3f} N·m "
            f"unexplained, bounds {_FORCE_LEFT} N and {_TORQUE_LEFT} N·m; was a hand on the tool, "
            "or does a cable pull?"
        )
    return load


def settled(read: Read, sleep: Callable[[float], None]) -> tuple[Vector, Wrench]:
    """Return the mean of a second's readings at rest.

    Raises ArmControlError where the arm moved or the force wavered meanwhile.
    """
    angles, readings = [], []
    for _ in range(_SAMPLES):
        position, wrench = read()
        angles.append(position)
        readings.append(np.concatenate([wrench.force, wrench.torque]))
        sleep(_PERIOD_S)
    moved = float(np.ptp(angles, axis=0).max())
    wavered = float(np.std(readings, axis=0)[:3].max())
    if moved > _MOVED or wavered > _WAVERED:
        raise ArmControlError(
            f"while it was read the arm moved {moved:.4f} rad and the force wavered by "
            f"{wavered:.2f} N, bounds {_MOVED} rad and {_WAVERED} N; hands off, then again"
        )
    mean = np.mean(readings, axis=0)
    return np.mean(angles, axis=0), Wrench(mean[:3], mean[3:])


def _nearest(model: ArmModel, position: Vector, others: list[Vector]) -> float:
    """Return the least angle [rad] by which the sensor sees gravity turned from ``others``."""

    def down(q: Vector) -> Vector:
        pull = model.base_sensor(q).rotation.T @ model.gravity
        return np.asarray(pull / np.linalg.norm(pull))

    here = down(position)
    return min((float(np.arccos(np.clip(here @ down(q), -1.0, 1.0))) for q in others), default=9.0)
