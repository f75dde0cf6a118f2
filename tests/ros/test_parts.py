"""The nodes' parts that need no graph: shared memory, latch, remote arm, sight, supervisor."""

import os
import subprocess
import sys
import threading
import time
from multiprocessing.connection import Connection
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
from booth_arm.link import Answer, LoopLink, LoopNames, Order
from booth_common.actions import SharedActionClient
from booth_common.pulse import Pulse
from booth_common.shared import (
    Block,
    SharedError,
    picture_bytes,
    picture_from,
    picture_size,
)
from booth_common.verdict import Verdict
from booth_queue_bridge.desk import Desk
from booth_safety.latch import Latch, Tripped
from booth_station.remote import Patience, RemoteArm, RemoteGripper
from booth_station.sight import TopicSight
from booth_vision.cameras import open_camera
from booth_vision.turns import Turns
from rclpy.action import ActionClient

from arm_control.errors import ArmControlError, GoalError
from arm_control.limits import Zone
from arm_control.motion import Hold
from arm_control.ports import ArmInfo
from arm_control.report import CycleReport, Phase
from booth_queue.client import BoothClient, Unreachable
from booth_queue.contract import Outcome
from spatial import Pose, Wrench
from station.config import SessionSettings
from station.errors import StationError
from station.supervisor import PROGRAMS, Graph
from vision.camera import NoFrame
from vision.errors import VisionError
from vision.frame import Frame, Intrinsics
from vision.target import Refusal, RefusalReason, Sighting
from vision.tracking import MouthTracker, TrackedMouth

pytestmark = pytest.mark.ros

NAME = f"swab_test_{os.getpid()}"


def test_a_block_hands_over_the_newest_value() -> None:
    block = Block.create(NAME, 64)
    reader = Block.attach(NAME)
    assert reader.read() is None
    for value in (b"first", b"second, longer", b"3"):
        block.write(value)
        assert reader.read() == value
    assert reader.owner_alive
    block.close()
    assert not reader.owner_alive
    reader.close()
    with pytest.raises(SharedError, match="start the process that owns it"):
        Block.attach(NAME)


def test_a_torn_value_is_not_handed_out() -> None:
    block = Block.create(NAME, 64)
    block.write(b"whole")
    block._memory[24] ^= 0xFF
    assert block.read() is None
    block.close()


def test_a_reader_beside_a_busy_writer_sees_whole_values_alone() -> None:
    code = (
        "import sys; sys.path[:0] = sys.argv[2:]\n"
        "from booth_common.shared import Block\n"
        "block = Block.create(sys.argv[1], 16); block.write(b'whole')\n"
        "print('ready', flush=True)\n"
        "while True: block.write(b'whole')"
    )
    arguments = [sys.executable, "-c", code, NAME, *sys.path]
    with subprocess.Popen(arguments, stdout=-1) as writer:
        try:
            assert writer.stdout is not None
            writer.stdout.readline()
            reader = Block.attach(NAME)
            seen = {reader.read() for _ in range(100_000)}
            assert seen <= {b"whole", None}  # None: the writer was quicker eight times in a row
            reader.close()
        finally:
            writer.kill()
    Block.create(NAME, 16).close()


def test_a_value_too_long_is_refused() -> None:
    block = Block.create(NAME, 8)
    with pytest.raises(SharedError, match="do not fit"):
        block.write(b"123456789")
    block.close()


def test_a_live_owners_block_is_not_taken_over_but_a_dead_ones_is() -> None:
    code = (
        "import sys; sys.path[:0] = sys.argv[2:]\n"
        "from booth_common.shared import Block\n"
        "block = Block.create(sys.argv[1], 16); block.write(b'mine')\n"
        "print('ready', flush=True); sys.stdin.read()"
    )
    arguments = [sys.executable, "-c", code, NAME, *sys.path]
    with subprocess.Popen(arguments, stdin=-1, stdout=-1) as owner:
        assert owner.stdout is not None
        owner.stdout.readline()
        with pytest.raises(SharedError, match="belongs to a live process"):
            Block.create(NAME, 16)
        owner.kill()
        owner.wait()
    block = Block.create(NAME, 16)
    assert block.read() is None
    block.close()


