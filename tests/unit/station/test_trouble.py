"""Faults asked for on the command line."""

import math

import pytest

from sim.behaviour import Act
from sim.faults import Fault, Mishap, Mode, Unit
from station.demo.trouble import Trouble
from station.errors import StationError


def test_a_fault_is_read_with_whom_when_what_and_how_long() -> None:
    trouble = Trouble.parse("2:swabbing:wrist.stuck:1.5")
    fault = trouble.happening.what
    assert isinstance(fault, Fault)
    assert (trouble.person, trouble.happening.phase) == (2, "swabbing")
    assert (fault.unit, fault.mode, fault.duration_s) == (Unit.WRIST, Mode.STUCK, 1.5)


def test_without_seconds_it_lasts() -> None:
    fault = Trouble.parse("1:locating:camera.off").happening.what
    assert isinstance(fault, Fault)
    assert fault.duration_s == math.inf


@pytest.mark.parametrize("what", [Mishap.GRIPPER_DROPS, Act.HAND_IN_FRONT])
def test_a_mishap_and_what_a_person_does_are_read_too(what: Mishap | Act) -> None:
    trouble = Trouble.parse(f"2:swabbing:{what.value}")
    assert (trouble.happening.what, trouble.happening.phase) == (what, "swabbing")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("wrist.stuck", "is not PERSON:STATE"),
        ("0:swabbing:wrist.stuck", "is not PERSON:STATE"),
        ("1:dancing:wrist.stuck", "no state 'dancing'; choose of idle"),
        ("1:swabbing:swab_melts", "no mishap or act 'swab_melts'; choose of swab_breaks"),
        ("1:swabbing:nose.stuck", "no unit 'nose'; choose of wrist"),
        ("1:swabbing:wrist.itches", "no mode 'itches'; choose of off"),
        ("1:swabbing:wrist.off:soon", "soon"),
        ("1:swabbing:wrist.off:-1", "-1"),
    ],
)
def test_a_misspelt_fault_is_told_with_what_there_is(text: str, told: str) -> None:
    with pytest.raises(StationError, match="--fault") as raised:
        Trouble.parse(text)
    assert told in str(raised.value)
