import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.anatomy import Part
from sim.scene import SwabShape
from sim.shaft import ContactPoints, Shaft
from sim.tissue import Tissue

AXIS = np.array([0.0, 0.0, 1.0])
STILL = np.zeros(3)
WALL = int(Part.POSTERIOR_WALL)


def touching(
    swab: SwabShape, normal: tuple[float, float, float], depth: float, speed: float = 0.0
) -> ContactPoints:
    """One contact at the tip, the tissue moving against its normal at ``speed``."""
    n = np.array([normal])
    return ContactPoints(
        distances=np.array([swab.length]),
        depths=np.array([depth]),
        normals=n / np.linalg.norm(n),
        velocities=-speed * n / np.linalg.norm(n),
        parts=np.array([WALL]),
    )


def weightless(swab: SwabShape | None = None) -> Shaft:
    shaft = Shaft(swab or SwabShape(), 1)
    shaft._gravity[:] = 0.0
    return shaft


def frictionless(stiffness: float) -> Tissue:
    tissue = Tissue.of_wall(stiffness)
    return Tissue(tissue.stiffness, tissue.damping, np.zeros_like(tissue.friction))


def settle(shaft: Shaft, wall_z: float, tissue: Tissue, steps: int = 4000) -> None:
    """Let the tip come to rest against a plane across x at ``wall_z``, deflecting it sideways."""
    for _ in range(steps):
        tip = 0.15 * shaft.swab.length * AXIS + shaft.lever * shaft.direction
        contacts = touching(shaft.swab, (1.0, 0.0, 0.0), wall_z - tip[0])
        shaft.step(AXIS, STILL, STILL, contacts, tissue)


@pytest.mark.parametrize("modulus", [1e9, 2e9, 3e9])
def test_a_pushed_tip_deflects_as_beam_theory_says(modulus: float) -> None:
    swab = SwabShape(youngs_modulus=modulus)
    shaft = weightless(swab)
    settle(shaft, 0.008, frictionless(100.0))
    deflection = shaft.lever * shaft.direction[0]
    force = float(shaft.forces[0, 0])
    theory = force * swab.length**3 / (3.0 * swab.flexural_rigidity)
    # the pseudo-rigid-body constants are Howell's, within 5 % for small deflections
    assert deflection == pytest.approx(theory, rel=0.06)
    # and the spring of the tissue carries exactly that force
    tip = 0.15 * swab.length * AXIS + shaft.lever * shaft.direction
    assert force == pytest.approx(100.0 * (0.008 - tip[0]), rel=1e-3)


def test_at_rest_the_hand_carries_the_contact_force_and_its_moment() -> None:
    shaft = weightless()
    settle(shaft, 0.008, frictionless(100.0))
    np.testing.assert_allclose(shaft.reaction[:3], shaft.forces[0], atol=1e-6)
    moment = np.cross(shaft.lever * shaft.direction, shaft.forces[0])
    np.testing.assert_allclose(shaft.reaction[3:], moment, atol=1e-6)


def test_a_free_shaft_swings_at_its_own_frequency_and_dies_down() -> None:
    shaft = weightless()
    shaft.direction[:] = [np.sin(0.05), 0.0, np.cos(0.05)]
    free = touching(shaft.swab, (1.0, 0.0, 0.0), -1.0)
    swing = []
    for _ in range(2000):
        shaft.step(AXIS, STILL, STILL, free, Tissue.of_wall(100.0))
        swing.append(shaft.direction[0])
    track = np.array(swing)
    crossings = np.flatnonzero((track[:-1] > 0) & (track[1:] <= 0))
    inertia, stiffness, *_ = shaft._swab
    expected = 2.0 * np.pi * np.sqrt(inertia / stiffness)
    assert np.diff(crossings).mean() * 1e-3 == pytest.approx(expected, rel=0.02)
    assert np.abs(track[-200:]).max() < 0.1 * np.abs(track[:200]).max()


def test_gravity_bends_the_shaft_as_a_beam_under_its_own_weight() -> None:
    shaft = Shaft(SwabShape(), 1)
    level = np.array([1.0, 0.0, 0.0])
    shaft.straighten(level)
    free = touching(shaft.swab, (1.0, 0.0, 0.0), -1.0)
    for _ in range(4000):
        shaft.step(level, STILL, STILL, free, Tissue.of_wall(100.0))
    swab = shaft.swab
    theory = swab.mass * 9.80665 * swab.length**3 / (8.0 * swab.flexural_rigidity)
    assert -shaft.lever * shaft.direction[2] == pytest.approx(theory, rel=0.12)


@settings(deadline=None, max_examples=60)
@given(
    stiffness=st.floats(7.0, 500.0),
    depth=st.floats(0.0, 0.02),
    tilt=st.floats(-1.4, 1.4),
    speed=st.floats(-0.5, 0.5),
)
def test_contact_never_pulls_and_stays_in_the_friction_cone(
    stiffness: float, depth: float, tilt: float, speed: float
) -> None:
    shaft = Shaft(SwabShape(), 1)
    tissue = Tissue.of_wall(stiffness)
    normal = (np.sin(tilt), 0.0, -np.cos(tilt))
    for _ in range(200):
        contacts = touching(shaft.swab, normal, depth, speed)
        shaft.step(AXIS, np.array([0.0, 0.01, 0.02]), STILL, contacts, tissue)
        force, pressing = shaft.forces[0], shaft.normal_forces[0]
        assert np.isfinite(force).all()
        assert pressing >= 0.0
        n = contacts.normals[0]
        sliding = float(np.linalg.norm(force - (force @ n) * n))
        assert sliding <= tissue.friction[WALL] * pressing * 1.02 + 1e-9


def test_stiff_and_damped_tissue_on_a_light_shaft_stays_stable() -> None:
    shaft = Shaft(SwabShape(mass=0.0003), 1)
    peak = 0.0
    tip_z = 0.0
    for k in range(3000):
        # the hand pushes into the stiffest wall at 20 mm/s for a second, then rests
        velocity = np.array([0.0, 0.0, 0.02 if k < 1000 else 0.0])
        tip_z += velocity[2] * 1e-3
        contacts = touching(shaft.swab, (0.3, 0.0, -1.0), tip_z - 0.01)
        shaft.step(AXIS, velocity, STILL, contacts, Tissue.of_wall(500.0))
        peak = max(peak, float(np.linalg.norm(shaft.forces[0])))
    assert 0.1 < peak < 0.01 * 500.0 * 1.5
    assert np.linalg.norm(shaft.spin) < 0.05


def test_friction_holds_a_pressed_tip_below_the_cone() -> None:
    shaft = weightless()
    tissue = Tissue.of_wall(200.0)
    for _ in range(3000):
        contacts = touching(shaft.swab, (0.05, 0.0, -1.0), 0.002)
        shaft.step(AXIS, STILL, STILL, contacts, tissue)
    drift = shaft.direction.copy()
    for _ in range(2000):
        shaft.step(AXIS, STILL, STILL, touching(shaft.swab, (0.05, 0.0, -1.0), 0.002), tissue)
    # an axial push pinned by friction does not creep away
    np.testing.assert_allclose(shaft.direction, drift, atol=1e-6)