def test_a_picture_goes_through_shared_memory() -> None:
    rng = np.random.default_rng(5)
    frame = Frame(
        rng.integers(0, 255, (24, 32, 3), dtype=np.uint8),
        rng.uniform(0.1, 0.5, (24, 32)).astype(np.float32),
        Intrinsics(32, 24, 30.0, 30.0, 15.5, 11.5),
        123,
        4,
    )
    value = picture_bytes(frame)
    assert len(value) == picture_size(32, 24)
    again = picture_from(value)
    np.testing.assert_array_equal(again.rgb, frame.rgb)
    np.testing.assert_array_equal(again.depth, frame.depth)
    assert (again.intrinsics, again.stamp_ns, again.sequence) == (frame.intrinsics, 123, 4)


def test_the_latch_keeps_the_first_of_each_kind_until_it_is_cleared() -> None:
    latch = Latch()
    assert latch.trip(Tripped(1, "vision", "node_lost", "first"))
    assert not latch.trip(Tripped(2, "vision", "node_lost", "again"))
    assert latch.trip(Tripped(3, "arm", "force", "1.2 N"))
    assert [fault.detail for fault in latch.faults] == ["first", "1.2 N"]
    assert len(latch.clear()) == 2
    assert latch.faults == ()


def report(stamp_ns: int, *, done: bool = False) -> CycleReport:
    return CycleReport(
        stamp_ns=stamp_ns,
        phase=Phase.MOVING,
        zone=Zone.FREE,
        done=done,
        progress=0.0,
        position=np.zeros(7),
        base_tip=Pose(),
        wrench=Wrench(),
        contact=False,
        normal_force=0.0,
        strokes=0,
        contact_s=0.0,
        stiffness=0.0,
        tracking_error=0.0,
    )


class FakeNode:
    """Answers the remote arm's calls."""

    def __init__(self) -> None:
        self.answer: Any = SimpleNamespace(accepted=True, goal_id=1, message="")
        self.closed: list[bool] = []
        self.stopped = 0
        self.arm = RemoteArm(
            lambda _goal: self.answer, self.stop, lambda _motion: None, Patience(0.05, 0.1)
        )
        self.gripper = RemoteGripper(self.arm, self.grip)

    def stop(self) -> None:
        self.stopped += 1

    def grip(self, close: bool) -> Any:
        self.closed.append(close)
        return SimpleNamespace(success=len(self.closed) < 3, message="jammed")

    def tell(self, stamp_ns: int, goal_id: int, *, done: bool = False, x: float = 0.0) -> None:
        camera = Pose(translation=np.array((x, 0.0, 0.0)))
        self.arm.take(report(stamp_ns, done=done), goal_id, camera, holding=True)


def test_a_goal_is_not_judged_by_the_report_of_the_one_before() -> None:
    node = FakeNode()
    node.tell(1, 0, done=True)
    assert node.arm.cycle().done
    node.arm.start(Hold())
    node.tell(2, 0, done=True)  # sent before the goal was taken
    with pytest.raises(ArmControlError, match="not heard"):
        node.arm.cycle()
    node.tell(3, 1)
    assert not node.arm.cycle().done


def test_no_report_is_handed_out_twice() -> None:
    node = FakeNode()
    node.tell(5, 0)
    assert node.arm.cycle().stamp_ns == 5
    with pytest.raises(ArmControlError, match="not heard"):
        node.arm.cycle()


def test_a_goal_that_is_refused_or_not_answered_is_an_error() -> None:
    node = FakeNode()
    node.answer = SimpleNamespace(accepted=False, goal_id=0, message="a fault is latched")
    with pytest.raises(GoalError, match="latched"):
        node.arm.start(Hold())
    node.answer = None
    with pytest.raises(GoalError, match="did not answer"):
        node.arm.start(Hold())


def test_ending_a_session_is_no_emergency_stop_unless_the_arm_does_not_obey() -> None:
    node = FakeNode()
    node.arm.stop()
    assert node.stopped == 0
    node.answer = None
    node.arm.stop()
    assert node.stopped == 1


def test_the_death_of_the_arm_node_ends_a_wait_at_once() -> None:
    node = FakeNode()
    node.arm.lose("arm: its liveliness lease ran out")
    with pytest.raises(ArmControlError, match="lease ran out"):
        node.arm.cycle()
    node.tell(9, 0)
    assert node.arm.cycle().stamp_ns == 9


