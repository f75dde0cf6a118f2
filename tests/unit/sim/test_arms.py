from pathlib import Path

import numpy as np
import pytest

from sim.arms import ARM_NAMES, arm
from sim.errors import SimError
from sim.scene import Scene, SwabShape, ToolShape
from spatial import Pose


@pytest.mark.parametrize("name", ARM_NAMES)
def test_home_holds_the_swab_level_13_cm_before_the_mouth(name: str) -> None:
    pin = pytest.importorskip("pinocchio")
    scene = Scene(arm_name=name)
    description = scene.arm
    model = pin.buildModelFromUrdf(str(description.urdf))
    data = model.createData()
    pin.framesForwardKinematics(model, data, np.array(description.home))
    placed = data.oMf[model.getFrameId(description.flange_link)]
    base_flange = Pose(placed.rotation, placed.translation)
    mouth_tip = scene.nominal_base_mouth.inverse() @ base_flange @ scene.tool.flange_tip
    np.testing.assert_allclose(mouth_tip.translation, [0.13, 0.0, 0.0], atol=2e-4)
    # shaft into the mouth, y down
    np.testing.assert_allclose(mouth_tip.rotation[:, 2], [-1.0, 0.0, 0.0], atol=3e-4)
    np.testing.assert_allclose(mouth_tip.rotation[:, 1], [0.0, 0.0, -1.0], atol=3e-4)


@pytest.mark.parametrize("name", ARM_NAMES)
def test_home_lies_inside_the_joint_limits(name: str) -> None:
    pin = pytest.importorskip("pinocchio")
    description = arm(name)
    model = pin.buildModelFromUrdf(str(description.urdf))
    assert tuple(model.names)[1:] == description.joint_names
    assert (description.home > model.lowerPositionLimit).all()
    assert (description.home < model.upperPositionLimit).all()


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
    assert all(isinstance(arm(name).urdf, Path) for name in ARM_NAMES)
