from dataclasses import replace

import numpy as np
import pytest

from arm_control.ports import ArmStatus, JointCommand
from sim.arms import ARM_NAMES
from sim.cues import Cue
from sim.errors import SimError
from sim.person import Person
from sim.scene import Scene
from sim.truth import SwabFate
from sim.world import Options, World
from sim.wrist import WristSensorModel
from spatial import Pose, vector

QUIET = WristSensorModel(noise=(0.0, 0.0), bias=(0.0, 0.0), drift=(0.0, 0.0), resolution=(0.0, 0.0))
MS = 1_000_000


def sleep(world: World, seconds: float) -> None:
    world.clock.sleep_until(world.clock.now_ns() + round(seconds * 1e9))


def wave(world: World, seconds: float) -> list[bytes]:
    """Swing the first joint, as a controller would, and take down what the ports say."""
    start = world.arm.read().position.copy()
    seen = []
    for k in range(round(seconds * 1000)):
        t = k * 1e-3
        target, velocity = start.copy(), np.zeros_like(start)
        target[0] += 0.05 * (1.0 - np.cos(3.0 * t))
        velocity[0] = 0.15 * np.sin(3.0 * t)
        world.arm.write(JointCommand(target, velocity))
        world.clock.sleep_until(world.clock.now_ns() + MS)
        state = world.arm.read()
        seen.append(state.position.tobytes() + state.wrench.force.tobytes())
    return seen


@pytest.mark.parametrize("name", ARM_NAMES)
def test_wrist_reads_the_tools_weight_in_every_posture(name: str) -> None:
    scene = Scene(arm_name=name, swab_in_hand=False)
    with World(scene, 0, Options(wrist=QUIET)) as world:
        sleep(world, 0.5)
        for joint in (-2, -1):
            goal = world.arm.read().position.copy()
            for _ in range(800):
                goal[joint] += 5e-4
                world.arm.write(JointCommand(goal, np.zeros_like(goal)))
                world.clock.sleep_until(world.clock.now_ns() + 2 * MS)
            sleep(world, 0.5)
            wrench = world.arm.read().wrench
            weight = world.engine.state.hand_rotation.T @ [0.0, 0.0, -9.80665 * scene.tool.mass]
            np.testing.assert_allclose(wrench.force, weight, atol=2e-3)
            lever = np.array(scene.tool_shape.center_of_mass)
            np.testing.assert_allclose(wrench.torque, np.cross(lever, weight), atol=5e-4)


def test_wrist_feels_a_push_at_the_tip() -> None:
    scene = Scene(swab_in_hand=False)
    with World(scene, 0, Options(wrist=QUIET)) as world:
        sleep(world, 0.5)
        before = world.arm.read().wrench
        force, point = np.array([-0.3, 0.1, 0.2]), world.base_tip.translation
        for _ in range(500):
            world.engine.push(force, np.zeros(3), point)
            world.step()
        after = world.arm.read().wrench
        rotation = world.engine.state.hand_rotation
        np.testing.assert_allclose(rotation @ (after.force - before.force), force, atol=2e-3)
        moment = np.cross(scene.sensor_tip.translation, rotation.T @ force)
        np.testing.assert_allclose(after.torque - before.torque, moment, atol=1e-3)


def test_same_seed_same_bits_and_worlds_do_not_touch() -> None:
    person = Person.sample(11)

    def run(seed: int) -> list[bytes]:
        with World(Scene(), seed) as world:
            world.seat(person)
            world.cue(Cue.OPEN_MOUTH)
            return wave(world, 0.4)

    alone = run(5)
    with World(Scene(arm_name="ur5"), 9) as other:
        other.seat(Person.sample(2))
        sleep(other, 0.1)
        together = run(5)
        sleep(other, 0.1)
    assert alone == together
    assert alone != run(6)


def test_arm_follows_its_commands() -> None:
    with World(Scene(), 1) as world:
        start = world.arm.read().position
        wave(world, 1.0)
        assert world.arm.read().position[0] - start[0] == pytest.approx(
            0.05 * (1.0 - np.cos(3.0)), abs=2e-3
        )


def test_jumping_set_point_stops_the_arm_until_reset() -> None:
    with World(Scene(), 1) as world:
        goal = world.arm.read().position.copy()
        goal[2] += 0.3
        world.arm.write(JointCommand(goal, np.zeros_like(goal)))
        assert world.arm.read().status is ArmStatus.PROTECTIVE_STOP
        assert "joint 3 jumps" in world.arm.reason
        world.arm.reset()
        assert world.arm.read().status is ArmStatus.READY


def test_silence_while_moving_stops_the_arm() -> None:
    with World(Scene(), 1) as world:
        wave(world, 0.5)
        sleep(world, 0.3)
        assert world.arm.read().status is ArmStatus.PROTECTIVE_STOP
        assert np.abs(world.arm.read().velocity).max() < 1e-3


def test_person_opens_on_cue_and_leaves() -> None:
    with World(Scene(), 1) as world:
        person = Person.sample(4)
        world.seat(person)
        with pytest.raises(SimError, match="somebody sits"):
            world.seat(person)
        assert world.truth.opening < 0.005
        world.cue("open_mouth")
        sleep(world, 3.0)
        wide = person.temperament.willingness * person.anatomy.opening_max
        assert world.truth.opening == pytest.approx(wide, rel=1e-3)
        world.dismiss()
        assert not world.truth.seated


def test_swab_is_taken_and_left_only_at_the_racks() -> None:
    scene = Scene(swab_in_hand=False)
    here = World(scene, 0)
    with here:
        tip = here.base_tip
        here.gripper.grasp()
        assert not here.gripper.holding
    stocked = replace(scene, base_swab_rack=tip, base_tube_rack=tip)
    with World(stocked, 0) as world:
        world.gripper.grasp()
        assert world.gripper.holding
        world.gripper.release()
        assert world.truth.swab is SwabFate.IN_TUBE
        assert world.truth.tubes == 1
    with World(Scene(), 0) as world:
        world.gripper.release()
        assert world.truth.swab is SwabFate.DROPPED
    for above, fate in (((0.04, 0.0, 0.1), "in_bin"), ((0.0, 0.0, -0.02), "dropped")):
        with World(Scene(base_bin=vector(tip.translation - above)), 0) as world:
            world.gripper.release()
            assert world.truth.swab is SwabFate(fate)


def test_camera_exposes_on_its_grid_and_hands_out_after_its_delay() -> None:
    with World(Scene(), 0) as world:
        sleep(world, 0.2)
        exposed = [s.stamp_ns for _, s in world.camera._exposed]
        delay = round(0.045e9)
        assert exposed[0] + delay <= world.clock.now_ns()
        assert all(stamp + delay > world.clock.now_ns() for stamp in exposed[1:])
        with pytest.raises(SimError, match="without pictures"):
            world.camera.next_frame(0.1)


def test_closed_world_says_so() -> None:
    world = World(Scene(), 0)
    world.close()
    world.close()
    with pytest.raises(SimError, match="closed"):
        sleep(world, 0.1)


def test_tip_and_camera_are_where_the_tool_says() -> None:
    scene = Scene()
    with World(replace(scene, swab_in_hand=False), 0) as world:
        plate = scene.arm.flange_plate
        base_flange = (
            Pose(world.engine.state.hand_rotation, world.engine.state.hand_position)
            @ plate.inverse()
        )
        assert (base_flange @ scene.tool.flange_tip).almost_equals(world.base_tip, 1e-9)
        assert (base_flange @ scene.tool.flange_camera).almost_equals(world.base_camera, 1e-9)