def test_an_arm_node_started_again_is_believed_though_it_counts_its_goals_anew() -> None:
    node = FakeNode()
    node.answer.goal_id = 37
    node.arm.start(Hold())
    node.tell(9, 37)
    assert node.arm.cycle().stamp_ns == 9
    node.arm.lose("arm: no heartbeat")
    node.tell(20, 0)
    assert node.arm.cycle().stamp_ns == 20
    node.answer.goal_id = 1
    node.arm.start(Hold())
    node.tell(21, 0)
    with pytest.raises(ArmControlError, match="not heard"):
        node.arm.cycle()
    node.tell(22, 1)
    assert node.arm.cycle().stamp_ns == 22


def test_a_station_started_again_begins_from_what_the_arm_does() -> None:
    node = FakeNode()
    node.tell(9, 37)
    assert node.arm.cycle().stamp_ns == 9


def slow_loop(pipe: Connection, name: str) -> None:
    """Answer a question when it is told something besides, and not before."""
    Block.create(name, 16).write(b"state")
    pipe.send(ArmInfo("slow", ("one",), 100.0, 0.0, "none"))
    numbers = [pipe.recv()[0] for _ in range(2)]
    pipe.send(Answer(max(numbers), True, ""))
    pipe.recv()


def test_an_order_that_needs_no_answer_does_not_wait_for_another_ones() -> None:
    names = LoopNames(f"test_{os.getpid()}")
    link = LoopLink(slow_loop, names.state, names, answer_s=60.0)
    answers: list[bool] = []
    asking = threading.Thread(target=lambda: answers.append(link.ask(Order.GRASP).accepted))
    asking.start()
    while not link._asking.locked():
        time.sleep(0.001)
    link.tell(Order.WORKED)  # would wait for ever, and the loop for it
    asking.join(timeout=60.0)
    assert answers == [True]
    link.close()


def test_the_camera_is_known_between_two_states_and_not_beyond() -> None:
    node = FakeNode()
    node.tell(1_000_000_000, 0, x=0.0)
    node.tell(2_000_000_000, 0, x=0.4)
    assert node.arm.base_camera_at(1_500_000_000).translation[0] == pytest.approx(0.2)
    for stamp in (999_999_999, 2_000_000_001):
        with pytest.raises(ArmControlError, match="no camera pose"):
            node.arm.base_camera_at(stamp)


def test_a_state_that_was_overtaken_undoes_nothing_but_a_fresh_start_does() -> None:
    node = FakeNode()
    node.tell(9_000_000_000, 0, x=0.0)
    node.tell(9_100_000_000, 0, x=0.4)
    node.tell(9_050_000_000, 0, x=9.0)
    assert node.arm.base_camera_at(9_050_000_000).translation[0] == pytest.approx(0.2)
    node.tell(20_000_000, 0)  # a new simulator begins at zero
    assert node.arm.cycle().stamp_ns == 20_000_000


def test_a_gripper_that_does_not_obey_is_an_error() -> None:
    node = FakeNode()
    node.gripper.grasp()
    node.gripper.release()
    assert node.closed == [True, False]
    with pytest.raises(ArmControlError, match="did not close: jammed"):
        node.gripper.grasp()


def sighting(stamp_ns: int, opening: float = 0.045) -> Sighting:
    pose = Pose.from_rotation_vector((0.0, np.pi, 0.0), (0.0, 0.0, 0.25))
    return Sighting(stamp_ns, pose, np.diag([1e-6] * 3 + [1e-4] * 3), opening, {})


def sight() -> TopicSight:
    settings = SessionSettings(camera_timeout_s=0.5, picture_age_limit_s=0.2)
    return TopicSight(MouthTracker(), lambda _stamp: Pose(), settings)


MS = 1_000_000


def test_a_fresh_sighting_gives_the_mouth_once() -> None:
    eyes = sight()
    eyes.take(sighting(100 * MS))
    assert isinstance(eyes.look(110 * MS), TrackedMouth)
    assert eyes.look(120 * MS) is None
    assert eyes.somebody


@pytest.mark.parametrize("seen", [None, sighting(0), sighting(10_000 * MS)])
def test_silence_old_and_future_sightings_end_as_a_camera_fault(seen: Sighting | None) -> None:
    eyes = sight()
    if seen is not None:
        eyes.take(seen)
    assert eyes.look(1_000 * MS) is None
    fault = eyes.look(1_600 * MS)
    assert isinstance(fault, NoFrame)
    assert "no usable sighting for 0.60 s" in fault.detail


