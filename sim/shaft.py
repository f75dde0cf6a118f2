"""The swab: a bending shaft held by the hand and touching tissue, integrated by itself.

Pseudo-rigid-body model of a cantilever (Howell 2001, Compliant Mechanisms, ch. 5): a rigid shaft
hangs on a universal joint at 0.15 L from the jaws with the torsional stiffness K = 2.25 EI / L,
which gives the tip a lateral stiffness close to 3 EI / L³ and buckles as a column does. Its swing
and the tissue's springs are integrated implicitly in short sub-steps, so that stiff and strongly
damped tissue on a shaft of one gram stays stable, in any engine. The arm receives the shaft's
reaction, its inertia included.

Contact is a spring-damper along the surface's normal (never pulling) and a bristle spring across
it that slides at the friction cone (regularised Coulomb friction: Dahl 1968).
"""

from dataclasses import dataclass

import numpy as np

from sim.anatomy.compiled import compiled
from sim.engine import GRAVITY, STEP_S
from sim.scene import SwabShape
from sim.tissue import Tissue
from spatial import Matrix, Vector

JOINT_SHARE = 0.15
"""Where the universal joint sits, as a share of the shaft's length from the jaws."""

PSEUDO_STIFFNESS = 2.25
"""Torsional stiffness of the joint in units of EI / L."""

_SUBSTEPS = 4
_DAMPING_RATIO = 0.05  # of the shaft's own swing (assumed, PET)
_BRISTLE = 0.7  # tangential over normal stiffness of the tissue (assumed)
_PASSES = 4  # a contact opens or starts to slide at most a few times in one implicit solve


@compiled
def _solve3(A: Matrix, b: Vector, x: Vector) -> None:
    """Solve the symmetric positive definite 3x3 system by Cramer's rule."""
    c00 = A[1, 1] * A[2, 2] - A[1, 2] * A[2, 1]
    c01 = A[1, 2] * A[2, 0] - A[1, 0] * A[2, 2]
    c02 = A[1, 0] * A[2, 1] - A[1, 1] * A[2, 0]
    det = A[0, 0] * c00 + A[0, 1] * c01 + A[0, 2] * c02
    x[0] = (
        c00 * b[0]
        + (A[0, 2] * A[2, 1] - A[0, 1] * A[2, 2]) * b[1]
        + (A[0, 1] * A[1, 2] - A[0, 2] * A[1, 1]) * b[2]
    ) / det
    x[1] = (
        c01 * b[0]
        + (A[0, 0] * A[2, 2] - A[0, 2] * A[2, 0]) * b[1]
        + (A[0, 2] * A[1, 0] - A[0, 0] * A[1, 2]) * b[2]
    ) / det
    x[2] = (
        c02 * b[0]
        + (A[0, 1] * A[2, 0] - A[0, 0] * A[2, 1]) * b[1]
        + (A[0, 0] * A[1, 1] - A[0, 1] * A[1, 0]) * b[2]
    ) / det


@compiled
def _cross(a: Vector, b: Vector, out: Vector) -> None:
    out[0] = a[1] * b[2] - a[2] * b[1]
    out[1] = a[2] * b[0] - a[0] * b[2]
    out[2] = a[0] * b[1] - a[1] * b[0]


@compiled
def _dot(a: Vector, b: Vector) -> float:
    return float(a[0] * b[0] + a[1] * b[1] + a[2] * b[2])


