"""The surfaces of one head at one instant: profiles of generalised cylinders, and blobs.

All coordinates lie in the mouth frame [m]: origin midway between the lips, x out of the mouth, z
up, +y the person's left. ``s = -x`` is the depth behind the lips. The cavity and the tongue are
generalised cylinders along s whose sections are superellipses; teeth, gums, tonsils and eyes are
superellipsoids; the uvula and fingers are round cones; the face is a height field over (y, z).
One `Shape` feeds the mesh (sim.anatomy.mesh), the contact distance (sim.anatomy.distance) and the
truth (sim.anatomy.sites), so they cannot disagree.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from sim.anatomy.anatomy import Anatomy
from sim.anatomy.articulation import Articulation
from sim.anatomy.blobs import dental_row, depressor, hand, tonsils, uvula
from sim.anatomy.landmarks import Landmarks, landmarks
from sim.anatomy.profile import Array, Profile


class Surfaces(NamedTuple):
    """Everything the compiled kernels read; a named tuple, because Numba passes those whole.

    ``blobs`` (n, 18): part, centre (3), axes as rows (9), semi-axes (3), exponent, 1 if of metal.
    ``cones`` (m, 9): part, first centre (3), second centre (3), first radius, second radius.
    ``lip`` (5,): half width, half height, thickness, tilt, taper at the corners.
    ``wall`` (3,): depth at the midline, radius of curvature, slope over z.
    ``face`` (10,): see `sim.anatomy.distance.face_height`.
    ``marks`` (6,): end of the hard palate, velum margin, posterior arch, wall [m in s], velum
    margin and back of the tongue [m in z]. ``tongue_shift`` [m] to the person's left.
    """

    cavity_knots: Array
    cavity_coefficients: Array
    tongue_knots: Array
    tongue_coefficients: Array
    tongue_shift: float
    blobs: Array
    cones: Array
    lip: Array
    wall: Array
    face: Array
    marks: Array


@dataclass(frozen=True, slots=True, eq=False)
class Shape:
    """The surfaces of one head: the two profiles, and the same packed for the kernels."""

    cavity: Profile
    tongue: Profile
    surfaces: Surfaces


def _cavity(a: Anatomy, m: Landmarks) -> Profile:
    arch, i = a.arch_width / 2, m.incisor
    W, H, Z, w = m.half_width, m.half_height, m.velum_z, m.isthmus
    gum, floor = m.upper + a.crown_height, m.lower - a.crown_height
    deep = m.lower - 0.018
    corner = W + 0.6 * m.lip  # lips taper towards their corners: the cheek must meet them there
    rows = [
        (-0.060, corner, H, -H, 2.0, 0.0),
        (0.0, corner, H, -H, 2.0, 0.0),
        (0.5 * i, corner + 0.001, H + 0.002, -H - 0.0005, 2.0, 0.0),
        (i + 0.004, max(0.72 * arch + 0.002, corner + 0.0015), gum + 0.004, -H - 0.0015, 2.2, 0.0),
        (i + 0.018, arch + 0.003, m.roof, floor - 0.004, 2.5, 0.0),
        (i + 0.66 * (m.palate_end - i), arch + 0.004, m.roof - 0.003, m.lower - 0.020, 2.5, 0.0),
        (m.palate_end, arch, m.palate_z, m.lower - 0.018, 2.5, 0.0),
        (
            0.3 * m.palate_end + 0.7 * m.velum,
            w + 0.006,
            0.35 * m.palate_z + 0.65 * Z,
            deep,
            2.4,
            0.0,
        ),
        (m.velum, w, Z, deep, 2.3, 0.0),
        (m.velum + 0.005, w + 0.0045, Z + 0.001, deep - 0.002, 2.3, 0.0),
        (m.velum + 0.0095, w - 0.0035, Z + 0.003, deep - 0.004, 2.3, 0.0),
        (m.velum + 0.0130, w + 0.005, Z + 0.014, deep - 0.006, 2.3, 0.0),
        (m.wall + 0.020, w + 0.008, Z + 0.025, deep - 0.008, 2.3, 0.0),
    ]
    return Profile.through(rows)


def _tongue(a: Anatomy, q: Articulation, m: Landmarks) -> Profile:
    tip = m.lower_incisor + 0.004 - q.tongue_protrusion
    over = max(q.tongue_protrusion, 0.0)
    z0 = m.lower + 0.002 + min(over, 0.006)
    w, g, back = a.tongue_width / 2, a.tongue_groove, m.velum
    middle = 0.5 * (tip + 0.012 + back)
    low = m.lower - 0.022
    z1 = max(m.tongue_mid_z, z0)
    rows = [
        (tip, 0.0010, z0 - 0.0010, z0 - 0.0030, 2.2, 0.0),
        (tip + 0.001, 0.25 * w, z0 + 0.0008, z0 - 0.0045, 2.2, 0.0),
        (tip + 0.004, 0.47 * w, z0 + 0.0025, z0 - 0.0070, 2.2, 0.2 * g),
        (
            tip + 0.012,
            0.75 * w,
            z0 + 0.65 * (z1 - z0) * 0.5 + 0.003,
            min(z0 - 0.012, low + 0.010),
            2.2,
            0.7 * g,
        ),
        (middle, w, z1, low, 2.2, g),
        (back - 0.005, w, m.tongue_back_z, low, 2.2, 0.8 * g),
        (back + 0.006, 0.85 * w, max(m.tongue_back_z - 0.010, low + 0.010), low, 2.2, 0.0),
        (back + 0.013, 0.75 * w, max(m.tongue_back_z - 0.030, low + 0.005), low, 2.2, 0.0),
    ]
    return Profile.through(rows)


def _face(a: Anatomy, m: Landmarks) -> Array:
    """Return the row that `sim.anatomy.distance.face_height` reads."""
    size = a.face_height / 0.218
    chin = -0.046 * size
    centre = chin + 0.52 * a.face_height
    upper, lower, deep = a.face_height * 0.50, a.face_height * 0.57, 0.095 * size
    level = (centre + m.half_height) / (lower + 2 * m.half_height)
    base = -deep * np.sqrt(1.0 - level**3.5)
    return np.array(
        [
            m.half_height,
            a.face_width / 2,
            centre,
            upper,
            lower,
            deep,
            base,
            a.nose_length,
            m.tilt,
            size,
        ]
    )


def build_shape(anatomy: Anatomy, articulation: Articulation) -> Shape:
    """Return the surfaces of a head with this anatomy in this articulation."""
    m = landmarks(anatomy, articulation)
    teeth = [dental_row(anatomy, m, upper=upper) for upper in (True, False)]
    others = [*tonsils(anatomy, m), *depressor(articulation, m)]
    cavity = _cavity(anatomy, m)
    tongue = _tongue(anatomy, articulation, m)
    surfaces = Surfaces(
        cavity.knots,
        cavity.coefficients,
        tongue.knots,
        tongue.coefficients,
        float(articulation.tongue_sideways),
        np.concatenate([*teeth, np.array(others).reshape(-1, 18)]),
        np.array([uvula(anatomy, m), *hand(articulation)]),
        np.array([m.half_width, m.half_height, m.lip, m.tilt, 0.45]),
        np.array([m.wall, anatomy.wall_curvature, 0.06]),
        _face(anatomy, m),
        np.array([m.palate_end, m.velum, m.velum + 0.0095, m.wall, m.velum_z, m.tongue_back_z]),
    )
    return Shape(cavity, tongue, surfaces)
