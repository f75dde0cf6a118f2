import subprocess
import sys
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arm_control.ports import JointCommand
from sim.arms import ARM_NAMES, joint_limits
from sim.bullet import BulletEngine, _xyzw
from sim.cues import Cue
from sim.engine import STEP_S, Engine
from sim.person import Person
from sim.scene import Scene
from sim.world import Options, World
from sim.wrist import WristSensorModel
from spatial import Pose

pytest.importorskip("mujoco")
from sim.mujoco_engine import MujocoEngine

ENGINES = (BulletEngine, MujocoEngine)
QUIET = WristSensorModel(noise=(0.0, 0.0), bias=(0.0, 0.0), drift=(0.0, 0.0), resolution=(0.0, 0.0))


@pytest.fixture(params=[(e, a) for e in ENGINES for a in ARM_NAMES], ids=str)
def made(request: pytest.FixtureRequest) -> Iterator[tuple[Scene, Engine]]:
    kind, name = request.param
    scene = Scene(arm_name=name)
    engine: Engine = kind(scene)
    yield scene, engine
    engine.close()


def test_holds_home_and_weighs_the_tool(made: tuple[Scene, Engine]) -> None:
    scene, engine = made
    for _ in range(800):
        engine.step()
    state = engine.state
    np.testing.assert_allclose(state.position, scene.home, atol=1e-3)
    weight = state.hand_rotation.T @ [0.0, 0.0, -9.80665 * scene.tool.mass]
    np.testing.assert_allclose(state.reaction[:3], weight, atol=5e-3)
    lever = np.array(scene.tool_shape.center_of_mass)
    np.testing.assert_allclose(state.reaction[3:], np.cross(lever, weight), atol=1e-3)


def test_servos_come_to_rest_in_every_posture(made: tuple[Scene, Engine]) -> None:
    # dampers tuned on the inertia at home chattered elsewhere, which the wrist sensor felt as 2 N
    scene, engine = made
    rng = np.random.default_rng(3)
    low, high = joint_limits(scene.arm)
    for _ in range(12):
        posture = np.array(scene.home) + rng.uniform(-0.8, 0.8, len(scene.home))
        posture = np.clip(posture, low + 0.1, high - 0.1)
        engine.reset(posture)
        for k in range(300):
            engine.command(posture + (1e-3 if k < 50 else 0.0), np.zeros_like(posture))
            engine.step()
        assert np.abs(engine.state.velocity).max() < 1e-3
        np.testing.assert_allclose(engine.state.position, posture, atol=1e-5)


def test_wrist_feels_force_and_torque_where_they_act(made: tuple[Scene, Engine]) -> None:
    _, engine = made
    for _ in range(800):
        engine.step()
    state = engine.state
    before = state.reaction.copy()
    force, torque = np.array([-0.3, 0.1, 0.2]), np.array([0.01, -0.02, 0.005])
    for _ in range(600):
        point = state.hand_position + state.hand_rotation @ np.array([0.0, 0.0, 0.28])
        engine.push(force, torque, point)
        engine.step()
    felt = state.reaction - before
    expected = np.cross([0.0, 0.0, 0.28], state.hand_rotation.T @ force)
    expected = expected + state.hand_rotation.T @ torque
    np.testing.assert_allclose(state.hand_rotation @ felt[:3], force, atol=2e-3)
    np.testing.assert_allclose(felt[3:], expected, atol=1e-3)


def test_follows_a_moving_set_point_and_knows_its_velocity(made: tuple[Scene, Engine]) -> None:
    scene, engine = made
    goal = np.array(scene.home)
    previous = engine.state.hand_position.copy()
    for k in range(1000):
        velocity = np.zeros_like(goal)
        goal[3] = scene.home[3] + 0.1 * (1.0 - np.cos(3e-3 * k))
        velocity[3] = 0.3 * np.sin(3e-3 * k)
        engine.command(goal, velocity)
        engine.step()
        measured = (engine.state.hand_position - previous) / STEP_S
        previous = engine.state.hand_position.copy()
    assert abs(engine.state.position[3] - goal[3]) < 1e-3
    np.testing.assert_allclose(engine.state.hand_linear, measured, atol=1e-3)


def test_hand_in_the_face_is_a_collision(made: tuple[Scene, Engine]) -> None:
    scene, engine = made
    assert engine.collisions() == ()
    mouth = scene.nominal_base_mouth
    position = engine.state.hand_position + np.array([0.16, 0.0, 0.0])
    for _ in range(900):
        position = position - np.array([1e-4, 0.0, 0.0])
        engine.place_head(mouth.rotation, position)
        engine.step()
        bumps = [c for c in engine.collisions() if c.obstacle == "head"]
        if bumps:
            break
    # a head coming at 0.1 m/s meets padding, not an impact of hundreds of newtons
    assert [b.link for b in bumps] == ["hand"]
    assert bumps[0].force < 100.0


@pytest.mark.parametrize("name", ARM_NAMES)
def test_the_same_commands_move_and_load_both_engines_alike(name: str) -> None:
    def run(kind: type) -> np.ndarray:
        scene = Scene(arm_name=name, control_rate_hz=500.0)
        with World(scene, 4, Options(wrist=QUIET, engine=kind)) as world:
            world.seat(Person.sample(6))
            world.cue(Cue.OPEN_MOUTH)
            start = np.array(world.scene.home)
            track = []
            for k in range(500):
                goal = start.copy()
                goal[1] += 0.03 * (1.0 - np.cos(2e-3 * k))
                world.arm.write(JointCommand(goal, np.zeros_like(goal)))
                world.clock.sleep_until(world.clock.now_ns() + 2_000_000)
                track.append([*world.base_tip.translation, *world.arm.read().wrench.force])
            return np.array(track)

    bullet, mujoco = run(BulletEngine), run(MujocoEngine)
    np.testing.assert_allclose(bullet[50:, :3], mujoco[50:, :3], atol=1e-3)
    np.testing.assert_allclose(bullet[50:, 3:], mujoco[50:, 3:], atol=0.05)


def test_importing_the_world_does_not_import_mujoco() -> None:
    code = "import sys, sim.world; sys.exit('mujoco' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@given(st.lists(st.floats(-4.0, 4.0), min_size=3, max_size=3))
def test_bullets_quaternion_is_that_of_the_pose(turn: list[float]) -> None:
    pose = Pose.from_rotation_vector(turn)
    x, y, z, w = _xyzw(pose.rotation.copy())
    assert Pose.from_quaternion((w, x, y, z)).almost_equals(pose, 1e-9)
