"""No arm at all: a driver that is where it was told to be, to try loop, pump and monitor with."""

import time

import numpy as np

from arm_control.model import ArmModel
from arm_control.ports import ArmInfo, ArmState, JointCommand
from spatial import Vector, Wrench, vector

_FLICKER = 1e-6  # [N] by which the wrist changes, for a sensor that repeats itself is taken as dead


class RehearsalArm:
    """Stands at ``position`` (n,) [rad] and follows every set-point at once, at ``rate_hz``.

    Its wrist feels the weight of the tool and nothing else. Whoever swabs people needs another.
    """

    def __init__(self, model: ArmModel, position: Vector, rate_hz: float = 1000.0) -> None:
        self._model = model
        self._position = np.array(position, float)
        self._velocity = np.zeros_like(self._position)
        self._info = ArmInfo(
            "no arm", tuple(model.joint_names), rate_hz, 1.0 / rate_hz, "stands at once"
        )
        self._flicker = _FLICKER
        self._stopped = False

    @property
    def info(self) -> ArmInfo:
        """What the driver states of its arm."""
        return self._info

    def read(self) -> ArmState:
        """Return where the last set-point led."""
        self._flicker = -self._flicker
        wrench = self._model.tool_weight(self._position) + Wrench(vector((self._flicker, 0.0, 0.0)))
        at, v = self._position, self._velocity
        return ArmState(time.monotonic_ns(), at, v, np.zeros_like(at), wrench)

    def write(self, command: JointCommand) -> None:
        """Be where ``command`` says; dropped while stopped."""
        if not self._stopped:
            self._position, self._velocity = command.position, command.velocity

    def stop(self) -> None:
        """Stand, and drop set-points until ``reset``."""
        self._stopped = True
        self._velocity = np.zeros_like(self._position)

    def reset(self) -> None:
        """Take set-points again."""
        self._stopped = False

    def close(self) -> None:
        """Stand."""
        self.stop()
