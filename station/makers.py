"""The makers' arms: what their drivers state, and how the pump's process opens them.

Each maker's client is an extra, asked for only where that arm is driven.
"""

from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType
from typing import Any

from arm_control.crew import MakeDriver
from arm_control.model import ArmModel
from arm_control.ports import ArmInfo

OpenArm = Callable[[str, ArmModel, float | None], tuple[ArmInfo, MakeDriver]]


def universal_robots(
    address: str, model: ArmModel, rate_hz: float | None = None
) -> tuple[ArmInfo, MakeDriver]:
    """Universal Robots' arm at ``address``, at ``rate_hz`` or the e-series' rate."""
    from arm_control.drivers.universal_robots import (  # noqa: PLC0415 - an extra
        UniversalRobotsArm,
        info_of,
    )

    rate = _rate(rate_hz)
    make = partial(UniversalRobotsArm, address, model.joint_names, **rate)
    return info_of(address, model.joint_names, **rate), make


def franka(
    address: str, model: ArmModel, rate_hz: float | None = None
) -> tuple[ArmInfo, MakeDriver]:
    """Franka's arm at ``address``, at ``rate_hz`` or its own rate."""
    from arm_control.drivers.franka import FrankaArm, info_of  # noqa: PLC0415 - an extra

    rate = _rate(rate_hz)
    make = partial(FrankaArm, address, model, **rate)
    return info_of(address, model.joint_names, **rate), make


def ufactory(
    address: str, model: ArmModel, rate_hz: float | None = None
) -> tuple[ArmInfo, MakeDriver]:
    """UFACTORY's xArm at ``address``, at ``rate_hz`` or the rate of its reports."""
    from arm_control.drivers.ufactory import UFactoryArm, info_of  # noqa: PLC0415 - an extra

    rate = _rate(rate_hz)
    make = partial(UFactoryArm, address, model.joint_names, **rate)
    return info_of(address, model.joint_names, **rate), make


def _rate(rate_hz: float | None) -> dict[str, Any]:
    return {} if rate_hz is None else {"rate_hz": rate_hz}


MAKERS: Mapping[str, OpenArm] = MappingProxyType(
    {"ur": universal_robots, "franka": franka, "xarm": ufactory}
)
"""By the names that the arm node's parameter ``driver`` has for them."""
