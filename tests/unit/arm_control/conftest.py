from collections.abc import Iterator

import numpy as np
import pytest

from arm_control import ArmInfo, ArmModel, JointLimits, Limits, Tool
from arm_control.configuration import configure
from arm_control.exchange import Exchange
from spatial import Pose
from tests.unit.arm_control.rig import JOINTS, LINKS, URDF


@pytest.fixture(scope="session")
def tool() -> Tool:
    plate = Pose(translation=(0.0, 0.0, 0.045))
    return Tool(
        flange_tip=Pose(translation=(0.0, 0.0, 0.325)),
        flange_camera=Pose(translation=(0.0, -0.055, 0.125)),
        flange_sensor=plate,
        mass=0.62,
        center_of_mass=(0.0, -0.008, 0.107),
        shaft_stiffness=3.4,
    )


@pytest.fixture(scope="session")
def model(tool: Tool) -> ArmModel:
    return ArmModel.from_urdf(URDF, *LINKS, JOINTS, tool)


@pytest.fixture(scope="session")
def limits(model: ArmModel) -> Limits:
    return Limits(JointLimits.of(model))


@pytest.fixture(scope="session")
def config(model: ArmModel, limits: Limits) -> np.ndarray:
    """The CONFIG record (1,) of that arm at 1 kHz, 3 ms late; to be read, not written."""
    return configure(model, limits, ArmInfo("iiwa", JOINTS, 1000.0, 0.003, "holds"))


@pytest.fixture
def exchange() -> Iterator[Exchange]:
    """The shared records of a loop; nothing of them is left behind."""
    records = Exchange.create()
    yield records
    records.close()
    records.unlink()
