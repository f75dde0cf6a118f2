"""The safety state to a message."""

from collections.abc import Iterable
from typing import Any

from booth_common.convert import fault_message, header_message
from booth_interfaces.msg import SafetyState

from booth_safety.latch import Tripped

__all__ = ["header_message", "safety_state_message"]


def safety_state_message(
    header: Any, tripped: Iterable[tuple[Any, Tripped]], missing: Iterable[str]
) -> Any:
    """Return the state; ``tripped`` pairs each fault with its message time."""
    faults = [fault_message(at, fault.source, fault.name, fault.detail) for at, fault in tripped]
    nodes = list(missing)
    return SafetyState(
        header=header,
        safe=not faults and not nodes,
        latched=bool(faults),
        faults=faults,
        missing_nodes=nodes,
    )
