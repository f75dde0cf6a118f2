import numpy as np
import pinocchio as pin
import pytest

from arm_control import ArmModel, ModelError, Tool
from arm_control.configuration import configure
from arm_control.kinematics import tip_kinematics
from arm_control.limits import Limits
from arm_control.memory import STATE, record
from arm_control.ports import ArmInfo
from arm_control.urdf import reduced_model
from spatial import Vector
from tests.unit.arm_control.rig import JOINTS, LINKS, URDF

RNG = np.random.default_rng(5)


def postures(count: int) -> list[Vector]:
    return [RNG.uniform(-2.0, 2.0, 7) for _ in range(count)]


@pytest.fixture(scope="module")
def reference() -> "pin.Model":
    return reduced_model(URDF, JOINTS)


def pinocchio_tip(reference: "pin.Model", tool: Tool, q: Vector, v: Vector) -> tuple[Vector, ...]:
    """Pose (4, 4), Jacobian (6, n) and bias acceleration (6,) of the tip in base axes."""
    data = reference.createData()
    frame = reference.getFrameId(LINKS[1])
    joint = reference.frames[frame].parentJoint
    placement = reference.frames[frame].placement * pin.SE3(
        tool.flange_tip.rotation.copy(), tool.flange_tip.translation.copy()
    )
    model = reference.copy()
    tip = model.addFrame(pin.Frame("tip", joint, placement, pin.FrameType.OP_FRAME))
    data = model.createData()
    pin.forwardKinematics(model, data, q, v, np.zeros(7))
    pin.updateFramePlacements(model, data)
    axes = pin.ReferenceFrame.LOCAL_WORLD_ALIGNED
    J = pin.computeFrameJacobian(model, data, q, tip, axes)
    bias = pin.getFrameClassicalAcceleration(model, data, tip, axes).vector
    return data.oMf[tip].homogeneous, J, bias


def test_kernels_and_model_agree_with_pinocchio(
    model: ArmModel, limits: Limits, tool: Tool, reference: "pin.Model"
) -> None:
    info = ArmInfo("iiwa", JOINTS, 1000.0, 0.0, "none")
    config = configure(model, limits, info)
    state = record(STATE)
    for q in postures(50):
        v = RNG.normal(size=7)
        state["q"][0, :7] = q
        state["v"][0, :7] = v
        tip_kinematics(config[0], state[0])
        pose, J, bias = pinocchio_tip(reference, tool, q, v)
        assert np.abs(state["R"][0] - pose[:3, :3]).max() < 1e-9
        assert np.abs(state["t"][0] - pose[:3, 3]).max() < 1e-9
        assert np.abs(state["J"][0] - J).max() < 1e-9
        assert np.abs(state["twist"][0] - J @ v).max() < 1e-9
        assert np.abs(state["bias_acceleration"][0] - bias).max() < 1e-9
        assert np.abs(model.base_tip(q).matrix() - pose).max() < 1e-9
        assert np.abs(model.jacobian(q) - J).max() < 1e-9


def test_the_jacobian_is_the_derivative_of_the_tip(model: ArmModel) -> None:
    h = 1e-6
    for q in postures(10):
        J = model.jacobian(q)
        for k in range(7):
            step = np.zeros(7)
            step[k] = h
            ahead, behind = model.base_tip(q + step), model.base_tip(q - step)
            linear = (ahead.translation - behind.translation) / (2 * h)
            angular = (ahead @ behind.inverse()).rotation_vector() / (2 * h)
            assert np.abs(np.concatenate([linear, angular]) - J[:, k]).max() < 1e-7


def test_the_tools_weight_is_its_mass_times_gravity_wherever_it_points(model: ArmModel) -> None:
    for q in postures(10):
        weight = model.tool_weight(q)
        assert np.linalg.norm(weight.force) == pytest.approx(model.tool.mass * 9.80665)
        base = model.base_sensor(q).rotate(weight.force)
        assert base == pytest.approx([0.0, 0.0, -model.tool.mass * 9.80665], abs=1e-9)


@pytest.mark.parametrize(
    ("links", "joints", "what"),
    [
        (("nowhere", LINKS[1]), JOINTS, "nowhere"),
        ((LINKS[0], "lbr_iiwa_link_3"), JOINTS, "does not move with"),
        (("lbr_iiwa_link_2", LINKS[1]), JOINTS, "moves with a joint"),
        (LINKS, (*JOINTS[:6], "elbow"), "elbow"),
        (LINKS, (), "no joint"),
    ],
)
def test_a_description_that_does_not_fit_is_refused(
    tool: Tool, links: tuple[str, str], joints: tuple[str, ...], what: str
) -> None:
    with pytest.raises(ModelError, match=what):
        ArmModel.from_urdf(URDF, *links, joints, tool)


def test_a_missing_file_is_refused(tool: Tool) -> None:
    with pytest.raises(ModelError, match="no such URDF"):
        ArmModel.from_urdf("nowhere.urdf", *LINKS, JOINTS, tool)
