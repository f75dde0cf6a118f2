"""Fills the kernels' configuration record from model, limits and what the driver states."""

import numpy as np

from arm_control.errors import ArmControlError
from arm_control.limits import Limits, Zone
from arm_control.memory import CONFIG, MAX_JOINTS, record
from arm_control.model import ArmModel
from arm_control.ports import ArmInfo


def configure(model: ArmModel, limits: Limits, info: ArmInfo) -> np.ndarray:
    """Return the CONFIG record (1,). Raises ArmControlError where the parts do not fit together."""
    n = model.joints
    if n > MAX_JOINTS or limits.joints.joints != n or info.joints != n:
        raise ArmControlError(
            f"model has {n} joints, limits {limits.joints.joints}, driver {info.joints}; they must "
            f"agree and be at most {MAX_JOINTS}"
        )
    if tuple(info.joint_names) != tuple(model.joint_names):
        raise ArmControlError(
            f"driver's joints {info.joint_names} are not the model's {model.joint_names}; give "
            "both the same names in the same order"
        )
    config = record(CONFIG)
    c = config[0]
    chain, tool = model.chain, model.tool
    c["joints"] = n
    c["period"] = 1.0 / info.rate_hz
    c["place_R"][:n] = chain.placement_rotation
    c["place_t"][:n] = chain.placement_translation
    c["axis"][:n] = chain.axis
    c["mass"][:n] = chain.mass
    c["center"][:n] = chain.center
    c["inertia"][:n] = chain.inertia
    c["flange_R"] = chain.flange_rotation
    c["flange_t"] = chain.flange_translation
    c["tip_R"] = tool.flange_tip.rotation
    c["tip_t"] = tool.flange_tip.translation
    c["sensor_R"] = tool.flange_sensor.rotation
    c["sensor_t"] = tool.flange_sensor.translation
    c["tool_mass"] = tool.mass
    c["tool_center"] = tool.center_of_mass
    c["gravity"] = model.gravity
    c["segment"] = tool.bending_segment
    c["shaft_stiffness"] = tool.shaft_stiffness
    joints = limits.joints
    for name in ("lower", "upper", "velocity", "acceleration", "jerk", "torque"):
        c[name][:n] = getattr(joints, name)
    _limit_tip(c, limits)
    _tune(c, info)
    return config


def _limit_tip(c: np.void, limits: Limits) -> None:
    c["speed"] = [limits.speed.of(zone) for zone in Zone]
    c["leaving_speed"] = limits.speed.leaving
    c["retreat_speed"] = limits.speed.retreat
    c["bending_speed"] = limits.speed.bending
    c["face_distance"] = limits.speed.face_distance
    c["mouth_margin"] = limits.speed.mouth_margin
    c["tip_acceleration"] = limits.tip.acceleration
    c["tip_jerk"] = limits.tip.jerk
    c["reflex_acceleration"] = limits.tip.reflex_acceleration
    c["force_soft"] = limits.force.soft
    c["force_abort"] = limits.force.abort
    c["tracking_error"] = limits.tracking_error
    c["motion_age"] = limits.motion_age_s


def _tune(c: np.void, info: ArmInfo) -> None:
    """Set gains and thresholds; docs/explanation/control.md derives them."""
    delay = info.command_delay_s + max(1.0 / info.rate_hz, info.sensor_delay_s)
    c["delay"] = delay
    c["track_bandwidth"] = min(40.0, 0.2 * info.rate_hz)
    c["pace_bandwidth"] = min(100.0, 0.25 * info.rate_hz)
    c["mouth_bandwidth"] = 15.0
    c["mouth_jump"] = 0.02
    c["filter_bandwidth"] = 250.0
    c["virtual_mass"] = 0.25 * c["tool_mass"]
    # phase margin: the loop k w / k s with this much delay and filtering keeps 60 degrees
    c["force_bandwidth"] = min(14.0, 0.32 / (delay + 0.018))
    c["task_weight"] = (1.0, 1.0, 1.0, 0.1, 0.1, 0.1)
    c["damping"] = 1e-4
    c["touch_force"] = 0.025
    c["touch_speed"] = 0.010
    c["standoff"] = 0.006
    c["indentation"] = 0.008
    c["settling"] = 0.6
