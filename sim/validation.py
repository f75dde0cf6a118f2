"""The simulator against theory, against published figures, and against a second engine.

``booth sim validate FOLDER`` flies every check and writes docs/explanation/sim_validation.md with
its plots; a check that leaves its tolerance fails the command.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pinocchio
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from arm_control.ports import JointCommand
from sim import charts
from sim.anatomy import Part
from sim.anatomy.survey import survey_adults
from sim.arms import joint_limits
from sim.assembly import assemble
from sim.bullet import BulletEngine
from sim.cameras import D405, D435
from sim.cameras.survey import depth_noise
from sim.cues import Cue
from sim.engine import STEP_S, Engine
from sim.errors import SimError
from sim.person import Person
from sim.pictures import charts as picture_charts
from sim.scene import Scene, SwabShape
from sim.shaft import ContactPoints, Shaft
from sim.tissue import Tissue
from sim.world import Options, World
from sim.wrist import WristSensorModel
from spatial import Pose, Vector
from vision.target import Site

Curves = dict[str, tuple[ArrayLike, ArrayLike]]

_AXIS = np.array([0.0, 0.0, 1.0])
_STILL = np.zeros(3)
_WALL = int(Part.POSTERIOR_WALL)


@dataclass(frozen=True, slots=True)
class Check:
    """One thing held against what is known.

    ``worst`` is the largest departure found and ``bound`` what is allowed, both in ``unit``.
    ``text`` says how it was measured; ``table`` is Markdown, empty where the plot says it all.
    """

    name: str
    text: str
    worst: float
    bound: float
    unit: str
    figure: Figure
    table: str = ""

    @property
    def passed(self) -> bool:
        """Whether the departure is within its bound."""
        return self.worst <= self.bound


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


def free_fall() -> Check:
    """Let the unpowered arm fall and hold its motion against Pinocchio's forward dynamics."""
    scene = Scene()
    series: Curves = {}
    worst = 0.0
    for name, kind, armature in _engines():
        engine = kind(scene)
        engine.coast()
        model = _whole_arm(scene)
        data = model.createData()
        model.armature = np.full(model.nv, armature)
        q, v = np.array(scene.home), np.zeros(model.nv)
        times, simulated, theory = [], [], []
        for k in range(150):
            engine.step()
            a = pinocchio.aba(model, data, q, v, np.zeros(model.nv))
            v = v + a * STEP_S
            q = q + v * STEP_S
            times.append((k + 1) * STEP_S)
            simulated.append(float(engine.state.position[1] - scene.home[1]))
            theory.append(float(q[1] - scene.home[1]))
            worst = max(worst, float(np.abs(engine.state.position - q).max()))
        engine.close()
        series[f"{name}"] = (times, simulated)
        series[f"theory for {name}"] = (times, theory)
    points = frozenset(name for name in series if "theory" not in name)
    figure = charts.lines(series, "time [s]", "second joint from home [rad]", points)
    text = (
        "The servos let go; 150 ms of fall against Pinocchio's articulated-body algorithm on the "
        "same URDF, integrated in the same steps. MuJoCo's drives carry a reflected inertia, which "
        "its theory has, too. The worst joint counts."
    )
    return Check("Free fall of the unpowered arm", text, worst, 0.01, "rad", figure)


def _engines() -> list[tuple[str, Callable[[Scene], Engine], float]]:
    from sim.mujoco_engine import ARMATURE, MujocoEngine  # noqa: PLC0415 - an extra

    return [("PyBullet", BulletEngine, 0.0), ("MuJoCo", MujocoEngine, ARMATURE)]


def _whole_arm(scene: Scene) -> "pinocchio.Model":
    return pinocchio.buildModelFromXML(assemble(scene, meshes=False))


