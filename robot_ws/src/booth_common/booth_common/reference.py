"""Writes docs/reference/parameters.md from the nodes' own declarations."""

from collections.abc import Mapping
from importlib import import_module
from typing import Any

from booth_common.parameters import Bound, bounds

SETTINGS = {
    "safety": "booth_safety.node",
    "arm": "booth_arm.node",
    "vision": "booth_vision.node",
    "station": "booth_station.node",
    "queue": "booth_queue_bridge.node",
    "recorder": "booth_bringup.recorder",
    "lifecycle": "booth_bringup.lifecycle",
}
"""Each node's module, whose ``Settings`` are its parameters."""


def tables() -> Mapping[str, Mapping[str, tuple[Any, Bound]]]:
    """Return every node's parameters with default and bound."""
    return {node: bounds(import_module(name).Settings) for node, name in SETTINGS.items()}


def markdown() -> str:
    """Return docs/reference/parameters.md."""
    lines = [
        "# Parameters of the nodes",
        "",
        "Generated from each node's `Settings` by `python -m booth_common.reference`; do not edit.",
        "A parameter without *at run time* is read when the node is configured and refuses changes",
        "while it runs. Every node also takes ROS's own `use_sim_time`.",
    ]
    for node, table in tables().items():
        lines += [
            "",
            f"## {node}",
            "",
            "| parameter | default | bounds | at run time | meaning |",
            "|---|---|---|---|---|",
        ]
        lines += [
            f"| `{name}` | `{_shown(default)}` | {_range(bound)} "
            f"| {'yes' if bound.live else ''} | {bound.description} |"
            for name, (default, bound) in table.items()
        ]
    return "\n".join(lines) + "\n"


def _shown(value: Any) -> str:
    return "[" + ", ".join(value) + "]" if isinstance(value, tuple) else repr(value)


def _range(bound: Bound) -> str:
    if bound.choices:
        return ", ".join(f"`{choice}`" for choice in bound.choices)
    if bound.low is not None:
        return f"{bound.low:g} to {bound.high:g}"
    return ""


if __name__ == "__main__":
    print(markdown(), end="")
