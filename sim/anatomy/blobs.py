"""The convex things: teeth, gums, tonsils and spatula (superellipsoids), uvula and hand (cones).

Rows are laid out as `sim.anatomy.shape.Surfaces` says.
"""

import numpy as np

from sim.anatomy.anatomy import Anatomy
from sim.anatomy.articulation import Articulation
from sim.anatomy.landmarks import HEAD_PITCH, Landmarks, smooth
from sim.anatomy.parts import Part
from sim.anatomy.profile import Array

_TOOTH_WIDTHS = np.array([8.5, 6.6, 7.6, 7.0, 6.8, 10.0, 9.6]) * 1e-3
_TOOTH_DEPTHS = np.array([3.0, 3.0, 3.6, 4.2, 4.4, 5.0, 5.0]) * 1e-3
_UPPER_ARCH, _LOWER_ARCH = 0.041, 0.038
_CROWNS = np.array([1.0, 1.0, 1.0, 0.85, 0.85, 0.85, 0.85])  # share of the incisors' height
_GUM = np.full(7, 0.0050)
_SIDES = np.repeat([-1.0, 1.0], 7)
_PLACES = np.concatenate([np.arange(7)[::-1], np.arange(7)])  # from the right molars to the left
_ANGLE = np.linspace(0.0, 1.5, 200)
_SINE, _COSINE = np.sin(_ANGLE), np.cos(_ANGLE)


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


def dental_row(a: Anatomy, m: Landmarks, *, upper: bool) -> Array:
    """Return teeth and gums (n, 18) along half an ellipse, spaced by the teeth's widths."""
    length = _UPPER_ARCH if upper else _LOWER_ARCH
    half = a.arch_width / 2 - (0.004 if upper else 0.006)
    front = m.incisor if upper else m.lower_incisor
    up = 1.0 if upper else -1.0
    edge = m.upper if upper else m.lower
    y, s = half * _SINE, length * (1.0 - _COSINE)
    arc = np.concatenate([[0.0], np.cumsum(np.hypot(np.diff(y), np.diff(s)))])
    widths = _TOOTH_WIDTHS * (a.arch_width / 0.057) * (1.0 if upper else 0.88)
    at = np.interp(np.cumsum(widths) - widths / 2, arc, _ANGLE)  # from the middle backwards
    back = length * (np.cos(at[0]) - np.cos(at))
    crown = a.crown_height * _CROWNS
    z = edge - (HEAD_PITCH if upper else -0.10) * back
    heading = np.arctan2(half * np.cos(at), length * np.sin(at))

    side, j = _SIDES, _PLACES
    yaw = side * (np.pi / 2 - heading[j])
    rows = np.zeros((14, 2, 18))  # tooth and gum
    teeth, gums = rows[:, 0], rows[:, 1]
    rows[..., 1] = -(front + _TOOTH_DEPTHS + back)[j, None]
    rows[..., 2] = (side * half * np.sin(at)[j])[:, None]
    rows[..., 4] = rows[..., 8] = np.cos(yaw)[:, None]
    rows[..., 5] = np.sin(yaw)[:, None]
    rows[..., 7] = -rows[..., 5]
    rows[..., 12] = 1.0
    teeth[:, 0], gums[:, 0] = Part.TEETH, Part.GUMS
    teeth[:, 3] = (z + up * (crown / 2 + 0.0008))[j]
    gums[:, 3] = (z + up * (crown + 0.0035))[j]
    teeth[:, 13:16] = np.stack([_TOOTH_DEPTHS, 0.5 * widths, crown / 2 + 0.0008], -1)[j]
    gums[:, 13:16] = np.stack([_TOOTH_DEPTHS + 0.0015, 0.62 * widths, _GUM], -1)[j]
    teeth[:, 16], gums[:, 16] = np.where(j < 3, 3.0, 3.6), 2.2
    number = np.arange(14) + (0 if upper else 14)
    teeth[:, 17] = (a.teeth_metal >> number) & 1
    there = np.ones((14, 2), bool)
    there[:, 0] = (a.teeth_missing >> number) & 1 == 0
    return np.asarray(rows[there])


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
