"""Inverse dynamics against Pinocchio, and the torque limit it serves."""

import numpy as np
import pinocchio as pin

from arm_control import Tool
from arm_control.dynamics import inverse_dynamics, within_torque
from arm_control.kinematics import tip_kinematics
from arm_control.memory import STATE, record
from arm_control.urdf import reduced_model
from tests.unit.arm_control.rig import HOME, JOINTS, LINKS, URDF

RNG = np.random.default_rng(8)


def moving(config: np.ndarray, q: np.ndarray, v: np.ndarray) -> np.ndarray:
    state = record(STATE)
    state["q"][0, :7], state["v"][0, :7] = q, v
    tip_kinematics(config[0], state[0])
    return state


def test_torque_agrees_with_pinocchio(config: np.ndarray, tool: Tool) -> None:
    reference = reduced_model(URDF, JOINTS)
    reference.gravity.linear = np.array((0.0, 0.0, -9.80665))
    flange = reference.frames[reference.getFrameId(LINKS[1])].placement
    held = pin.Inertia(tool.mass, np.array(tool.center_of_mass), np.zeros((3, 3)))
    reference.inertias[7] = reference.inertias[7] + flange.act(held)
    data = reference.createData()
    for _ in range(50):
        q, v, a = RNG.uniform(-2.0, 2.0, 7), RNG.normal(size=7), RNG.normal(size=7) * 10.0
        torque = np.zeros(7)
        inverse_dynamics(config[0], moving(config, q, v)[0], a, torque)
        assert np.abs(torque - pin.rnea(reference, data, q, v, a)).max() < 1e-9


def test_no_acceleration_asks_for_more_torque_than_a_joint_has(config: np.ndarray) -> None:
    weak = config.copy()
    cut = 0
    for _ in range(300):
        state = moving(config, HOME + RNG.normal(size=7) * 0.4, RNG.normal(size=7) * 0.5)
        brake, wish = RNG.normal(size=7), RNG.normal(size=7) * 15.0
        at_rest, asked, torque = np.zeros(7), np.zeros(7), np.zeros(7)
        inverse_dynamics(config[0], state[0], brake, at_rest)
        inverse_dynamics(config[0], state[0], wish, asked)
        weak["torque"][0, :7] = np.abs(at_rest) + RNG.uniform(0.1, 20.0, 7)
        got = wish.copy()
        within_torque(weak[0], state[0], got, brake)
        inverse_dynamics(config[0], state[0], got, torque)
        assert (np.abs(torque) <= weak["torque"][0, :7] * (1.0 + 1e-9)).all()
        if (np.abs(asked) <= weak["torque"][0, :7]).all():
            assert (got == wish).all()
        else:
            cut += 1
    assert cut > 50
