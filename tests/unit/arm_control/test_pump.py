"""The pump: what passes, what does not, and that old set-points stop the arm."""

import numpy as np
import pytest

from arm_control import ArmModel, ArmStatus
from arm_control.exchange import MEASUREMENT, SETPOINT, Exchange
from arm_control.memory import record
from arm_control.pump import STALE_S, Pump
from tests.unit.arm_control.plant import Plant
from tests.unit.arm_control.rig import HOME


@pytest.fixture
def plant(model: ArmModel) -> Plant:
    return Plant(model, HOME)


@pytest.fixture
def pump(plant: Plant, exchange: Exchange) -> Pump:
    return Pump(plant, exchange, plant.now_ns)


def command(
    exchange: Exchange, cycle: int, stamp_ns: int, position: np.ndarray, stop: int = 0
) -> None:
    setpoint = record(SETPOINT)
    setpoint["stop"] = stop
    setpoint["cycle"], setpoint["stamp"], setpoint["q"] = cycle, stamp_ns, position
    exchange.setpoint.write(setpoint)


def measured(exchange: Exchange) -> np.void:
    out = record(MEASUREMENT)
    assert exchange.measurement.read(out)
    measurement: np.void = out[0]
    return measurement


def test_measurements_and_set_points_cross(pump: Pump, plant: Plant, exchange: Exchange) -> None:
    command(exchange, 1, plant.now, HOME + 0.01)
    pump.turn()
    assert measured(exchange)["stamp"] == plant.now
    assert measured(exchange)["q"] == pytest.approx(HOME)
    assert measured(exchange)["arm_ok"] == 1
    assert plant.queue[-1][0] == pytest.approx(HOME + 0.01)


def test_nothing_is_written_before_the_loop_has_spoken(pump: Pump, plant: Plant) -> None:
    waiting = len(plant.queue)
    plant.now += 10**9
    pump.turn()
    assert len(plant.queue) == waiting
    assert not plant.stopped
    assert not pump.stalled


def test_a_set_point_that_grows_old_stops_the_arm_until_a_person_resets(
    pump: Pump, plant: Plant, exchange: Exchange
) -> None:
    command(exchange, 1, plant.now, HOME)
    pump.turn()
    plant.now += round(STALE_S * 0.9e9)
    pump.turn()
    assert not plant.stopped
    plant.now += round(STALE_S * 0.2e9)
    pump.turn()
    assert plant.stopped
    assert pump.stalled
    pump.turn()
    assert measured(exchange)["arm_ok"] == 0
    command(exchange, 2, plant.now, HOME + 0.5)
    pump.turn()
    assert plant.queue[-1][0] == pytest.approx(HOME)
    pump.reset()
    pump.turn()  # what was said while it stood is not taken up
    assert plant.queue[-1][0] == pytest.approx(HOME)
    command(exchange, 3, plant.now, HOME + 0.02)
    pump.turn()
    assert plant.queue[-1][0] == pytest.approx(HOME + 0.02)


def test_the_loops_word_stops_the_arm_and_after_a_reset_it_stands_until_the_loop_goes_on(
    pump: Pump, plant: Plant, exchange: Exchange
) -> None:
    command(exchange, 1, plant.now, HOME)
    pump.turn()
    command(exchange, 2, plant.now, HOME + 0.5, stop=1)
    pump.turn()
    assert plant.stopped
    assert pump.stalled
    pump.reset()
    assert not plant.stopped
    for cycle in range(3, 6):  # the loop has not heard of the reset yet
        command(exchange, cycle, plant.now, HOME + 0.5, stop=1)
        pump.turn()
        assert measured(exchange)["arm_ok"] == 1
        assert plant.queue[-1][0] == pytest.approx(HOME)
    assert not plant.stopped
    command(exchange, 6, plant.now, HOME + 0.01)
    pump.turn()
    assert plant.queue[-1][0] == pytest.approx(HOME + 0.01)
    command(exchange, 7, plant.now, HOME + 0.01, stop=1)  # and says it anew
    pump.turn()
    assert plant.stopped


def test_an_unready_arm_is_told_and_a_senseless_reading_grows_old(
    pump: Pump, plant: Plant, exchange: Exchange
) -> None:
    pump.turn()
    plant.status = ArmStatus.PROTECTIVE_STOP
    plant.now += 1_000_000
    pump.turn()
    assert measured(exchange)["arm_ok"] == 0
    stamp = measured(exchange)["stamp"]
    plant.lose_numbers()
    plant.now += 1_000_000
    pump.turn()
    assert measured(exchange)["stamp"] == stamp


def test_when_it_is_over_the_arm_is_stopped(pump: Pump, plant: Plant) -> None:
    turns = iter((False, False, True))
    pump.run(lambda: next(turns))
    assert plant.stopped
