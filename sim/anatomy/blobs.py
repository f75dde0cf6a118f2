"""The convex things: teeth, gums, tonsils and spatula (superellipsoids), uvula and hand (cones).

Rows are laid out as `sim.anatomy.shape.Surfaces` says.
"""

import numpy as np

from sim.anatomy.anatomy import Anatomy
from sim.anatomy.articulation import Articulation
from sim.anatomy.landmarks import HEAD_PITCH, Landmarks, smooth
from sim.anatomy.parts import Part

_TOOTH_WIDTHS = np.array([8.5, 6.6, 7.6, 7.0, 6.8, 10.0, 9.6]) * 1e-3
_TOOTH_DEPTHS = np.array([3.0, 3.0, 3.6, 4.2, 4.4, 5.0, 5.0]) * 1e-3
_UPPER_ARCH, _LOWER_ARCH = 0.041, 0.038


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


def dental_row(a: Anatomy, m: Landmarks, upper: bool) -> list[list[float]]:
    """Return teeth and gums along half an ellipse, spaced by their widths."""
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


def tonsils(a: Anatomy, m: Landmarks) -> list[list[float]]:
    """Return a superellipsoid for each tonsil that is there."""
    rows = []
    middle = 0.5 * (m.velum_z + m.tongue_back_z) + 0.001
    for part, side, grade in (
        (Part.TONSIL_RIGHT, -1.0, a.tonsil_right),
        (Part.TONSIL_LEFT, 1.0, a.tonsil_left),
    ):
        size = smooth(grade / 0.8)
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


def uvula(a: Anatomy, m: Landmarks) -> list[float]:
    """Return a cone that flares into the velum at its root."""
    length, radius = a.uvula_length, a.uvula_radius
    root = np.array([-(m.velum - 0.0005), 0.0, m.velum_z + 1.2 * radius])
    hang = np.array([-0.22, np.sin(a.uvula_sway), -np.cos(a.uvula_sway)])
    tip = root + (length + 0.35 * radius) * hang / np.linalg.norm(hang)
    return [float(Part.UVULA), *root, *tip, 1.9 * radius, 0.85 * radius]


def hand(q: Articulation) -> list[list[float]]:
    """Return four fingers and a palm that come up from below before the mouth, or nothing."""
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


def depressor(q: Articulation, m: Landmarks) -> list[list[float]]:
    """Return the spatula on the tongue, or nothing."""
    if q.depressor <= 0.0:
        return []
    back = 0.5 * (m.incisor + m.velum)
    z = m.tongue_mid_z + 0.0015
    return [superellipsoid(Part.DEPRESSOR, (-back + 0.075, 0.004, z), (0.075, 0.0085, 0.0009), 4.0)]
