"""What stands around the arm: capsules, each a segment and a radius, in the base or the mouth."""

from dataclasses import dataclass

from arm_control.errors import ArmControlError
from spatial import Vector, vector


@dataclass(frozen=True, slots=True, eq=False)
class Capsule:
    """A body about the segment from ``start`` to ``end``, both (3,) [m], of ``radius`` [m]."""

    name: str
    start: Vector
    end: Vector
    radius: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "start", vector(self.start, 3, "capsule start"))
        object.__setattr__(self, "end", vector(self.end, 3, "capsule end"))
        if not 0.0 < self.radius <= 1.0:
            raise ArmControlError(
                f"radius {self.radius} m of {self.name} is outside (0, 1] m; measure the body"
            )


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the arm must keep clear of, and how thick it is itself.

    ``booth`` are bodies in the arm's base, ``person`` in the mouth frame, looked at while a mouth
    is known. ``floor`` [m] is the height of the floor in the base, None for none. The links are
    capsules of ``link_radius`` between the joints; the tool, of ``tool_radius``, reaches from the
    flange to the gripper's jaws: the swab beyond is made to touch. ``margin`` [m] is kept from all.
    """

    booth: tuple[Capsule, ...] = ()
    person: tuple[Capsule, ...] = ()
    floor: float | None = None
    link_radius: float = 0.07
    tool_radius: float = 0.06
    margin: float = 0.01

    def __post_init__(self) -> None:
        for name in ("link_radius", "tool_radius"):
            if not 0.005 <= getattr(self, name) <= 0.3:
                raise ArmControlError(f"{name} {getattr(self, name)} m is outside 5 to 300 mm")
        if not 0.0 <= self.margin <= 0.2:
            raise ArmControlError(f"margin {self.margin} m is outside 0 to 200 mm")