def test_a_camera_that_says_it_is_blind_is_silence() -> None:
    eyes = sight()
    eyes.look(0)
    eyes.take(Refusal(RefusalReason.CAMERA, 590 * MS, "unplugged"))
    fault = eyes.look(600 * MS)
    assert isinstance(fault, NoFrame)
    assert "unplugged" in fault.detail
    assert not eyes.somebody


def test_a_gap_between_pictures_does_not_undo_the_one_before() -> None:
    eyes = sight()
    eyes.take(sighting(100 * MS))
    eyes.take(Refusal(RefusalReason.CAMERA, 105 * MS, "no new picture"))
    assert isinstance(eyes.look(110 * MS), TrackedMouth)
    eyes.take(Refusal(RefusalReason.CAMERA, 700 * MS, "no new picture"))
    assert isinstance(eyes.look(701 * MS), NoFrame)


def test_a_closing_mouth_is_counted() -> None:
    eyes = sight()
    for count, opening in ((1, 0.020), (2, 0.015), (0, 0.045)):
        stamp = (100 + 10 * count) * MS if count else 200 * MS
        eyes.take(sighting(stamp, opening))
        eyes.look(stamp + MS)
        assert eyes.closed_for == count


def test_the_supervisor_starts_what_the_launch_files_start(tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    file.write_text("")
    graph = Graph("east", (file,), tmp_path, with_queue=True)
    assert [program.name for program in graph.programs()] == [p.name for p in PROGRAMS]
    assert "queue" not in [p.name for p in Graph("east", (file,), tmp_path).programs()]
    arguments = graph.arguments(PROGRAMS[0])
    assert arguments[:4] == ["booth_safety.node", "--ros-args", "-r", "__ns:=/east"]
    assert arguments[-2:] == ["--params-file", str(file)]
    replaced = Graph("east", (file,), tmp_path, replaced={"safety": "mine.node"})
    assert replaced.arguments(PROGRAMS[0])[0] == "mine.node"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"namespace": "two words"}, "is no ROS name"),
        ({"parameters": (Path("/nowhere.yaml"),)}, "no parameter file /nowhere.yaml"),
        ({"replaced": {"nobody": "x"}}, "no node 'nobody' to replace"),
    ],
)
def test_a_graph_that_cannot_be_is_refused(change: dict[str, Any], message: str) -> None:
    values: dict[str, Any] = {"namespace": "booth", "parameters": (), "logs": Path()}
    with pytest.raises(StationError, match=message):
        Graph(**(values | change))


def taken(camera_hz: float, rate_hz: float, start_s: float = 0.0) -> list[int]:
    turns = Turns()
    stamps = [round(1e9 * (start_s + n / camera_hz)) for n in range(300)]
    return [stamp for stamp in stamps if turns.comes(stamp, rate_hz)]


@pytest.mark.parametrize(("camera_hz", "rate_hz"), [(30.0, 30.0), (10.0, 30.0), (15.0, 15.0)])
def test_a_camera_no_quicker_than_wanted_loses_no_picture(camera_hz: float, rate_hz: float) -> None:
    assert len(taken(camera_hz, rate_hz)) == 300


@pytest.mark.parametrize("rate_hz", [1.0, 7.0, 10.0, 12.5, 20.0])
def test_a_quicker_camera_is_held_to_the_rate(rate_hz: float) -> None:
    stamps = taken(30.0, rate_hz, start_s=100.0)
    assert len(stamps) == pytest.approx(10.0 * rate_hz, abs=2)
    assert min(np.diff(stamps)) > 0.5e9 / rate_hz


def test_an_irregular_camera_loses_no_picture() -> None:
    rng = np.random.default_rng(3)
    turns = Turns()
    stamps = [round(1e8 * n + rng.uniform(-1e7, 1e7)) for n in range(10, 200)]
    assert all(turns.comes(stamp, 10.0) for stamp in stamps)


def test_a_clock_that_starts_anew_is_followed() -> None:
    turns = Turns()
    assert turns.comes(50_000 * MS, 10.0)
    assert turns.comes(1 * MS, 10.0)
    assert not turns.comes(30 * MS, 10.0)
    assert turns.comes(101 * MS, 10.0)


