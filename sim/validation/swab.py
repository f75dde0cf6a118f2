"""The swab and the tissue against beam theory, Euler's column, the spring and Coulomb's cone."""

import numpy as np

from sim import charts
from sim.anatomy import Part
from sim.scene import SwabShape
from sim.shaft import ContactPoints, Shaft
from sim.tissue import Tissue
from sim.validation.check import Check, Curves
from spatial import Vector

_AXIS = np.array([0.0, 0.0, 1.0])
_STILL = np.zeros(3)
_WALL = int(Part.POSTERIOR_WALL)


def _contact(swab: SwabShape, normal: Vector, depth: float) -> ContactPoints:
    return ContactPoints(
        distances=np.array([swab.length]),
        depths=np.array([depth]),
        normals=normal[None] / np.linalg.norm(normal),
        velocities=np.zeros((1, 3)),
        parts=np.array([_WALL]),
    )


def _frictionless(stiffness: float) -> Tissue:
    tissue = Tissue.of_wall(stiffness)
    return Tissue(tissue.stiffness, tissue.damping, np.zeros_like(tissue.friction))


def shaft_deflection() -> Check:
    """Hold the tip's sideways deflection against the cantilever's F L³ / 3 EI."""
    series: Curves = {}
    worst = 0.0
    for modulus in (1.0e9, 2.7e9):
        swab = SwabShape(youngs_modulus=modulus)
        forces, bends = [], []
        for place in np.linspace(0.002, 0.020, 7):
            shaft = Shaft(swab, 1)
            shaft.straighten(_AXIS)
            for _ in range(2500):
                x = shaft.lever * shaft.direction[0]
                normal = np.array([1.0, 0.0, 0.0])
                shaft.step(
                    _AXIS,
                    _STILL,
                    _STILL,
                    _contact(swab, normal, place - x),
                    _frictionless(200.0),
                )
            forces.append(float(shaft.forces[0, 0]))
            bends.append(float(shaft.lever * shaft.direction[0]))
        force, bend = np.array(forces), np.array(bends)
        theory = force * swab.length**3 / (3.0 * swab.flexural_rigidity)
        worst = max(worst, float(np.abs(bend / theory - 1.0).max()))
        label = f"{modulus / 1e9:g} GPa"
        series[f"{label}, simulated"] = (force, 1e3 * bend)
        series[f"{label}, beam theory"] = (force, 1e3 * theory)
    points = frozenset(name for name in series if "simulated" in name)
    figure = charts.lines(series, "force at the tip [N]", "deflection [mm]", points)
    text = (
        "A swab is pressed sideways at its tip, without friction, and left to settle. The "
        "pseudo-rigid-body joint (0.15 L, 2.25 EI/L; Howell 2001) stands against the cantilever's "
        "F L³ / 3 EI for shafts of 1 and 2.7 GPa."
    )
    return Check("Shaft deflection against beam theory", text, worst, 0.08, "1", figure)


def buckling() -> Check:
    """Press a shaft along itself and hold the force under which it bows against Euler's."""
    series: Curves = {}
    worst = 0.0
    normal, sideways = -_AXIS, np.array([1e-3, 0.0, 1.0])
    for modulus in (1.0e9, 2.7e9):
        swab = SwabShape(youngs_modulus=modulus)
        shaft = Shaft(swab, 1)
        shaft.straighten(sideways / np.linalg.norm(sideways))  # no column is perfectly straight
        down, travel = np.array([0.0, 0.0, 0.005]), np.linspace(0.0, 0.01, 2001)
        forces = []
        for way in travel:
            depth = float(way - shaft.lever * (1.0 - shaft.direction[2]))
            shaft.step(_AXIS, down, _STILL, _contact(swab, normal, depth), _frictionless(500.0))
            forces.append(float(shaft.normal_forces[0]))
        euler = np.pi**2 * swab.flexural_rigidity / (4.0 * swab.length**2)
        bowed = np.array(forces)[(travel > 3e-3) & (travel < 4e-3)]
        worst = max(worst, float(np.abs(bowed / euler - 1.0).max()))
        series[f"{modulus / 1e9:g} GPa, simulated"] = (1e3 * travel, forces)
        series[f"{modulus / 1e9:g} GPa, Euler"] = ([0.0, 10.0], [euler, euler])
    figure = charts.lines(series, "travel of the hand [mm]", "force along the shaft [N]")
    text = (
        "A swab is pressed along its shaft onto a smooth surface, on which the tip may slide "
        "away, at 5 mm/s. The force under which it stands bowed, after 3 to 4 mm, is held "
        "against Euler's load of a column held at one end, π² EI / 4 L²; the pseudo-rigid-"
        "body joint gives way at 2.25 EI / 0.85 L². Before, a shaft as straight as this one "
        "(1 mrad) carries more for the tenth of a second that it takes to bow. A tip that "
        "friction holds would bow out at 20.2 EI / L², 4.6 N: one joint cannot, and the "
        "simulated swab breaks at 5 N instead."
    )
    return Check("Buckling of the shaft against Euler", text, worst, 0.12, "1", figure)


def contact_force() -> Check:
    """Hold the force of tissue pressed by a known depth against k times depth."""
    series: Curves = {}
    worst = 0.0
    for stiffness in (7.0, 50.0, 500.0):
        depths = np.linspace(0.0005, 0.004, 8)
        forces = []
        for depth in depths:
            shaft = Shaft(SwabShape(), 1)
            contact = _contact(shaft.swab, -_AXIS, float(depth))
            for _ in range(300):
                shaft.step(_AXIS, _STILL, _STILL, contact, _frictionless(stiffness))
            forces.append(float(shaft.normal_forces[0]))
        theory = stiffness * depths
        worst = max(worst, float(np.abs(np.array(forces) / theory - 1.0).max()))
        series[f"{stiffness:g} N/m, simulated"] = (1e3 * depths, forces)
        series[f"{stiffness:g} N/m, k d"] = (1e3 * depths, theory)
    points = frozenset(name for name in series if "simulated" in name)
    figure = charts.lines(series, "depth [mm]", "force [N]", points)
    text = "The tip is held a known depth in tissue, along the shaft; the steady force is k d."
    return Check("Contact force against the spring", text, worst, 0.01, "1", figure)


def friction_cone() -> Check:
    """Drag the pressed tip sideways and hold the tangential force against mu times normal."""
    series: Curves = {}
    worst = 0.0
    swab = SwabShape(youngs_modulus=2.0e11)  # a steel needle: the tip goes where the hand goes
    for depth in (0.001, 0.003):
        shaft = Shaft(swab, 1)
        tissue = Tissue.of_wall(200.0)
        travel, ratio = [], []
        for k in range(400):
            shaft.step(
                _AXIS, np.array([0.02, 0.0, 0.0]), _STILL, _contact(swab, -_AXIS, depth), tissue
            )
            travel.append(0.02 * k)
            ratio.append(float(-shaft.forces[0, 0] / shaft.normal_forces[0]))
        mu = float(tissue.friction[_WALL])
        worst = max(worst, max(ratio) - mu, mu - ratio[-1])
        series[f"pressed {depth * 1e3:g} mm"] = (travel, ratio)
    series["mu"] = ([0.0, 8.0], [mu, mu])
    figure = charts.lines(series, "travel of the hand [mm]", "tangential over normal force [1]")
    text = (
        "A stiff tip is dragged over tissue at 20 mm/s: the bristles stretch, then slide at the "
        "friction cone and never outside it."
    )
    return Check("Friction cone", text, worst, 0.01, "1", figure)
