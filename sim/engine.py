"""The port of a rigid-body engine: an arm with a hand, pushed at one point, and a head to hit."""

from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from spatial import Matrix, Vector

STEP_NS = 1_000_000
"""One physics step [ns]: 1 ms."""

STEP_S = STEP_NS * 1e-9
"""One physics step [s]."""

GRAVITY = np.array([0.0, 0.0, -9.80665])
"""Gravity [m/s²] in base coordinates."""


@dataclass(slots=True, eq=False)
class BodyState:
    """What an engine knows after a step; the arrays are overwritten in place by the next one.

    ``position`` [rad], ``velocity`` [rad/s], ``effort`` [N·m]: (n,) of the arm's joints.
    ``hand_rotation`` (3, 3) and ``hand_position`` (3,) [m] of the wrist sensor's plate in base
    coordinates, ``hand_linear`` [m/s] and ``hand_angular`` [rad/s] its velocity. ``reaction`` (6,)
    force then torque that the hand exerts on the arm through the sensor, in the sensor's frame:
    weight, inertia and contact, as an ideal wrist sensor would read them.
    """

    position: Vector
    velocity: Vector
    effort: Vector
    hand_rotation: Matrix = field(default_factory=lambda: np.eye(3))
    hand_position: Vector = field(default_factory=lambda: np.zeros(3))
    hand_linear: Vector = field(default_factory=lambda: np.zeros(3))
    hand_angular: Vector = field(default_factory=lambda: np.zeros(3))
    reaction: Vector = field(default_factory=lambda: np.zeros(6))


@dataclass(frozen=True, slots=True, eq=False)
class Collision:
    """The arm or the hand touching the head or the booth: link, what it hit, force [N]."""

    link: str
    obstacle: str
    force: float


class Engine(Protocol):
    """A rigid-body engine that steps one arm by 1 ms; the swab and the tissue live outside it."""

    @property
    def state(self) -> BodyState:
        """The state after the last step or reset."""
        ...

    def reset(self, position: Vector) -> None:
        """Put the arm at rest at ``position`` (n,) [rad]."""
        ...

    def command(self, position: Vector, velocity: Vector) -> None:
        """Set the servo targets (n,) [rad] and [rad/s] for the steps to come."""
        ...

    def coast(self) -> None:
        """Let every joint move freely, unpowered, until the next command."""
        ...

    def push(self, force: Vector, torque: Vector, point: Vector) -> None:
        """Push the hand during the next step: force [N] at ``point`` [m], torque [N·m], base."""
        ...

    def place_head(self, rotation: Matrix, position: Vector) -> None:
        """Move the head's collision body; mouth frame in base coordinates."""
        ...

    def remove_head(self) -> None:
        """Take the head's collision body away."""
        ...

    def step(self) -> None:
        """Advance by `STEP_S` and refresh `state`."""
        ...

    def collisions(self) -> tuple[Collision, ...]:
        """Return what touches head or booth now."""
        ...

    def close(self) -> None:
        """Release the engine; may be called twice."""
        ...
