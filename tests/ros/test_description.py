"""The booth's URDF: what the simulator and the controller use, in the form ROS's tools read."""

import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pinocchio
import pytest
from booth_description.generate import FOLDER, booth, roll_pitch_yaw, write
from hypothesis import given
from hypothesis import strategies as st

from arm_control.model import ArmModel
from sim.arms import KNOWN_ARMS
from sim.scene import Scene
from spatial import Pose

angle = st.floats(-3.0, 3.0)


@pytest.mark.parametrize("name", KNOWN_ARMS)
def test_the_file_is_what_the_scene_gives(name: str, tmp_path: Path) -> None:
    write(tmp_path)
    file = f"booth_{name}.urdf"
    assert (FOLDER / file).read_text() == (tmp_path / file).read_text(), (
        "run python -m booth_description.generate"
    )


@pytest.mark.parametrize("name", KNOWN_ARMS)
def test_tip_and_camera_are_where_the_controller_believes_them(name: str) -> None:
    scene = Scene(arm_name=name)
    arm = scene.arm
    model = ArmModel.from_urdf(
        arm.urdf, arm.base_link, arm.flange_link, arm.joint_names, scene.tool
    )
    robot = pinocchio.buildModelFromXML(ET.tostring(booth(scene), encoding="unicode"))
    data = robot.createData()
    order = [robot.joints[robot.getJointId(joint)].idx_q for joint in arm.joint_names]
    rng = np.random.default_rng(11)
    for _ in range(20):
        position = arm.home + rng.uniform(-0.5, 0.5, len(arm.home))
        q = np.zeros(robot.nq)
        q[order] = position
        pinocchio.framesForwardKinematics(robot, data, q)
        base = data.oMf[robot.getFrameId("base")]
        for frame, expected in (
            ("tip", model.base_tip(position)),
            ("optical", model.base_camera(position)),
        ):
            found = base.actInv(data.oMf[robot.getFrameId(frame)])
            np.testing.assert_allclose(found.translation, expected.translation, atol=1e-6)
            np.testing.assert_allclose(found.rotation, expected.rotation, atol=1e-6)


@pytest.mark.parametrize("name", KNOWN_ARMS)
def test_what_moves_has_mass_limits_and_shapes(name: str) -> None:
    scene = Scene(arm_name=name)
    robot = booth(scene)
    links = {link.attrib["name"]: link for link in robot.findall("link")}
    for part in ("booth", "base", "chin_rest", "sensor", "swab", "optical"):
        assert links[part].find("collision/geometry") is not None
        assert float(links[part].find("inertial/mass").attrib["value"]) > 0.0  # type: ignore[union-attr] # no mass fails, as it should
    for joint in robot.findall("joint"):
        if joint.attrib["name"] in scene.arm.joint_names:
            limit = joint.find("limit")
            assert limit is not None
            assert float(limit.attrib["lower"]) < float(limit.attrib["upper"])
            assert float(limit.attrib["velocity"]) > 0.0
    assert not list(robot.iter("mesh"))


@given(angle, angle, angle)
def test_roll_pitch_yaw_turn_as_urdf_says(x: float, y: float, z: float) -> None:
    pose = Pose.from_rotation_vector((x, y, z))
    roll, pitch, yaw = roll_pitch_yaw(pose)
    again = (
        Pose.from_rotation_vector((0, 0, yaw))
        @ Pose.from_rotation_vector((0, pitch, 0))
        @ Pose.from_rotation_vector((roll, 0, 0))
    )
    assert pose.almost_equals(again, 1e-6)
