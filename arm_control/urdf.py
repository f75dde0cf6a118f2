"""Reads an arm's URDF through Pinocchio into the flat chain of `arm_control.model`."""

from pathlib import Path

import numpy as np
import pinocchio as pin

from arm_control.errors import ModelError
from arm_control.model import Chain
from arm_control.tool import Tool
from spatial import Vector

ChainParts = tuple[str, tuple[str, ...], Chain, Tool, Vector, Vector, Vector, Vector]


def read_chain(
    path: Path, base_link: str, flange_link: str, joint_names: tuple[str, ...], tool: Tool
) -> ChainParts:
    """Return what ArmModel is made of but gravity; Raises ModelError on a file it cannot use."""
    model = reduced_model(path, joint_names)
    for link in (base_link, flange_link):
        if not model.existBodyName(link):
            bodies = [f.name for f in model.frames if f.type == pin.FrameType.BODY]
            raise ModelError(f"{path}: no link {link!r}; its links are {bodies}")
    data = model.createData()
    pin.framesForwardKinematics(model, data, np.zeros(model.nq))
    base = model.frames[model.getFrameId(base_link)]
    if base.parentJoint != 0:
        raise ModelError(f"{path}: base link {base_link!r} moves with a joint; name the fixed one")
    n = model.nq
    rotation = np.empty((n, 3, 3))
    translation = np.empty((n, 3))
    axis = np.empty((n, 3))
    for i in range(n):
        placement = model.jointPlacements[i + 1]
        if model.parents[i + 1] != i:
            raise ModelError(f"{path}: joints {joint_names} are no serial chain in this order")
        if i == 0:
            placement = base.placement.actInv(placement)
        rotation[i] = placement.rotation
        translation[i] = placement.translation
        axis[i] = _axis(model.joints[i + 1], path, joint_names[i])
    flange = model.frames[model.getFrameId(flange_link)]
    if flange.parentJoint != n:
        raise ModelError(f"{path}: flange {flange_link!r} does not move with {joint_names[-1]!r}")
    mass, center, inertia = _bodies(model, flange.placement, tool)
    chain = Chain(
        rotation,
        translation,
        axis,
        mass,
        center,
        inertia,
        np.array(flange.placement.rotation),
        np.array(flange.placement.translation),
    )
    return (
        model.name,
        joint_names,
        chain,
        tool,
        np.array(model.lowerPositionLimit),
        np.array(model.upperPositionLimit),
        np.array(model.velocityLimit),
        np.array(model.effortLimit),
    )


def reduced_model(path: Path, joint_names: tuple[str, ...]) -> "pin.Model":
    """Return Pinocchio's model with all joints but ``joint_names`` held at zero."""
    if not path.is_file():
        raise ModelError(f"{path}: no such URDF file; check the arm's description")
    try:
        full = pin.buildModelFromUrdf(str(path))
    except (ValueError, RuntimeError) as error:
        raise ModelError(f"{path}: Pinocchio cannot read it ({error}); mend the URDF") from error
    missing = [name for name in joint_names if not full.existJointName(name)]
    if missing or not joint_names:
        raise ModelError(f"{path}: no joint {missing}; its joints are {list(full.names)[1:]}")
    locked = [full.getJointId(name) for name in full.names[1:] if name not in joint_names]
    return pin.buildReducedModel(full, locked, pin.neutral(full))


def _axis(joint: "pin.JointModel", path: Path, name: str) -> Vector:
    if joint.nq != 1 or joint.nv != 1:
        raise ModelError(f"{path}: joint {name!r} is {joint.shortname()}; only revolute joints")
    data = joint.createData()
    joint.calc(data, np.zeros(1))
    subspace = np.asarray(data.S, dtype=np.float64).reshape(6)
    if abs(float(np.linalg.norm(subspace[3:])) - 1.0) > 1e-9 or np.abs(subspace[:3]).max() > 1e-9:
        raise ModelError(f"{path}: joint {name!r} is {joint.shortname()}; only revolute joints")
    return subspace[3:]


def _bodies(model: "pin.Model", flange: "pin.SE3", tool: Tool) -> tuple[Vector, Vector, Vector]:
    """Return masses (n,), centres (n, 3) and inertias (n, 3, 3), the tool in the last body."""
    inertias = [model.inertias[i + 1] for i in range(model.nq)]
    point_mass = pin.Inertia(tool.mass, np.array(tool.center_of_mass), np.zeros((3, 3)))
    inertias[-1] = inertias[-1] + flange.act(point_mass)
    return (
        np.array([body.mass for body in inertias]),
        np.array([body.lever for body in inertias]),
        np.array([body.inertia for body in inertias]),
    )
