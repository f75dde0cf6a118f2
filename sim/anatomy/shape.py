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
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator

from sim.anatomy.anatomy import Anatomy
from sim.anatomy.articulation import Articulation
from sim.anatomy.parts import Part

Array = NDArray[np.float64]

HEAD_PITCH = 0.14
"""Slope of the palate against the mouth's x axis [rad]: an open mouth tips the head back."""

_TOOTH_WIDTHS = np.array([8.5, 6.6, 7.6, 7.0, 6.8, 10.0, 9.6]) * 1e-3
_TOOTH_DEPTHS = np.array([3.0, 3.0, 3.6, 4.2, 4.4, 5.0, 5.0]) * 1e-3
_UPPER_ARCH, _LOWER_ARCH = 0.041, 0.038


@dataclass(frozen=True, slots=True)
class Profile:
    """Section of a generalised cylinder over s: half width, top, bottom, exponent, groove.

    ``knots`` (k,) [m]; ``coefficients`` (4, k - 1, 5) of the piecewise cubic in each interval,
    highest power first (SciPy's PPoly order), monotone between knots (Fritsch and Carlson 1980).
    """

    knots: Array
    coefficients: Array

    @classmethod
    def through(cls, rows: list[tuple[float, float, float, float, float, float]]) -> "Profile":
        """Return the profile through rows of (s, half width, top, bottom, exponent, groove)."""
        table = np.array(rows)
        pieces = PchipInterpolator(table[:, 0], table[:, 1:])
        return cls(table[:, 0].copy(), np.ascontiguousarray(pieces.c))

    def at(self, s: Array) -> Array:
        """Return the section (n, 5) at depths ``s`` (n,) [m], clamped to the ends."""
        s = np.clip(s, self.knots[0], self.knots[-1])
        i = np.clip(np.searchsorted(self.knots, s, side="right") - 1, 0, len(self.knots) - 2)
        t = (s - self.knots[i])[:, None]
        c = self.coefficients[:, i, :]
        return np.asarray(((c[0] * t + c[1]) * t + c[2]) * t + c[3])


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


@dataclass(frozen=True, slots=True)
class _Landmarks:
    """Where things are: s and z [m] of the landmarks everything else hangs on."""

    half_width: float
    half_height: float
    lip: float
    tilt: float
    upper: float
    lower: float
    incisor: float
    lower_incisor: float
    palate_end: float
    velum: float
    wall: float
    roof: float
    palate_z: float
    velum_z: float
    tongue_mid_z: float
    tongue_back_z: float
    isthmus: float


def _smooth(t: float) -> float:
    t = min(max(t, 0.0), 1.0)
    return t * t * (3.0 - 2.0 * t)


def _landmarks(a: Anatomy, q: Articulation) -> _Landmarks:
    opening = min(q.opening, a.opening_max)
    wide = opening / 0.05
    half_height = opening / 2 + 0.003 * _smooth(opening / 0.02) + 0.0004
    incisor = 1.5 * a.lip_thickness
    wall = incisor + a.wall_depth
    upper, lower = opening / 2, -opening / 2
    margin = max(a.soft_palate - a.uvula_length, 0.012)
    fall = (np.pi - a.palate_angle) * (1.0 - 0.45 * q.velum) * (1 - 0.5 * q.swallow)
    palate_end = incisor + a.hard_palate
    velum = palate_end + margin * np.cos(fall)
    squeeze = min(1.0, (wall - 0.015 - incisor) / (velum - incisor))
    palate_end = incisor + squeeze * (palate_end - incisor)
    velum = incisor + squeeze * (velum - incisor)
    roof = upper + a.crown_height + a.palate_vault
    palate_z = roof - 0.25 * a.palate_vault - HEAD_PITCH * (palate_end - incisor)
    velum_z = palate_z - margin * np.sin(fall)
    velum_z = max(velum_z, lower + 0.010)
    high = 1.0 - (1.0 - a.tongue_rest) * (1.0 - q.tongue_height)
    high = max(high * (1.0 - 0.85 * q.depressor), q.swallow)
    low_back = 0.5 * lower - 0.004 * q.depressor
    low_mid = lower + 0.011 - 0.004 * q.depressor
    return _Landmarks(
        half_width=a.mouth_width / 2 * (1 - 0.08 * min(wide, 1.2)),
        lip=a.lip_thickness * (1.0 - 0.30 * min(wide, 1.2)),
        half_height=half_height,
        tilt=0.19 * wide,
        upper=upper,
        lower=lower,
        incisor=incisor,
        lower_incisor=incisor + 0.002 + 0.16 * opening,
        palate_end=palate_end,
        velum=velum,
        wall=wall,
        roof=roof,
        palate_z=palate_z,
        velum_z=velum_z,
        tongue_mid_z=low_mid + high * (velum_z + 0.002 - low_mid),
        tongue_back_z=low_back + high * (velum_z + 0.002 - low_back),
        isthmus=a.isthmus_width / 2 * (1.0 - 0.55 * q.swallow),
    )


