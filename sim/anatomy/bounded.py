"""Fields with bounds: how a value object of the simulator states what it accepts."""

from dataclasses import dataclass, field, fields
from typing import Any

from sim.errors import SimError


@dataclass(frozen=True, slots=True)
class Bound:
    """The closed interval a number must lie in, and its unit for messages."""

    low: float
    high: float
    unit: str


def bounded(default: float, low: float, high: float, unit: str) -> Any:  # noqa: ANN401 - as dataclasses.field
    """Return a dataclass field with a default and a bound, checked by `check_bounds`."""
    return field(default=default, metadata={"bound": Bound(low, high, unit)})


def bounds_of(kind: type) -> dict[str, Bound]:
    """Return the bounds of every bounded field of a dataclass."""
    return {f.name: f.metadata["bound"] for f in fields(kind) if "bound" in f.metadata}


def check_bounds(value: object) -> None:
    """Raise SimError where a bounded field of ``value`` is NaN or outside its bound."""
    kind = type(value)
    for name, bound in bounds_of(kind).items():
        number = getattr(value, name)
        if not bound.low <= number <= bound.high:
            raise SimError(
                f"{kind.__name__}.{name} = {number} is outside {bound.low} to {bound.high} "
                f"{bound.unit}; choose a value inside"
            )