class Wall:
    """The wall's clock [s], moved by hand."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


def test_a_verdict_counts_while_it_is_fresh() -> None:
    wall = Wall()
    verdict = Verdict(Pulse(adaptive=False, wall=wall))
    assert "never heard" in verdict.objection
    verdict.hear("")
    wall.now_s += 0.39
    assert verdict.objection == ""
    wall.now_s += 0.02
    assert verdict.objection.startswith("safety: its state was not heard for 0.41 s, bound 0.40 s")
    verdict.hear("arm: 1.2 N")
    assert verdict.objection == "arm: 1.2 N"


class FakeService:
    """Closes sessions, or fails as it is told."""

    def __init__(self) -> None:
        self.failure: Exception | None = None
        self.closed: list[tuple[str, Outcome, str | None]] = []

    def close_session(self, session: str, outcome: Outcome, *, reason: str | None) -> None:
        if self.failure is not None:
            raise self.failure
        self.closed.append((session, outcome, reason))


def desk(memory: Path) -> tuple[Desk, FakeService, list[str]]:
    service, said = FakeService(), list[str]()
    return Desk(cast("BoothClient", service), memory, said.append), service, said


def test_a_session_left_open_is_closed_as_soon_as_the_service_answers(tmp_path: Path) -> None:
    memory = tmp_path / "open.json"
    memory.write_text('{"session": "S1"}')
    at_desk, service, said = desk(memory)
    service.failure = Unreachable("nobody answers")
    assert not at_desk.recover()
    assert "nobody answers" in said[-1]
    service.failure = None
    assert at_desk.recover()
    assert service.closed == [("S1", Outcome.ABORTED, "bridge_lost")]
    assert at_desk.recover()
    assert len(service.closed) == 1


@pytest.mark.parametrize("content", ["", "{", "[]", '{"other": 1}', "7"])
def test_a_memory_that_cannot_be_read_is_set_aside(tmp_path: Path, content: str) -> None:
    memory = tmp_path / "open.json"
    memory.write_text(content)
    at_desk, service, said = desk(memory)
    assert at_desk.recover()
    assert "staff console" in said[-1]
    assert (tmp_path / "open.unreadable").read_text() == content
    assert not memory.exists()
    assert service.closed == []


BROKEN = """
import sys
work, sys.path[:0] = sys.argv[1], sys.argv[2:]
import conftest
from dataclasses import dataclass
from booth_common.node import BoothNode, run

@dataclass(frozen=True, slots=True)
class Settings:
    pass

class Broken(BoothNode[Settings]):
    def __init__(self):
        super().__init__("vision", Settings)
        self.heartbeat.say_goodbye = lambda: print("goodbye", flush=True)
        if work == "thread":
            self.worker("work", lambda: 1 / 0)
        else:
            self.create_timer(0.01, lambda: 1 / 0)

run(Broken)
"""


@pytest.mark.parametrize("work", ["thread", "callback"])
def test_a_node_whose_work_breaks_dies_without_a_goodbye(work: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", BROKEN, work, *sys.path],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 1
    assert "ZeroDivisionError" in done.stderr + done.stdout
    assert "goodbye" not in done.stdout


def test_a_camera_that_is_not_there_is_refused() -> None:
    with pytest.raises(VisionError):
        open_camera("realsense", NAME, serial="000000000000")
    with pytest.raises(VisionError, match="choose shared or realsense"):
        open_camera("webcam", NAME)


def test_no_answer_is_taken_while_its_request_is_being_sent() -> None:
    """Both threads of rclpy's client, stopped where it would lose the answer."""
    done: list[str] = []
    half_sent, go_on = threading.Event(), threading.Event()

    class Slow(ActionClient):  # type: ignore[misc] # rclpy ships no types
        def __init__(self) -> None:
            pass

        def send_goal_async(self) -> None:
            half_sent.set()
            go_on.wait(60.0)
            done.append("written down")

        def take_data(self) -> None:
            done.append("taken")

    class Client(SharedActionClient, Slow):  # type: ignore[misc] # the same
        def __del__(self) -> None:
            pass

    client = Client()
    sender = threading.Thread(target=client.send_goal_async)
    sender.start()
    half_sent.wait(60.0)
    taker = threading.Thread(target=client.take_data)
    taker.start()
    taker.join(timeout=0.05)
    assert done == []
    go_on.set()
    sender.join(60.0)
    taker.join(60.0)
    assert done == ["written down", "taken"]