def _cavity(a: Anatomy, m: _Landmarks) -> Profile:
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


def _tongue(a: Anatomy, q: Articulation, m: _Landmarks) -> Profile:
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


def superellipsoid(
    part: Part,
    centre: tuple[float, float, float],
    semi: tuple[float, float, float],
    exponent: float = 2.0,
    yaw: float = 0.0,
    roll: float = 0.0,
    metal: bool = False,
) -> list[float]:
    """Return the row (18,) of one superellipsoid, turned by ``yaw`` about z, ``roll`` about x."""
    c, s = np.cos(yaw), np.sin(yaw)
    cr, sr = np.cos(roll), np.sin(roll)
    axes = np.array([[c, s, 0.0], [-s * cr, c * cr, sr], [s * sr, -c * sr, cr]])
    return [float(part), *centre, *axes.ravel(), *semi, exponent, float(metal)]


def _dental_row(a: Anatomy, m: _Landmarks, upper: bool) -> list[list[float]]:
    """Teeth and gums along half an ellipse, spaced by their widths."""
    length = _UPPER_ARCH if upper else _LOWER_ARCH
    half = a.arch_width / 2 - (0.004 if upper else 0.006)
    front = m.incisor if upper else m.lower_incisor
    up = 1.0 if upper else -1.0
    edge = m.upper if upper else m.lower
    angle = np.linspace(0.0, 1.5, 200)
    y, s = half * np.sin(angle), length * (1.0 - np.cos(angle))
    arc = np.concatenate([[0.0], np.cumsum(np.hypot(np.diff(y), np.diff(s)))])
    widths = _TOOTH_WIDTHS * (a.arch_width / 0.057) * (1.0 if upper else 0.88)
    centres = np.cumsum(widths) - widths / 2
    first = float(np.interp(centres[0], arc, angle))
    rows: list[list[float]] = []
    for k in range(14):
        side, j = (-1.0, 6 - k) if k < 7 else (1.0, k - 7)
        at = float(np.interp(centres[j], arc, angle))
        heading = float(np.arctan2(half * np.cos(at), length * np.sin(at)))
        yaw = side * (np.pi / 2 - heading)
        depth, crown = _TOOTH_DEPTHS[j], a.crown_height * (1.0 if j < 3 else 0.85)
        pitch = HEAD_PITCH if upper else -0.10
        back = length * (np.cos(first) - np.cos(at))
        x, yy = -(front + depth + back), side * half * np.sin(at)
        z = edge - pitch * back
        number = k if upper else 14 + k
        present = not (a.teeth_missing >> number) & 1
        if present:
            rows.append(
                superellipsoid(
                    Part.TEETH,
                    (x, yy, z + up * (crown / 2 + 0.0008)),
                    (depth, 0.5 * widths[j], crown / 2 + 0.0008),
                    3.0 if j < 3 else 3.6,
                    yaw,
                    metal=bool((a.teeth_metal >> number) & 1),
                )
            )
        rows.append(
            superellipsoid(
                Part.GUMS,
                (x, yy, z + up * (crown + 0.0035)),
                (depth + 0.0015, 0.62 * widths[j], 0.0050),
                2.2,
                yaw,
            )
        )
    return rows


