"""Weighing the tool: mass, centre of mass and the sensor's bias, from still postures."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from arm_control.errors import ArmControlError
from arm_control.model import ArmModel
from arm_control.tool import Tool
from spatial import Vector, Wrench
from spatial.pose import skew

_WORST_CONDITION = 50.0


@dataclass(frozen=True, slots=True, eq=False)
class ToolLoad:
    """What was found: ``mass`` [kg], ``center`` (3,) [m, sensor frame], ``bias`` of the sensor.

    ``force_residual`` [N] and ``torque_residual`` [N·m] are RMS of what the fit leaves over: noise,
    if the arm stood still and nothing touched the tool.
    """

    mass: float
    center: Vector
    bias: Wrench
    force_residual: float
    torque_residual: float

    def applied_to(self, tool: Tool) -> Tool:
        """Return ``tool`` with this mass and centre of mass."""
        center = tool.flange_sensor.apply(self.center)
        return replace(tool, mass=self.mass, center_of_mass=center)


def identify_tool(
    model: ArmModel, positions: Sequence[Vector], wrenches: Sequence[Wrench]
) -> ToolLoad:
    """Return the tool that the raw ``wrenches`` weigh, one for each of the still ``positions``.

    Linear least squares on force = m Rᵀg + b and torque = m c x Rᵀg + b' (Atkeson, An and
    Hollerbach 1986, Estimation of Inertial Parameters of Manipulator Loads and Links). Raises
    ArmControlError where the postures turn the sensor too little to tell weight from bias.
    """
    if len(positions) != len(wrenches):
        raise ArmControlError(
            f"{len(positions)} postures and {len(wrenches)} wrenches; give one for each"
        )
    if len(positions) < 3:
        raise ArmControlError(
            f"{len(positions)} postures do not tell weight and bias apart; turn the wrist into at "
            "least three different directions"
        )
    pull = np.array([model.base_sensor(q).rotation.T @ model.gravity for q in positions])
    forces = np.array([wrench.force for wrench in wrenches])
    torques = np.array([wrench.torque for wrench in wrenches])
    eye = np.tile(np.eye(3), (len(positions), 1))
    # a weight of 1 kg at a lever of 0.1 m, so that both blocks of columns are of one size
    A = np.hstack([pull.reshape(-1, 1) / 10.0, eye])
    B = np.hstack([np.vstack([-skew(row) for row in pull]).reshape(-1, 3) / 10.0, eye])
    worst = max((float(np.linalg.cond(part)) for part in (A, B)), default=np.inf)
    if worst > _WORST_CONDITION:
        raise ArmControlError(
            f"{len(positions)} postures leave weight and bias apart by a condition of {worst:.0f}, "
            f"bound {_WORST_CONDITION:.0f}; turn the wrist into at least three different directions"
        )
    force, *_ = np.linalg.lstsq(A, forces.reshape(-1), rcond=None)
    torque, *_ = np.linalg.lstsq(B, torques.reshape(-1), rcond=None)
    mass = float(force[0]) / 10.0
    if mass <= 0.0:
        raise ArmControlError(
            f"the tool weighs {mass:.3f} kg: the sensor's axes or sign are not the model's"
        )
    return ToolLoad(
        mass,
        torque[:3] / 10.0 / mass,
        Wrench(force[1:], torque[3:]),
        _rms(A @ force - forces.reshape(-1)),
        _rms(B @ torque - torques.reshape(-1)),
    )


def _rms(values: Vector) -> float:
    return float(np.sqrt(np.mean(values**2)))
