"""From lengths and angles of a person to landmarks in the mouth frame."""

from dataclasses import dataclass

import numpy as np

from sim.anatomy.anatomy import Anatomy
from sim.anatomy.articulation import Articulation

HEAD_PITCH = 0.14
"""Slope of the palate against the mouth's x axis [rad]: an open mouth tips the head back."""


@dataclass(frozen=True, slots=True)
class Landmarks:
    """Where things are [m]: what every surface hangs on.

    ``half_width``, ``half_height``, ``lip`` and ``tilt`` are of the aperture between the lips;
    ``upper`` and ``lower`` are z of the incisal edges, ``incisor`` and ``lower_incisor`` their s;
    ``palate_end``, ``velum`` and ``wall`` are s of the end of the hard palate, of the velum's
    margin and of the posterior wall; the rest are z of roof, palate's end, velum's margin and
    tongue, and half the width of the isthmus.
    """

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


def smooth(t: float) -> float:
    """Return the smooth step of ``t``, 0 below 0 and 1 above 1."""
    t = min(max(t, 0.0), 1.0)
    return t * t * (3.0 - 2.0 * t)


def landmarks(a: Anatomy, q: Articulation) -> Landmarks:
    """Return the landmarks of a head with this anatomy in this articulation."""
    opening = min(q.opening, a.opening_max)
    wide = opening / 0.05
    half_height = opening / 2 + 0.003 * smooth(opening / 0.02) + 0.0004
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
    return Landmarks(
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