def occupancy(grade: float) -> float:
    """Return the share of the isthmus taken by two tonsils of this grade (Brodsky 1989)."""
    return min(max(0.25 * (grade - 0.5), 0.0), 0.93)


def _tonsils(a: Anatomy, m: _Landmarks) -> list[list[float]]:
    rows = []
    middle = 0.5 * (m.velum_z + m.tongue_back_z) + 0.001
    for part, side, grade in (
        (Part.TONSIL_RIGHT, -1.0, a.tonsil_right),
        (Part.TONSIL_LEFT, 1.0, a.tonsil_left),
    ):
        size = _smooth(grade / 0.8)
        if size < 0.15:
            continue
        width, height = 0.5 * a.tonsil_depth * size, 0.5 * a.tonsil_height * size
        medial = m.isthmus * (1.0 - occupancy(grade))
        rows.append(
            superellipsoid(
                part,
                (-(m.velum + 0.0055), side * (medial + width), middle),
                (0.0055, width, height),
                2.2,
                side * 0.25,
                side * 0.15,
            )
        )
    return rows


def _uvula(a: Anatomy, m: _Landmarks) -> list[float]:
    """Return a cone that flares into the velum at its root."""
    length, radius = a.uvula_length, a.uvula_radius
    root = np.array([-(m.velum - 0.0005), 0.0, m.velum_z + 1.2 * radius])
    hang = np.array([-0.22, np.sin(a.uvula_sway), -np.cos(a.uvula_sway)])
    tip = root + (length + 0.35 * radius) * hang / np.linalg.norm(hang)
    return [float(Part.UVULA), *root, *tip, 1.9 * radius, 0.85 * radius]


def _hand(q: Articulation) -> list[list[float]]:
    """Four fingers and a palm that come up from below before the mouth."""
    if q.hand <= 0.0:
        return []
    z = -0.16 * (1.0 - q.hand)
    rows: list[list[float]] = [
        [float(Part.HAND), 0.045, -0.055, z - 0.03, 0.045, -0.095, z - 0.08, 0.034, 0.034]
    ]
    for k in range(4):
        zz = z + 0.022 - 0.019 * k
        rows.append(
            [
                float(Part.HAND),
                0.05,
                -0.045,
                zz - 0.01,
                0.045,
                0.04 - 0.006 * abs(k - 1),
                zz,
                0.010,
                0.008,
            ]
        )
    return rows


def _depressor(q: Articulation, m: _Landmarks) -> list[list[float]]:
    if q.depressor <= 0.0:
        return []
    back = 0.5 * (m.incisor + m.velum)
    z = m.tongue_mid_z + 0.0015
    return [superellipsoid(Part.DEPRESSOR, (-back + 0.075, 0.004, z), (0.075, 0.0085, 0.0009), 4.0)]


def _face(a: Anatomy, m: _Landmarks) -> Array:
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
    m = _landmarks(anatomy, articulation)
    blobs = [
        *_dental_row(anatomy, m, upper=True),
        *_dental_row(anatomy, m, upper=False),
        *_tonsils(anatomy, m),
        *_depressor(articulation, m),
    ]
    cavity = _cavity(anatomy, m)
    tongue = _tongue(anatomy, articulation, m)
    surfaces = Surfaces(
        cavity.knots,
        cavity.coefficients,
        tongue.knots,
        tongue.coefficients,
        float(articulation.tongue_sideways),
        np.array(blobs),
        np.array([_uvula(anatomy, m), *_hand(articulation)]),
        np.array([m.half_width, m.half_height, m.lip, m.tilt, 0.45]),
        np.array([m.wall, anatomy.wall_curvature, 0.06]),
        _face(anatomy, m),
        np.array([m.palate_end, m.velum, m.velum + 0.0095, m.wall, m.velum_z, m.tongue_back_z]),
    )
    return Shape(cavity, tongue, surfaces)
