"""The wrist sensor feels the tool's inertia, which whoever measures contact takes off again."""

import numpy as np
import pytest

from arm_control.ports import JointCommand
from sim.arms import ARM_NAMES
from sim.bullet import BulletEngine
from sim.engine import GRAVITY
from sim.mujoco_engine import MujocoEngine
from sim.scene import Scene
from sim.world import Options, World
from sim.wrist import WristSensorModel

pytest.importorskip("mujoco")

QUIET = WristSensorModel(noise=(0.0, 0.0), bias=(0.0, 0.0), drift=(0.0, 0.0), resolution=(0.0, 0.0))
SETTLED = 0.6  # [s]


def swinging(arm: str, engine: type) -> tuple[np.ndarray, np.ndarray]:
    """Swing every joint; return force read and force expected (k, 3) [N] in base, each period."""
    scene = Scene(arm_name=arm, swab_in_hand=False)
    home = np.array(scene.home)
    rng = np.random.default_rng(0)
    reach = rng.uniform(0.01, 0.03, len(home))
    rate = 2.0 * np.pi * rng.uniform(0.8, 1.5, len(home))
    centre = np.array(scene.tool_shape.center_of_mass)
    read, places, times = [], [], []
    with World(scene, 1, Options(wrist=QUIET, engine=engine)) as world:
        period_ns = round(1e9 / world.arm.info.rate_hz)
        while world.now_s < 1.5:
            t = world.now_s
            grow = min(t / 0.3, 1.0)
            growth = 1.0 / 0.3 if t < 0.3 else 0.0
            swing, turn = np.sin(rate * t), rate * np.cos(rate * t)
            world.arm.write(
                JointCommand(home + reach * grow * swing, reach * (grow * turn + growth * swing))
            )
            world.clock.sleep_until(world.clock.now_ns() + period_ns)
            state = world.engine.state
            read.append(state.hand_rotation @ world.arm.read().wrench.force)
            places.append(state.hand_position + state.hand_rotation @ centre)
            times.append(world.now_s)
    acceleration = np.gradient(np.gradient(places, times, axis=0), times, axis=0)
    expected = scene.tool_shape.mass * (GRAVITY - acceleration)
    settled = np.array(times) > SETTLED
    return np.array(read)[settled][:-3], expected[settled][:-3]  # differences are poor at the end


@pytest.mark.parametrize("engine", [BulletEngine, MujocoEngine])
@pytest.mark.parametrize("arm", ARM_NAMES)
def test_a_moving_tool_weighs_its_mass_times_acceleration(arm: str, engine: type) -> None:
    # MuJoCo once read up to four times the inertia, and the arm of 500 Hz twice, every other ms
    read, expected = swinging(arm, engine)
    swing = np.ptp(expected, axis=0).max()
    assert swing > 0.5
    # the sensor's delay and bandwidth, 2 ms together, and what PyBullet's drives add
    assert np.abs(read - expected).max() < 0.08 * swing