@compiled
def _swing(  # noqa: C901, PLR0912, PLR0915, PLR0917 - one time step, in the order of its algebra
    direction: Vector,  # (3,) in/out: unit vector along the shaft, base frame
    spin: Vector,  # (3,) in/out: angular velocity of the shaft [rad/s], base frame
    bristles: Matrix,  # (n, 3) in/out: tangential deflection of each contact [m]
    axis: Vector,  # (3,) the hand's z, base frame
    joint_velocity: Vector,  # (3,) [m/s] of the universal joint
    hand_spin: Vector,  # (3,) [rad/s]
    gravity: Vector,  # (3,) [m/s²]
    swab: Vector,  # inertia [kg m²], stiffness [N·m/rad], damping [N·m·s/rad], first moment [kg·m]
    levers: Vector,  # (n,) [m] distance of each contact from the joint along the shaft
    depths: Vector,  # (n,) in/out: penetration of each contact [m]
    normals: Matrix,  # (n, 3) out of the tissue
    surface_velocities: Matrix,  # (n, 3) [m/s]
    laws: Matrix,  # (n, 3) stiffness, damping, friction
    forces: Matrix,  # (n, 3) out: force on the swab, mean of the step [N]
    normal_forces: Vector,  # (n,) out [N]
    reaction: Vector,  # (6,) out: mean force and torque on the hand, at the joint
    dt: float,
    substeps: int,
) -> None:
    n = levers.shape[0]
    inertia, K, C, moment = swab[0], swab[1], swab[2], swab[3]
    A = np.empty((3, 3))
    b = np.empty(3)
    new = np.empty(3)
    torque = np.empty(3)
    r = np.empty(3)
    g = np.empty(3)
    v = np.empty(3)
    ft = np.empty(3)
    fn = np.zeros(n)
    state = np.zeros(n, dtype=np.int64)  # 0 open, 1 sticking, 2 sliding
    pull = np.zeros((n, 3))  # tangential force where a contact slides
    forces[:] = 0.0
    normal_forces[:] = 0.0
    reaction[:] = 0.0
    h = dt / substeps
    for _ in range(substeps):
        # the spring turns the shaft back towards the hand's axis
        cosine = min(max(_dot(direction, axis), -1.0), 1.0)
        _cross(direction, axis, torque)
        sine = np.sqrt(_dot(torque, torque))
        angle = np.arctan2(sine, cosine)
        scale = K * (angle / sine if sine > 1e-9 else 1.0)
        for k in range(3):
            torque[k] = scale * torque[k] + C * hand_spin[k]
        for i in range(n):
            state[i] = 1 if depths[i] > -1e-3 and laws[i, 0] > 0.0 else 0
        for _pass in range(_PASSES):
            # (inertia + h C + h² K) ω' + h Σ contacts = inertia ω + h (spring + weight)
            for k in range(3):
                for j in range(3):
                    A[k, j] = 0.0
                A[k, k] = inertia + h * C + h * h * K
                g[k] = moment * gravity[k]
            _cross(direction, g, b)
            for k in range(3):
                b[k] = inertia * spin[k] + h * (torque[k] + b[k]) + h * h * K * hand_spin[k]
            for i in range(n):
                if state[i] == 0:
                    continue
                stiff, damp = laws[i, 0], laws[i, 1]
                for k in range(3):
                    r[k] = levers[i] * direction[k]
                    v[k] = joint_velocity[k] - surface_velocities[i, k]
                normal = normals[i]
                _cross(r, normal, g)
                vn = _dot(v, normal)
                impedance = damp + stiff * h
                known = stiff * depths[i] - impedance * vn
                for k in range(3):
                    b[k] += h * g[k] * known
                    for j in range(3):
                        A[k, j] += h * impedance * g[k] * g[j]
                if state[i] == 1:
                    impedance *= _BRISTLE
                    for k in range(3):
                        ft[k] = -_BRISTLE * stiff * bristles[i, k] - impedance * (
                            v[k] - vn * normal[k]
                        )
                    # r x P (ω x r) = (|r|² E - r rᵀ - g gᵀ) ω, with P across the normal
                    rr = _dot(r, r)
                    for k in range(3):
                        for j in range(3):
                            A[k, j] -= h * impedance * (r[k] * r[j] + g[k] * g[j])
                        A[k, k] += h * impedance * rr
                else:
                    for k in range(3):
                        ft[k] = pull[i, k]
                _cross(r, ft, v)
                for k in range(3):
                    b[k] += h * v[k]
            _solve3(A, b, new)
            along = _dot(new, direction)
            for k in range(3):
                new[k] -= along * direction[k]
            changed = False
            for i in range(n):
                if state[i] == 0:
                    fn[i] = 0.0
                    continue
                stiff, damp, mu = laws[i, 0], laws[i, 1], laws[i, 2]
                for k in range(3):
                    r[k] = levers[i] * direction[k]
                _cross(new, r, v)
                for k in range(3):
                    v[k] += joint_velocity[k] - surface_velocities[i, k]
                vn = _dot(v, normals[i])
                fn[i] = stiff * depths[i] - (damp + stiff * h) * vn
                if fn[i] <= 0.0 or depths[i] - h * vn <= 0.0:
                    state[i] = 0
                    fn[i] = 0.0
                    changed = True
                    continue
                if state[i] == 1:
                    size = 0.0
                    for k in range(3):
                        ft[k] = -_BRISTLE * (
                            stiff * bristles[i, k]
                            + (damp + stiff * h) * (v[k] - vn * normals[i, k])
                        )
                        size += ft[k] * ft[k]
                    size = np.sqrt(size)
                    if size > mu * fn[i]:
                        state[i] = 2
                        changed = True
                        for k in range(3):
                            pull[i, k] = ft[k] * mu * fn[i] / size
                    else:
                        for k in range(3):
                            pull[i, k] = ft[k]
                else:
                    # the cone follows the normal force of this pass
                    size = np.sqrt(_dot(pull[i], pull[i]))
                    if size > 0.0 and abs(size - mu * fn[i]) > 1e-3 * mu * fn[i]:
                        changed = True
                        for k in range(3):
                            pull[i, k] *= mu * fn[i] / size
            if not changed:
                break
        # reaction on the hand: contact forces less what accelerates the shaft; the elastic torque
        for k in range(3):
            g[k] = (new[k] - spin[k]) / h
        _cross(g, direction, v)
        for k in range(3):
            reaction[k] -= moment * v[k] / substeps
            spring = torque[k] - C * hand_spin[k]
            reaction[3 + k] += ((C + h * K) * (new[k] - hand_spin[k]) - spring) / substeps
        for i in range(n):
            for k in range(3):
                r[k] = levers[i] * direction[k]
            _cross(new, r, v)
            for k in range(3):
                v[k] += joint_velocity[k] - surface_velocities[i, k]
            vn = _dot(v, normals[i])
            depths[i] -= h * vn
            if state[i] == 0:
                bristles[i, :] = 0.0
                continue
            stiff = laws[i, 0]
            for k in range(3):
                if state[i] == 1:
                    bristles[i, k] += h * (v[k] - vn * normals[i, k])
                else:
                    bristles[i, k] = -pull[i, k] / (_BRISTLE * stiff)
                force = fn[i] * normals[i, k] + pull[i, k]
                forces[i, k] += force / substeps
                reaction[k] += force / substeps
            normal_forces[i] += fn[i] / substeps
        _cross(new, direction, v)
        for k in range(3):
            direction[k] += h * v[k]
            spin[k] = new[k]
        length = np.sqrt(_dot(direction, direction))
        for k in range(3):
            direction[k] /= length


