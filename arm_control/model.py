"""The arm's kinematics and masses, read from its URDF at configuration time."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np

from arm_control.errors import ModelError
from arm_control.tool import Tool
from spatial import Matrix, Pose, Vector, Wrench, vector

STANDARD_GRAVITY = 9.80665


@dataclass(frozen=True, slots=True, eq=False)
class Chain:
    """A serial chain of n revolute joints as flat arrays, the form the compiled kernels read.

    ``placement_rotation`` (n, 3, 3) and ``placement_translation`` (n, 3) [m]: joint i in the frame
    of joint i-1 (of the base for i = 0) at zero angle. ``axis`` (n, 3): unit, in the joint's frame.
    ``mass`` (n,) [kg], ``center`` (n, 3) [m] and ``inertia`` (n, 3, 3) [kg·m²] about that centre:
    the body moved by joint i, tool included in the last. ``flange_rotation`` (3, 3) and
    ``flange_translation`` (3,): the flange in the frame of the last joint.
    """

    placement_rotation: Matrix
    placement_translation: Matrix
    axis: Matrix
    mass: Vector
    center: Matrix
    inertia: Matrix
    flange_rotation: Matrix
    flange_translation: Vector


@dataclass(frozen=True, slots=True, eq=False)
class ArmModel:
    """Kinematics and dynamics of one arm with its tool.

    ``lower``, ``upper`` [rad], ``velocity`` [rad/s] and ``torque`` [N·m], all (n,), are what the
    URDF states. ``gravity`` (3,) [m/s²] is in base axes.
    """

    name: str
    joint_names: tuple[str, ...]
    chain: Chain
    tool: Tool
    lower: Vector
    upper: Vector
    velocity: Vector
    torque: Vector
    gravity: Vector

    @classmethod
    def from_urdf(
        cls,
        path: Path | str,
        base_link: str,
        flange_link: str,
        joint_names: Sequence[str],
        tool: Tool,
        *,
        gravity: Sequence[float] = (0.0, 0.0, -STANDARD_GRAVITY),
    ) -> Self:
        """Read an arm. Joints not named are held at zero; links beyond the flange are ignored.

        Raises ModelError where the file, a link or a joint is missing, or a joint is not revolute.
        """
        from arm_control.urdf import read_chain  # noqa: PLC0415 - Pinocchio is heavy to import

        return cls(
            *read_chain(Path(path), base_link, flange_link, tuple(joint_names), tool),
            vector(gravity),
        )

    @property
    def joints(self) -> int:
        """The number of joints."""
        return len(self.joint_names)

    def base_flange(self, position: Vector) -> Pose:
        """Return the flange's pose at joint ``position`` (n,) [rad]."""
        from arm_control.kinematics import flange  # noqa: PLC0415 - compiles: only who moves pays

        q = vector(position, self.joints, "joint position")
        chain = self.chain
        rotation, translation = np.empty((3, 3)), np.empty(3)
        flange(
            q,
            chain.placement_rotation,
            chain.placement_translation,
            chain.axis,
            chain.flange_rotation,
            chain.flange_translation,
            rotation,
            translation,
        )
        return Pose(rotation, translation)

    def base_tip(self, position: Vector) -> Pose:
        """Return the unbent tip's pose at joint ``position`` (n,) [rad]."""
        return self.base_flange(position) @ self.tool.flange_tip

    def base_camera(self, position: Vector) -> Pose:
        """Return the camera's optical frame at joint ``position`` (n,) [rad]."""
        return self.base_flange(position) @ self.tool.flange_camera

    def base_sensor(self, position: Vector) -> Pose:
        """Return the wrist sensor's frame at joint ``position`` (n,) [rad]."""
        return self.base_flange(position) @ self.tool.flange_sensor

    def jacobian(self, position: Vector) -> Matrix:
        """Return the tip's Jacobian (6, n) in base axes: linear rows [m/rad], then angular."""
        q = vector(position, self.joints, "joint position")
        chain = self.chain
        rotation = np.eye(3)
        translation = np.zeros(3)
        origins = np.empty((self.joints, 3))
        axes = np.empty((self.joints, 3))
        for i in range(self.joints):
            translation = translation + rotation @ chain.placement_translation[i]
            rotation = rotation @ chain.placement_rotation[i]
            axes[i] = rotation @ chain.axis[i]
            origins[i] = translation
            rotation = rotation @ Pose.from_rotation_vector(chain.axis[i] * q[i]).rotation
        tip = self.base_tip(q).translation
        return np.vstack([np.cross(axes, tip - origins).T, axes.T])

    def tool_weight(self, position: Vector) -> Wrench:
        """Return the wrench of the tool's weight at the wrist sensor, in the sensor's frame."""
        sensor_base = self.base_sensor(position).inverse()
        sensor_flange = self.tool.flange_sensor.inverse()
        force = sensor_base.rotate(self.gravity) * self.tool.mass
        return Wrench(force, np.cross(sensor_flange.apply(self.tool.center_of_mass), force))


def require(condition: bool, message: str) -> None:
    """Raise ModelError with ``message`` unless ``condition`` holds."""
    if not condition:
        raise ModelError(message)
