"""Weighing the tool: mass, centre of mass and bias, from still postures; and the sensor's delay."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from arm_control.errors import ArmControlError
from arm_control.model import ArmModel
from arm_control.tool import Tool
from spatial import Matrix, Vector, Wrench
from spatial.pose import skew

_WORST_CONDITION = 50.0
_LONGEST_S = 0.15  # from a command to the reading of what it did
_SURE = 0.7  # correlation of what was felt with the inertia commanded


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


def identify_delay(commanded: Matrix, felt: Matrix, period_s: float) -> float:
    """Return how late [s] the wrist reads what is commanded, from a tool shaken in free air.

    ``commanded`` (k, 3) [m/s²] is the acceleration of the tool's centre of mass by the set-points,
    ``felt`` (k, 3) [N] the readings less the tool's weight, both in one frame and ``period_s`` [s]
    apart. It is the lag of their greatest correlation (Knapp and Carter 1976, IEEE Trans. ASSP 24,
    4): the whole way from command to reading, of which a driver states its parts as
    ``command_delay_s`` and ``sensor_delay_s``. Raises ArmControlError where they hardly agree.
    """
    n, most = len(commanded), round(_LONGEST_S / period_s)
    if felt.shape != commanded.shape or n < 4 * most:
        raise ArmControlError(
            f"{n} accelerations and {len(felt)} forces; give as many of each, at least "
            f"{4.0 * _LONGEST_S:.1f} s of them"
        )
    inertia = -(commanded - commanded.mean(axis=0))[: n - most]
    agreement = np.empty(most + 1)
    for lag in range(most + 1):
        late = felt[lag : lag + n - most]
        late = late - late.mean(axis=0)
        size = float(np.linalg.norm(inertia) * np.linalg.norm(late))
        agreement[lag] = float(np.sum(inertia * late)) / size if size > 0.0 else 0.0
    best = int(np.argmax(agreement))
    if not agreement[best] > _SURE:
        raise ArmControlError(
            f"what the wrist felt agrees with the tool's inertia by {agreement[best]:.2f}, bound "
            f"{_SURE}; shake the tool harder, in free air, and look at the sensor's axes and sign"
        )
    return best * period_s


def _rms(values: Vector) -> float:
    return float(np.sqrt(np.mean(values**2)))
