"""Where the swab may touch: the bud, and the shaft where it passes lips, teeth, tongue, arches."""

import numpy as np

from sim.anatomy import Part
from sim.anatomy.compiled import compiled
from sim.engine import BodyState
from sim.head import HeadMotion
from sim.scene import Scene
from sim.shaft import JOINT_SHARE, ContactPoints, Shaft
from sim.tissue import Surface
from spatial import Matrix, Vector

_PLANES = np.array([0.002, -0.010, -0.035, -0.060])
"""Mouth x [m] of lips, incisors, middle of the tongue and arches, where the shaft is probed."""

COUNT = 1 + len(_PLANES)
"""How many points may touch."""

_NEAR = np.array([0.16, 0.12, 0.16])
"""Half extents [m] of the box around the lips outside of which nothing can touch."""

_CLEARANCE = 0.004  # a probed point of the shaft stays this far from bud and joint [m]
_AWAY = -1.0  # depth of a point that is not there [m]


@compiled
def _points(
    joint: Vector,
    direction: Vector,
    bud: float,
    planes: Vector,
    head_rotation: Matrix,
    head_position: Vector,
    levers: Vector,
    inside: Matrix,
) -> None:
    """Fill ``levers`` (n,) from the joint (negative: none) and ``inside`` (n, 3), mouth frame."""
    start = np.empty(3)
    way = np.empty(3)
    for k in range(3):
        start[k] = 0.0
        way[k] = 0.0
        for j in range(3):
            start[k] += head_rotation[j, k] * (joint[j] - head_position[j])
            way[k] += head_rotation[j, k] * direction[j]
    levers[0] = bud
    for i in range(planes.shape[0]):
        s = (planes[i] - start[0]) / way[0] if abs(way[0]) > 1e-6 else -1.0
        levers[1 + i] = s if _CLEARANCE < s < bud - _CLEARANCE else -1.0
    for i in range(levers.shape[0]):
        for k in range(3):
            inside[i, k] = start[k] + max(levers[i], 0.0) * way[k]


@compiled
def _contacts(
    levers: Vector,
    inside: Matrix,
    distance: Vector,
    outward: Matrix,
    bud_radius: float,
    shaft_radius: float,
    head_rotation: Matrix,
    head_linear: Vector,
    head_angular: Vector,
    depths: Vector,
    normals: Matrix,
    velocities: Matrix,
) -> None:
    arm = np.empty(3)
    for i in range(levers.shape[0]):
        radius = bud_radius if i == 0 else shaft_radius
        depths[i] = radius - distance[i] if levers[i] > 0.0 else _AWAY
        for k in range(3):
            normals[i, k] = 0.0
            arm[k] = 0.0
            for j in range(3):
                normals[i, k] += head_rotation[k, j] * outward[i, j]
                arm[k] += head_rotation[k, j] * inside[i, j]
        velocities[i, 0] = head_linear[0] + head_angular[1] * arm[2] - head_angular[2] * arm[1]
        velocities[i, 1] = head_linear[1] + head_angular[2] * arm[0] - head_angular[0] * arm[2]
        velocities[i, 2] = head_linear[2] + head_angular[0] * arm[1] - head_angular[1] * arm[0]


class Probe:
    """Finds the swab's contacts with one head, step by step, in arrays it keeps.

    Parameters
    ----------
    scene
        The booth, for the swab's dimensions and grip.
    """

    def __init__(self, scene: Scene) -> None:
        swab = scene.swab
        self._joint_lever = scene.tool_shape.grip_depth + JOINT_SHARE * swab.length
        self._offset = JOINT_SHARE * swab.length
        self._bud_radius = swab.bud_diameter / 2.0
        self._shaft_radius = swab.shaft_diameter / 2.0
        self._bud = (1.0 - JOINT_SHARE) * swab.length - self._bud_radius
        self._levers = np.full(COUNT, self._bud)
        self.inside = np.zeros((COUNT, 3))
        self.joint = np.zeros(3)
        self.joint_velocity = np.zeros(3)
        self.contacts = ContactPoints(
            distances=np.full(COUNT, swab.length),
            depths=np.full(COUNT, _AWAY),
            normals=np.tile(np.array([1.0, 0.0, 0.0]), (COUNT, 1)),
            velocities=np.zeros((COUNT, 3)),
            parts=np.zeros(COUNT, np.int64),
        )

    def follow(self, body: BodyState) -> None:
        """Refresh the shaft's ``joint`` [m] and ``joint_velocity`` [m/s] from the hand's motion."""
        lever = body.hand_rotation[:, 2] * self._joint_lever
        np.add(body.hand_position, lever, out=self.joint)
        w = body.hand_angular
        self.joint_velocity[0] = body.hand_linear[0] + w[1] * lever[2] - w[2] * lever[1]
        self.joint_velocity[1] = body.hand_linear[1] + w[2] * lever[0] - w[0] * lever[2]
        self.joint_velocity[2] = body.hand_linear[2] + w[0] * lever[1] - w[1] * lever[0]

    def slip(self, length: float) -> None:
        """Let the shaft slip ``length`` [m] back into the jaws."""
        self._joint_lever = max(self._joint_lever - length, 0.0)

    def point(self, shaft: Shaft, lever: float) -> Vector:
        """Return the point (3,) [m] of the shaft ``lever`` [m] from its joint, in base."""
        return np.asarray(self.joint + lever * shaft.direction)

    def clear(self) -> None:
        """Note that nothing can touch."""
        self.contacts.depths[:] = _AWAY
        self.contacts.parts[:] = int(Part.BACKGROUND)

    def find(self, shaft: Shaft, head: HeadMotion, surface: Surface) -> bool:
        """Refresh ``contacts`` against ``surface``; return whether anything is near at all."""
        levers, inside = self._levers, self.inside
        _points(
            self.joint,
            shaft.direction,
            self._bud,
            _PLANES,
            head.rotation,
            head.position,
            levers,
            inside,
        )
        bud = inside[0]
        if abs(bud[0]) > _NEAR[0] or abs(bud[1]) > _NEAR[1] or abs(bud[2]) > _NEAR[2]:
            self.clear()
            return False
        distance, outward, parts = surface.signed_distance(inside)
        contacts = self.contacts
        _contacts(
            levers,
            inside,
            distance,
            outward,
            self._bud_radius,
            self._shaft_radius,
            head.rotation,
            head.linear,
            head.angular,
            contacts.depths,
            contacts.normals,
            contacts.velocities,
        )
        np.add(levers, self._offset, out=contacts.distances)
        contacts.parts[:] = parts
        return True

    def tip(self, shaft: Shaft) -> Vector:
        """Return the swab's tip (3,) [m] in base coordinates."""
        return self.point(shaft, self._bud + self._bud_radius)
