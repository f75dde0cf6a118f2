"""Simulated time waits for the nodes, and silence is judged by what the machine can do."""

import os
import subprocess
import sys

import pytest
from booth_arm.tether import PATIENCE_S, Tether
from booth_common.pulse import SILENCE_S, Pulse, is_gone

pytestmark = pytest.mark.ros

MS = 1_000_000


class Wall:
    """The wall's clock, moved by hand."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_time_waits_for_a_picture_to_be_understood() -> None:
    tied = Tether()
    assert not tied.holds(5_000 * MS), "nothing was handed out"
    tied.exposed(1_000 * MS)
    assert not tied.holds(1_119 * MS)
    assert tied.holds(1_121 * MS)
    tied.understood(900 * MS)
    assert tied.holds(1_121 * MS), "that was an older picture"
    tied.understood(1_000 * MS)
    assert not tied.holds(9_000 * MS)


def test_the_oldest_unanswered_picture_counts() -> None:
    tied = Tether()
    tied.exposed(1_000 * MS)
    tied.exposed(1_100 * MS)
    assert tied.holds(1_150 * MS)
    tied.understood(1_100 * MS)
    assert not tied.holds(1_150 * MS), "a newer answer answers the older question"


def test_time_waits_for_a_running_session_alone() -> None:
    tied = Tether()
    tied.worked(2_000 * MS)
    assert not tied.holds(2_149 * MS)
    assert tied.holds(2_151 * MS)
    tied.ended()
    assert not tied.holds(9_000 * MS)


def test_a_silent_node_is_let_go_until_it_is_heard_again() -> None:
    wall = Wall()
    tied = Tether(wall)
    tied.worked(1_000 * MS)
    assert tied.holds(1_200 * MS)
    wall.now += PATIENCE_S + 0.1
    assert not tied.holds(1_200 * MS)
    assert not tied.holds(5_000 * MS), "no waiting again for what was let go"
    tied.worked(5_000 * MS)
    assert tied.holds(5_200 * MS)


def test_time_waits_for_the_permit() -> None:
    tied = Tether()
    tied.permitted(0)
    assert not tied.holds(199 * MS)
    assert tied.holds(201 * MS)
    tied.permitted(201 * MS)
    assert not tied.holds(400 * MS)


def test_beside_a_real_arm_the_bound_is_fixed() -> None:
    wall = Wall()
    node = Pulse(patient=False, wall=wall, gone=lambda _pid: False)
    assert node.silent_s == 0.0
    node.beat(7)
    wall.now += 0.5
    assert node.silent_s > node.bound_s == SILENCE_S


def test_beside_a_simulator_a_process_that_is_there_is_given_longer() -> None:
    wall, ended = Wall(), set[int]()
    node = Pulse(patient=True, wall=wall, gone=ended.__contains__)
    node.beat(7)
    wall.now += 2.9
    assert node.silent_s < node.bound_s
    wall.now += 0.2
    assert node.silent_s > node.bound_s, "there, and of no use"
    node.beat(7)
    ended.add(7)
    wall.now += 0.39
    assert node.silent_s < node.bound_s
    wall.now += 0.02
    assert node.silent_s > node.bound_s == SILENCE_S, "dead as on a real booth"


def test_a_process_is_gone_when_it_has_ended_whoever_waits_for_it() -> None:
    assert not is_gone(os.getpid())
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        assert not is_gone(child.pid)
        child.kill()
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)  # it has ended, and is a zombie
        assert is_gone(child.pid)
    finally:
        child.communicate()
    assert is_gone(child.pid)
