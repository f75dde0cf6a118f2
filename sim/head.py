"""Where a head is and how fast it moves: sway, tremor, drift and single movements, in closed form.

Position and velocity are functions of time alone, so that they do not depend on who asks how often
and tissue forces can use the head's own velocity.
"""

from dataclasses import dataclass

import numpy as np

from sim.anatomy.compiled import compiled
from sim.temperament import Temperament
from spatial import Matrix, Pose, Twist, Vector

_REST_SHARE = 0.35
"""What of the sway a chin rest leaves (assumed; a prototype's head on a rest moved 1 to 1.5 mm)."""

_SWAY_SPLIT = np.array([0.8, 0.5, 0.33])  # fore-aft, sideways, up; root of the sum of squares is 1
_TURN_PER_METRE = 3.0  # sway turns the head about 3 mrad per mm (assumed)
_DRIFT_PERIOD_S = 120.0
_DRIFT_TURN = np.deg2rad(1.5) / 2.0  # 1.5 degrees in five minutes (seated)


@compiled
def _wander(t: float, sines: Matrix, moves: Matrix, out: Vector) -> None:
    """Fill ``out`` (12,): translation, rotation vector, then their rates, at time t [s]."""
    out[:] = 0.0
    for i in range(sines.shape[0]):
        w = 2.0 * np.pi * sines[i, 6]
        phase = w * t + sines[i, 7]
        s, c = np.sin(phase), w * np.cos(phase)
        for k in range(6):
            out[k] += sines[i, k] * s
            out[6 + k] += sines[i, k] * c
    for i in range(moves.shape[0]):
        since = t - moves[i, 0]
        rise, hold, fall = moves[i, 1], moves[i, 2], moves[i, 3]
        if since <= 0.0 or since >= rise + hold + fall:
            continue
        if since < rise:
            u, scale = since / rise, 1.0 / rise
        elif since < rise + hold:
            u, scale = 1.0, 0.0
        else:
            u, scale = (rise + hold + fall - since) / fall, -1.0 / fall
        # minimum-jerk profile (Flash and Hogan 1985)
        s = u * u * u * (10.0 + u * (6.0 * u - 15.0))
        rate = scale * 30.0 * u * u * (1.0 - u) * (1.0 - u)
        for k in range(6):
            out[k] += moves[i, 4 + k] * s
            out[6 + k] += moves[i, 4 + k] * rate


@dataclass(frozen=True, slots=True, eq=False)
class Movement:
    """One movement of the head, there and back, with minimum jerk.

    ``start_s``; ``rise_s``, ``hold_s``, ``fall_s`` [s]; ``translation`` (3,) [m] and
    ``rotation_vector`` (3,) [rad] in the resting mouth frame at its farthest.
    """

    start_s: float
    rise_s: float
    hold_s: float
    fall_s: float
    translation: Vector
    rotation_vector: Vector

    def row(self) -> Vector:
        """Return the movement as the kernel's row (10,)."""
        times = [self.start_s, self.rise_s, self.hold_s, self.fall_s]
        return np.concatenate([times, self.translation, self.rotation_vector])


class HeadMotion:
    """A seated head around its resting pose ``base_rest``.

    Parameters
    ----------
    base_rest
        The mouth's resting pose.
    temperament
        How much the person sways and trembles.
    chin_rest
        Whether the head leans on one.
    rng
        The person's generator for involuntary motion.
    """

    def __init__(
        self,
        base_rest: Pose,
        temperament: Temperament,
        *,
        chin_rest: bool,
        rng: np.random.Generator,
    ) -> None:
        self.base_rest = base_rest
        self._sines = _sines(temperament, _REST_SHARE if chin_rest else 1.0, rng)
        self._moves = np.zeros((0, 10))
        self._out = np.zeros(12)
        self.rotation = base_rest.rotation.copy()
        self.position = base_rest.translation.copy()
        self.linear = np.zeros(3)
        self.angular = np.zeros(3)

    def add(self, movement: Movement) -> None:
        """Let the head make one more movement; several add up."""
        self._moves = np.vstack([self._moves, movement.row()])

    def advance(self, t: float) -> None:
        """Refresh ``rotation``, ``position``, ``linear`` and ``angular`` for time ``t`` [s]."""
        out = self._out
        _wander(t, self._sines, self._moves, out)
        _place(
            self.base_rest.rotation,
            self.base_rest.translation,
            out,
            self.rotation,
            self.position,
            self.linear,
            self.angular,
        )

    @property
    def base_mouth(self) -> Pose:
        """The mouth's pose now."""
        return Pose(self.rotation, self.position)

    @property
    def twist(self) -> Twist:
        """The mouth's velocity now: of its origin, in base axes."""
        return Twist(self.linear, self.angular)