def gravity_compensation() -> Check:
    """Move through postures; hold the wrist's reading less the tool's weight against nothing."""
    scene = Scene(swab_in_hand=False)
    rng = np.random.default_rng(1)
    low, high = joint_limits(scene.arm)
    residuals, angles = [], []
    engine = BulletEngine(scene)
    for _ in range(24):
        posture = np.array(scene.home) + rng.uniform(-0.6, 0.6, len(scene.home))
        posture = np.clip(posture, low + 0.05, high - 0.05)
        engine.reset(posture)
        load = np.zeros(3)
        for k in range(1000):
            engine.step()
            load += engine.state.reaction[:3] / 10 if k >= 990 else 0.0
        if engine.collisions():
            continue  # leaning on booth or chin rest is no posture at rest
        down = engine.state.hand_rotation.T @ np.array([0.0, 0.0, -1.0])
        weight = 9.80665 * scene.tool.mass * down
        residuals.append(float(np.linalg.norm(load - weight)))
        angles.append(float(np.rad2deg(np.arccos(np.clip(down[2], -1.0, 1.0)))))
    engine.close()
    figure = charts.lines(
        {"residual": (angles, 1e3 * np.array(residuals))},
        "angle of the tool to the vertical [°]",
        "force left [mN]",
        frozenset({"residual"}),
    )
    text = (
        "24 random postures at rest: what an ideal wrist sensor reads over 10 ms, less mass times "
        "gravity in the sensor's frame. The mean over ten steps, because in some postures the "
        "position servos chatter by a fraction of a milliradian a second at the step's own rate: "
        "10 mN one way in one step, as much back in the next. The simulated sensor's noise and "
        "bias come on top (sim.wrist)."
    )
    return Check("Gravity compensation", text, max(residuals), 0.002, "N", figure)


_QUIET = WristSensorModel(noise=(0.0, 0.0), bias=(0.0, 0.0), drift=(0.0, 0.0))
_FORCE, _MASS, _DRAG = 0.3, 4.0, 80.0  # an admittance on the wrist: N, kg, N·s/m