@dataclass(frozen=True, slots=True)
class ContactPoints:
    """The points of the shaft that may touch, as the world found them before a step.

    ``distances`` (n,) [m] from the jaws along the shaft, ``depths`` (n,) [m] of penetration,
    ``normals`` (n, 3) out of the tissue and ``velocities`` (n, 3) [m/s] of the tissue, base frame;
    ``parts`` (n,) the part touched.
    """

    distances: Vector
    depths: Vector
    normals: Matrix
    velocities: Matrix
    parts: np.ndarray


class Shaft:
    """One swab's shaft in the hand: where it points, how it swings, what it feels.

    Parameters
    ----------
    swab
        Its dimensions and material.
    contacts
        How many points may touch at once; the first is the bud.
    """

    def __init__(self, swab: SwabShape, contacts: int) -> None:
        self.swab = swab
        L = swab.length
        self.lever = (1.0 - JOINT_SHARE) * L
        mass = swab.mass * (1.0 - JOINT_SHARE)
        inertia = mass * self.lever**2 / 3.0
        stiffness = PSEUDO_STIFFNESS * swab.flexural_rigidity / L
        damping = 2.0 * _DAMPING_RATIO * np.sqrt(stiffness * inertia)
        self._swab = np.array([inertia, stiffness, damping, mass * self.lever / 2.0])
        self.direction = np.array([0.0, 0.0, 1.0])
        self.spin = np.zeros(3)
        self.bristles = np.zeros((contacts, 3))
        self.forces = np.zeros((contacts, 3))
        self.normal_forces = np.zeros(contacts)
        self.reaction = np.zeros(6)
        self._laws = np.zeros((contacts, 3))
        self._gravity = GRAVITY.copy()

    def straighten(self, axis: Vector) -> None:
        """Let the shaft point along ``axis`` (3,), at rest and untouched."""
        self.direction[:] = axis
        self.spin[:] = 0.0
        self.bristles[:] = 0.0
        self.forces[:] = 0.0
        self.normal_forces[:] = 0.0

    def step(
        self,
        axis: Vector,
        joint_velocity: Vector,
        hand_spin: Vector,
        contacts: ContactPoints,
        tissue: Tissue,
    ) -> Vector:
        """Advance by one physics step; return force and torque (6,) on the hand at the joint.

        ``axis`` (3,) is the hand's z, ``joint_velocity`` (3,) [m/s] the universal joint's and
        ``hand_spin`` (3,) [rad/s] the hand's, all in base coordinates. The shaft's weight bends it
        but is left out of the returned force: the hand's mass includes the swab.
        """
        laws = self._laws
        laws[:, 0] = tissue.stiffness[contacts.parts]
        laws[:, 1] = tissue.damping[contacts.parts]
        laws[:, 2] = tissue.friction[contacts.parts]
        _swing(
            self.direction,
            self.spin,
            self.bristles,
            axis,
            joint_velocity,
            hand_spin,
            self._gravity,
            self._swab,
            contacts.distances - JOINT_SHARE * self.swab.length,
            contacts.depths.copy(),
            contacts.normals,
            contacts.velocities,
            laws,
            self.forces,
            self.normal_forces,
            self.reaction,
            STEP_S,
            _SUBSTEPS,
        )
        return self.reaction
