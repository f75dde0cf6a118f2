"""Weighing the tool posture by posture, with a person who makes mistakes."""

from collections.abc import Callable

import numpy as np
import pytest

from arm_control import ArmControlError, ArmModel
from arm_control.identification import ToolLoad
from arm_control.weighing import POSTURES, weigh
from spatial import Vector, Wrench
from tests.unit.arm_control.rig import HOME

BIAS = Wrench((0.4, -1.2, 3.0), (0.02, -0.01, 0.05))


class Weigher:
    """A person who leads the wrist about, and the sensor of an arm with that tool."""

    def __init__(self, model: ArmModel, tilts: Callable[[int], Vector]) -> None:
        self._model, self._tilts = model, tilts
        self._rng = np.random.default_rng(2)
        self._at = HOME
        self.led = 0
        self.told: list[str] = []
        self.touch = Wrench()
        self.moving = False

    def wait(self, _: str) -> None:
        self._at = HOME + self._tilts(self.led)
        self.led += 1

    def sleep(self, seconds: float) -> None:
        if self.moving:
            self._at = self._at + 0.1 * seconds

    def read(self) -> tuple[Vector, Wrench]:
        n = self._rng.normal(size=6) * 0.03
        felt = self._model.tool_weight(self._at) + BIAS + self.touch
        return self._at, felt + Wrench(n[:3], 0.02 * n[3:])

    def weigh(self) -> ToolLoad:
        return weigh(self._model, self.read, self.wait, self.sleep, self.told.append)


def anywhere(count: int) -> Vector:
    return np.array([0, 0, 0, 0, *np.random.default_rng(count).uniform(-1.2, 1.2, 3)])


def test_the_load_is_found_with_postures_repeated(model: ArmModel) -> None:
    person = Weigher(model, lambda k: anywhere(k // 2))  # every posture twice
    load = weigh(model, person.read, person.wait, person.sleep, person.told.append)
    assert load.mass == pytest.approx(model.tool.mass, abs=0.01)
    assert load.applied_to(model.tool).center_of_mass == pytest.approx(
        model.tool.center_of_mass, abs=2e-3
    )
    assert sum("weighed" in told for told in person.told) == POSTURES
    assert any("much like one before" in told for told in person.told)


def test_an_arm_that_is_held_or_moves_is_not_weighed(model: ArmModel) -> None:
    person = Weigher(model, anywhere)
    person.moving = True
    with pytest.raises(ArmControlError, match="at least three"):
        person.weigh()
    assert all("hands off" in told for told in person.told)


def test_a_hand_on_the_tool_is_found_out(model: ArmModel) -> None:
    person = Weigher(model, anywhere)

    def touched(ask: str) -> None:
        person.wait(ask)
        rng = np.random.default_rng(person.led)
        person.touch = Wrench(rng.normal(size=3), (0.0, 0.0, 0.0))

    with pytest.raises(ArmControlError, match="was a hand on the tool"):
        weigh(model, person.read, touched, person.sleep, person.told.append)


def test_one_tilt_only_is_refused(model: ArmModel) -> None:
    person = Weigher(model, lambda _: np.zeros(7))
    with pytest.raises(ArmControlError, match="three different directions"):
        person.weigh()