@compiled
def _place(
    R0: Matrix, p0: Vector, out: Vector, R: Matrix, p: Vector, linear: Vector, angular: Vector
) -> None:
    """Place the head: rest pose times a small motion (Rodrigues; rates exact about one axis)."""
    x, y, z = out[3], out[4], out[5]
    angle = np.sqrt(x * x + y * y + z * z)
    if angle < 1e-9:
        a, b = 1.0, 0.5
    else:
        a, b = np.sin(angle) / angle, (1.0 - np.cos(angle)) / (angle * angle)
    local = np.empty((3, 3))
    local[0, 0] = 1.0 - b * (y * y + z * z)
    local[0, 1] = b * x * y - a * z
    local[0, 2] = b * x * z + a * y
    local[1, 0] = b * x * y + a * z
    local[1, 1] = 1.0 - b * (x * x + z * z)
    local[1, 2] = b * y * z - a * x
    local[2, 0] = b * x * z - a * y
    local[2, 1] = b * y * z + a * x
    local[2, 2] = 1.0 - b * (x * x + y * y)
    # the left Jacobian turns the rotation vector's rate into an angular velocity (Barfoot 2017)
    c = 1.0 / 6.0 if angle < 1e-4 else (1.0 - a) / (angle * angle)
    u, v, w = out[9], out[10], out[11]
    cx, cy, cz = y * w - z * v, z * u - x * w, x * v - y * u
    dx, dy, dz = y * cz - z * cy, z * cx - x * cz, x * cy - y * cx
    u, v, w = u + b * cx + c * dx, v + b * cy + c * dy, w + b * cz + c * dz
    for i in range(3):
        p[i] = p0[i] + R0[i, 0] * out[0] + R0[i, 1] * out[1] + R0[i, 2] * out[2]
        linear[i] = R0[i, 0] * out[6] + R0[i, 1] * out[7] + R0[i, 2] * out[8]
        angular[i] = R0[i, 0] * u + R0[i, 1] * v + R0[i, 2] * w
        for j in range(3):
            R[i, j] = R0[i, 0] * local[0, j] + R0[i, 1] * local[1, j] + R0[i, 2] * local[2, j]


def _sines(temperament: Temperament, share: float, rng: np.random.Generator) -> Matrix:
    """Return rows of six amplitudes, frequency [Hz] and phase [rad].

    A sinusoid of amplitude A and frequency f has the mean speed 4 A f; three of them around the
    sway frequency with equal mean square share the person's sway speed.
    """
    rows = []
    for factor in (0.55, 1.0, 1.6):
        frequency = temperament.sway_frequency * factor * float(rng.uniform(0.9, 1.1))
        amplitude = share * temperament.sway_speed / (4.0 * frequency) / np.sqrt(3.0)
        for axis in range(3):
            row = np.zeros(8)
            row[axis] = amplitude * _SWAY_SPLIT[axis]
            row[3 + axis] = amplitude * _TURN_PER_METRE * float(rng.uniform(-1.0, 1.0))
            row[6], row[7] = frequency, rng.uniform(0.0, 2.0 * np.pi)
            rows.append(row)
    for axis in range(3):
        row = np.zeros(8)
        row[axis] = temperament.tremor / np.sqrt(3.0)
        row[6] = temperament.tremor_frequency * float(rng.uniform(0.95, 1.05))
        row[7] = rng.uniform(0.0, 2.0 * np.pi)
        rows.append(row)
        row = np.zeros(8)
        # a slow sinusoid whose steepest slope is the drift
        row[axis] = temperament.drift / 60.0 * _DRIFT_PERIOD_S / (2.0 * np.pi)
        row[3 + axis] = _DRIFT_TURN * float(rng.uniform(-1.0, 1.0))
        row[6], row[7] = 1.0 / _DRIFT_PERIOD_S, rng.uniform(0.0, 2.0 * np.pi)
        rows.append(row)
    return np.array(rows)
