"""Parameters declared once: a frozen dataclass gives type, bounds, description and default.

A node's settings are such a dataclass; ``declare`` turns it into ROS parameters. A file's unknown
key or value out of bounds stops the start. Only fields marked ``live`` may change at run time.
"""

import math
from collections.abc import Sequence
from dataclasses import MISSING, dataclass, field, fields, replace
from typing import Any, TypeVar

T = TypeVar("T")
_META = "parameter"


class ParameterError(Exception):
    """A parameter is unknown or out of bounds; the message names node, key, value and bound."""


@dataclass(frozen=True, slots=True)
class Bound:
    """What a parameter may be, in words a person can act on."""

    description: str
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()
    live: bool = False

    def problem(self, value: object, example: object) -> str:
        """Return why ``value`` is refused, or an empty string; ``example`` has the right type."""
        if type(value) is not type(example):
            return f"is {value!r}, wants {type(example).__name__}"
        if isinstance(value, float) and not math.isfinite(value):
            return f"is {value}, wants a finite number"
        if self.low is not None and isinstance(value, int | float) and value < self.low:
            return f"is {value}, below its bound {self.low}"
        if self.high is not None and isinstance(value, int | float) and value > self.high:
            return f"is {value}, above its bound {self.high}"
        if self.choices:
            values = value if isinstance(value, list | tuple) else [value]
            wrong = [entry for entry in values if entry not in self.choices]
            if wrong:
                return f"names {wrong[0]!r}, not one of {', '.join(self.choices)}"
        return ""


def number(default: float, low: float, high: float, description: str, *, live: bool = False) -> Any:
    """Declare a number within ``low`` and ``high``; whole where the default is whole."""
    return field(default=default, metadata={_META: Bound(description, low, high, live=live)})


def flag(default: bool, description: str, *, live: bool = False) -> Any:
    """Declare a switch."""
    return field(default=default, metadata={_META: Bound(description, live=live)})


def text(default: str, description: str, choices: Sequence[str] = (), *, live: bool = False) -> Any:
    """Declare a text, of ``choices`` if there are any."""
    bound = Bound(description, choices=tuple(choices), live=live)
    return field(default=default, metadata={_META: bound})


def names(default: Sequence[str], description: str, choices: Sequence[str]) -> Any:
    """Declare a list of names out of ``choices``."""
    bound = Bound(description, choices=tuple(choices))
    return field(default=tuple(default), metadata={_META: bound})


def bounds(settings_type: type[Any]) -> dict[str, tuple[Any, Bound]]:
    """Return each parameter's default and bound by name."""
    table = {}
    for entry in fields(settings_type):
        bound = entry.metadata.get(_META)
        if not isinstance(bound, Bound) or entry.default is MISSING:
            raise ParameterError(
                f"{settings_type.__name__}.{entry.name} is not declared as a parameter; use "
                "number, flag, text or names"
            )
        table[entry.name] = (entry.default, bound)
    return table


def declare(node: Any, settings_type: type[T]) -> T:
    """Declare the settings' parameters on ``node``; return the values files and launch gave.

    Raises ParameterError for an unknown key or a value out of bounds.
    """
    table = bounds(settings_type)
    # rclpy keeps what files and command line gave to itself, and passes over what nobody declared
    given = {name: p.value for name, p in node._parameter_overrides.items()}  # noqa: SLF001
    for name in given:
        if name not in table and name != "use_sim_time" and not name.startswith("qos_overrides."):
            raise ParameterError(
                f"{node.get_name()}: unknown parameter {name!r}; known are {', '.join(table)}"
            )
    values = {}
    for name, (default, bound) in table.items():
        value = _as_given(given.get(name, default), default)
        if problem := bound.problem(value, default):
            raise ParameterError(f"{node.get_name()}: parameter {name!r} {problem}")
        node.declare_parameter(name, default, _descriptor(default, bound))
        values[name] = value
    return settings_type(**values)


def changed(settings: T, parameters: Sequence[Any]) -> T:
    """Return ``settings`` with run-time changes; raise ParameterError where one is not allowed."""
    table = bounds(type(settings))
    for parameter in parameters:
        if parameter.name not in table:
            continue
        default, bound = table[parameter.name]
        value = _as_given(parameter.value, default)
        problem = bound.problem(value, default) if bound.live else "cannot change while running"
        if problem:
            raise ParameterError(f"parameter {parameter.name!r} {problem}")
        settings = replace(settings, **{parameter.name: value})  # type: ignore[type-var]
    return settings


def _as_given(value: Any, default: Any) -> Any:
    """Return ``value`` in the default's form: YAML writes 30 for 30.0 and lists for tuples."""
    if isinstance(default, float) and type(value) is int:
        return float(value)
    if isinstance(default, tuple) and isinstance(value, list | tuple):
        return tuple(value)
    return value


def _descriptor(default: Any, bound: Bound) -> Any:
    from rcl_interfaces.msg import (  # noqa: PLC0415 - the declarations are read without ROS too
        FloatingPointRange,
        IntegerRange,
        ParameterDescriptor,
    )

    descriptor = ParameterDescriptor(
        description=bound.description,
        read_only=not bound.live,
        additional_constraints=", ".join(bound.choices),
        dynamic_typing=isinstance(default, float),  # or YAML's 30 would be refused for 30.0
    )
    if bound.low is not None and bound.high is not None and not isinstance(default, bool):
        if isinstance(default, int):
            descriptor.integer_range = [
                IntegerRange(from_value=int(bound.low), to_value=int(bound.high))
            ]
        else:
            descriptor.floating_point_range = [
                FloatingPointRange(from_value=float(bound.low), to_value=float(bound.high))
            ]
    return descriptor
