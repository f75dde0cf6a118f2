"""No arm at all: a driver that is where it was told to be, to try loop, pump and monitor with."""

import time

import numpy as np

from arm_control.model import ArmModel
from arm_control.ports import ArmInfo, ArmState, JointCommand
from spatial import Vector, Wrench, vector

_FLICKER = 1e-6  # [N] by which the wrist changes, for a sensor that repeats itself is taken as dead


class RehearsalArm:
    """Stands at ``position`` (n,) [rad] and follows every set-point at once, at ``rate_hz``.

    Its wrist feels weight and inertia of the tool and nothing else. Whoever swabs people needs
    another.
    """

    def __init__(self, model: ArmModel, position: Vector, rate_hz: float = 1000.0) -> None:
        self._model = model
        self._position = np.array(position, float)
        self._velocity = np.zeros_like(self._position)
        self._info = ArmInfo(
            "no arm", tuple(model.joint_names), rate_hz, 1.0 / rate_hz, "stands at once"
        )
        self._inertia = Wrench()
        self._pace = np.zeros(3)  # of the tool's centre of mass, in the base [m/s]
        self._flicker = _FLICKER
        self._stopped = False

    @property
    def info(self) -> ArmInfo:
        """What the driver states of its arm."""
        return self._info

    def read(self) -> ArmState:
        """Return where the last set-point led."""
        self._flicker = -self._flicker
        felt = self._model.tool_weight(self._position) + self._inertia
        wrench = felt + Wrench(vector((self._flicker, 0.0, 0.0)))
        at, v = self._position, self._velocity
        return ArmState(time.monotonic_ns(), at, v, np.zeros_like(at), wrench)

    def write(self, command: JointCommand) -> None:
        """Be where ``command`` says; dropped while stopped."""
        if not self._stopped:
            self._position, self._velocity = command.position, command.velocity
            self._feel()

    def stop(self) -> None:
        """Stand, and drop set-points until ``reset``."""
        self._stopped = True
        self._velocity = np.zeros_like(self._position)
        self._feel()

    def reset(self) -> None:
        """Take set-points again."""
        self._stopped = False

    def close(self) -> None:
        """Stand."""
        self.stop()

    def _feel(self) -> None:
        """Note what the tool's acceleration since the last set-point does to the wrist."""
        tool, period = self._model.tool, 1.0 / self._info.rate_hz
        if not self._velocity.any() and not self._pace.any():
            self._inertia = Wrench()
            return
        now, soon = (
            self._model.base_flange(self._position + self._velocity * ahead).apply(
                tool.center_of_mass
            )
            for ahead in (0.0, period)
        )
        pace = (soon - now) / period
        acceleration, self._pace = (pace - self._pace) / period, pace
        base_sensor = self._model.base_sensor(self._position)
        force = base_sensor.rotation.T @ (-tool.mass * acceleration)
        lever = tool.flange_sensor.inverse().apply(tool.center_of_mass)
        self._inertia = Wrench(force, np.cross(lever, force))
