"""The arm against rigid-body theory, and two engines under one controller."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pinocchio

from arm_control.ports import JointCommand
from sim import charts
from sim.arms import joint_limits
from sim.assembly import assemble
from sim.bullet import BulletEngine
from sim.cues import Cue
from sim.engine import STEP_S, Engine
from sim.person import Person
from sim.scene import Scene
from sim.validation.check import Check, Curves
from sim.world import Options, World
from sim.wrist import WristSensorModel
from spatial import Pose, Vector
from vision.target import Site


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