def _hold_and_wipe(kind: Callable[[Scene], Engine]) -> tuple[Vector, Vector]:
    """Press the posterior wall at 0.3 N and wipe it; return time [s] and force [N]."""
    scene = Scene(control_rate_hz=500.0)
    period_s = 0.002
    person = Person.sample(3)
    still = replace(person.temperament, sway_speed=0.0, tremor=0.0, drift=0.0, gag_threshold=9.0)
    with World(scene, 2, Options(wrist=_QUIET, engine=kind)) as world:
        world.seat(replace(person, temperament=still))
        world.cue(Cue.SAY_AH)
        world.clock.sleep_until(2_000_000_000)
        truth = world.truth
        wall = truth.sites[Site.POSTERIOR_WALL].mouth_point
        model = scene.arm_model()
        joints = np.array(world.arm.read().position)

        def felt() -> float:
            """Force along the shaft (3rd axis), the tool's weight taken off."""
            load = world.arm.read().wrench.force - model.tool_weight(joints).force
            return -float(load[2])

        tare, depth, speed, filtered = felt(), -0.10, 0.0, 0.0
        times, forces = [], []
        for k in range(4_000):
            filtered += 0.31 * (felt() - tare - filtered)  # 30 Hz
            # up to 6 mm before the wall at 80 mm/s, then an admittance along the mouth's axis
            if depth < -float(wall[0]) - 0.006:
                speed = 0.08
            else:
                speed += period_s * (_FORCE - filtered - _DRAG * speed) / _MASS
            depth += speed * period_s
            side = 0.004 * np.sin(2.0 * np.pi * max(0.0, k * period_s - 5.5))
            mouth_tip = Pose.from_axes(
                (-1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (-depth, side, float(wall[2]))
            )
            goal = truth.base_mouth @ mouth_tip
            here = model.base_tip(joints)
            turn = Pose(goal.rotation @ here.rotation.T).rotation_vector()
            error = np.concatenate([goal.translation - here.translation, turn])
            J = model.jacobian(joints)
            step = J.T @ np.linalg.solve(J @ J.T + 1e-4 * np.eye(6), 0.5 * error)
            joints = joints + np.clip(step, -2e-3, 2e-3)
            world.arm.write(JointCommand(joints, step / period_s))
            world.clock.sleep_until(world.clock.now_ns() + round(period_s * 1e9))
            times.append(k * period_s)
            forces.append(float(np.linalg.norm(world.contact_force)))
        return np.array(times), np.array(forces)


def two_engines() -> Check:
    """Hold a force and wipe under one controller in both engines; hold them against each other."""
    series: Curves = {}
    means: dict[str, tuple[float, float]] = {}
    rows = [
        "| engine | hold: mean ± SD [N] | wipe: mean ± SD [N] | peak [N] |",
        "|---|---|---|---|",
    ]
    for name, kind, _ in _engines():
        t, force = _hold_and_wipe(kind)
        hold, wipe = force[(t > 4.5) & (t < 5.5)], force[t > 6.0]
        means[name] = (float(hold.mean()), float(wipe.mean()))
        rows.append(
            f"| {name} | {hold.mean():.4f} ± {hold.std():.4f} | {wipe.mean():.3f} ± "
            f"{wipe.std():.3f} | {force.max():.3f} |"
        )
        series[name] = (t[::5], force[::5])
    figure = charts.lines(series, "time [s]", "force of tissue on the swab [N]")
    bullet, mujoco = means["PyBullet"], means["MuJoCo"]
    worst = max(abs(bullet[0] - mujoco[0]), abs(bullet[1] - mujoco[1]), abs(bullet[0] - _FORCE))
    text = (
        "The same admittance (4 kg, 80 N·s/m, 30 Hz filter, wrist sensor only) presses the "
        "posterior wall of a still head at 0.3 N, and from 5.5 s on wipes it by ±4 mm a second. "
        "Swab and tissue are the simulator's own; arm, servos and wrist sensor are each engine's. "
        "The worst of both differences between the engines and of PyBullet's to the set-point."
    )
    return Check("PyBullet against MuJoCo", text, worst, 0.03, "N", figure, "\n".join(rows))


def depth_cameras() -> Check:
    """Hold the depth cameras' noise against the law their models state."""
    rows = depth_noise(D405, (0.1, 0.2, 0.3, 0.45), 1) + depth_noise(D435, (0.6, 1.2, 2.0), 1)
    worst = max(abs(row.measured / row.stated - 1.0) for row in rows)
    text = "A flat target is pictured at several depths; its depth's SD against z² sigma_d / (f b)."
    figure, table = picture_charts.depth_noise(rows), picture_charts.depth_table(rows)
    return Check("Depth noise of the cameras", text, worst, 0.25, "1", figure, table)


def anatomy() -> Check:
    """Hold the simulated adults' means and spreads against the published ones."""
    findings = survey_adults(200, 1)
    known = [f for f in findings if f.published_sd is not None]
    worst = max(abs(f.mean - f.published_mean) / f.published_sd for f in known if f.published_sd)
    text = (
        "200 adults, measured on their surfaces as a survey measures people. The worst mean's "
        "distance from the published one, in published standard deviations."
    )
    figure, table = picture_charts.anatomy(findings), picture_charts.anatomy_table(findings)
    return Check("Anatomy against published surveys", text, worst, 0.5, "SD", figure, table)


CHECKS: tuple[Callable[[], Check], ...] = (
    shaft_deflection,
    contact_force,
    friction_cone,
    free_fall,
    gravity_compensation,
    two_engines,
    depth_cameras,
    anatomy,
)


def write(checks: list[Check], page: Path, images: Path) -> None:
    """Write the page and one SVG for each check into ``images``.

    Raises
    ------
    SimError
        Where a folder cannot be written.
    """
    lines = [
        "# The simulator, validated",
        "",
        "Written by `booth sim validate`; do not edit by hand. Every figure below was measured by",
        "that command; a check that leaves its bound makes it fail.",
        "",
        "| check | worst | bound | |",
        "|---|---|---|---|",
    ]
    lines += [
        f"| {c.name} | {c.worst:.3g} {c.unit} | {c.bound:g} {c.unit} | "
        f"{'passed' if c.passed else '**failed**'} |"
        for c in checks
    ]
    try:
        images.mkdir(parents=True, exist_ok=True)
        for check in checks:
            name = check.name.lower().replace(" ", "_") + ".svg"
            (images / name).write_text(charts.svg(check.figure) + "\n", encoding="utf-8")
            relative = f"{images.relative_to(page.parent.parent).as_posix()}/{name}"
            lines += ["", f"## {check.name}", "", check.text, ""]
            lines += [f"![{check.name}](../{relative})"]
            if check.table:
                lines += ["", check.table]
        page.write_text("\n".join(lines) + "\n", encoding="utf-8")
    except (OSError, ValueError) as error:
        raise SimError(f"{page}: cannot be written: {error}; choose another folder") from error
