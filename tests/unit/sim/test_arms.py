from pathlib import Path

import numpy as np
import pytest

from sim.arms import KNOWN_ARMS, arm
from sim.errors import SimError
from sim.scene import Scene, SwabShape, ToolShape
from spatial import Pose


@pytest.mark.parametrize("name", KNOWN_ARMS)
def test_home_holds_the_swab_level_13_cm_before_the_mouth(name: str) -> None:
    pin = pytest.importorskip("pinocchio")
    scene = Scene(arm_name=name)
    description = scene.arm
    model = pin.buildModelFromUrdf(str(description.urdf))
    data = model.createData()
    q = pin.neutral(model)  # some arms come with a hand that the booth does not use
    for name_of_joint, angle in zip(description.joint_names, description.home, strict=True):
        q[model.joints[model.getJointId(name_of_joint)].idx_q] = angle
    pin.framesForwardKinematics(model, data, q)
    placed = data.oMf[model.getFrameId(description.flange_link)]
    base_flange = Pose(placed.rotation, placed.translation)
    mouth_tip = scene.nominal_base_mouth.inverse() @ base_flange @ scene.tool.flange_tip
    np.testing.assert_allclose(mouth_tip.translation, [0.13, 0.0, 0.0], atol=2e-4)
    # shaft into the mouth, y down
    np.testing.assert_allclose(mouth_tip.rotation[:, 2], [-1.0, 0.0, 0.0], atol=3e-4)
    np.testing.assert_allclose(mouth_tip.rotation[:, 1], [0.0, 0.0, -1.0], atol=3e-4)


@pytest.mark.parametrize("name", KNOWN_ARMS)
def test_home_lies_inside_the_joint_limits(name: str) -> None:
    scene = Scene(arm_name=name)
    model = scene.arm_model()
    assert model.joint_names == scene.arm.joint_names
    assert (scene.home > model.lower).all()
    assert (scene.home < model.upper).all()


def test_stops_narrower_than_the_model_s_bind() -> None:
    description = arm("fr3")
    assert description.stops is not None
    lower, upper = description.stops
    model = Scene(arm_name="fr3").arm_model()
    assert (model.lower >= lower).all()
    assert (model.upper <= upper).all()
    assert model.lower[5] == lower[5]  # the Panda's sixth joint begins at 0, this one's at 31°
    assert model.upper[5] == 3.7525  # and ends before its own


def test_camera_looks_down_on_the_tip() -> None:
    scene = Scene()
    camera_tip = scene.sensor_camera.inverse() @ scene.sensor_tip
    x, y, z = camera_tip.translation
    assert abs(x) < 1e-12
    assert 0.0 < y < 0.055  # below the optical axis, inside the picture
    assert 0.18 < z < 0.21


def test_unknown_arm_names_the_choices() -> None:
    with pytest.raises(SimError, match="kuka_iiwa"):
        arm("puma560")


def test_scene_refuses_values_out_of_bounds() -> None:
    with pytest.raises(SimError, match=r"swab length is 1\.0 m, bound 0\.05 to 0\.25"):
        SwabShape(length=1.0)
    with pytest.raises(SimError, match="lens tilt"):
        ToolShape(lens_tilt=float("nan"))
    with pytest.raises(SimError, match="distance from base to mouth"):
        Scene(base_mouth=Pose(translation=np.array([3.0, 0.0, 0.0])))


def test_arm_model_is_where_the_catalogue_says() -> None:
    assert all(isinstance(arm(name).urdf, Path) for name in KNOWN_ARMS)
