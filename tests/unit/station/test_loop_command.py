"""`booth loop` with an arm on the wire: loop, pump, monitor and the maker's client at work."""

import contextlib
import json
from pathlib import Path

import numpy as np
import pytest
import typer

from arm_control.errors import ArmControlError
from station.commands.loop import loop
from tests.unit.arm_control.franka_stand_in import StandIn
from tests.unit.arm_control.ur_stand_in import stand_in as ur_stand_in
from tests.unit.arm_control.wire import loopback


@pytest.mark.slow  # see test_franka.py: the maker's client may hang while it connects
def test_a_franka_arm_is_held_where_it_stands(tmp_path: Path) -> None:
    pytest.importorskip("pylibfranka", reason="the extra `franka` is not installed")
    box = StandIn()
    there, file = box.position, tmp_path / "report.json"
    try:
        with contextlib.suppress(typer.Exit):  # a busy machine may be too late for the monitor
            loop(address=box.address, model="fr3", seconds=2.0, record=file)
        assert len(box.set_points) > 20
        assert np.allclose(box.set_points, there, atol=1e-3)
        assert not box.moving
    finally:
        box.close()
    report = json.loads(file.read_text())
    assert report["arm"] == f"Franka arm at {box.address}"
    assert report["punctuality"]["cycles"] > 0


def test_a_universal_robots_arm_is_held_where_it_stands(tmp_path: Path) -> None:
    pytest.importorskip("rtde_control", reason="the extra `ur` is not installed")
    address, file = loopback(), tmp_path / "report.json"
    with ur_stand_in(address) as robot:
        robot.shiver(0.01)
        there = robot.look()["position"]
        with contextlib.suppress(typer.Exit):  # a busy machine may be too late for the monitor
            loop(address=address, seconds=2.0, record=file)
        seen = robot.look()
    assert seen["position"] == pytest.approx(there, abs=2e-3)
    assert seen["servo"]  # set-points came to it
    assert not seen["running"]  # and its program was ended behind them
    report = json.loads(file.read_text())
    assert report["arm"] == f"Universal Robots at {address}"
    assert report["punctuality"]["cycles"] > 0


def test_an_arm_without_a_driver_is_not_looked_for() -> None:
    with pytest.raises(ArmControlError, match="one of ur5, fr3, xarm7"):
        loop(address="127.0.0.1", model="kuka_iiwa")
