"""What every node has: its process, its actions, its verdict; and the safety node's latch."""

import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

import pytest
from booth_common.actions import SharedActionClient, ThreadedActionServer
from booth_common.later import answer_later
from booth_common.pulse import Pulse
from booth_common.verdict import Verdict
from booth_safety.latch import Latch, Tripped
from rclpy.action import ActionClient, ActionServer

pytestmark = pytest.mark.ros


BROKEN = """
import sys
work, sys.path[:0] = sys.argv[1], sys.argv[2:]
import conftest
from dataclasses import dataclass
from booth_common import topics
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
        elif work == "answer":
            self.serve_later(topics.STOP, lambda request, response: 1 / 0)
            asker = self.caller(topics.STOP)
            self.worker("asker", lambda: asker.call_async(asker.srv_type.Request()))
        else:
            self.create_timer(0.01, lambda: 1 / 0)

run(Broken)
"""


@pytest.mark.parametrize("work", ["thread", "answer", "callback"])
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


class Wall:
    """The wall's clock [s], moved by hand."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


def test_a_verdict_counts_while_it_is_fresh() -> None:
    wall = Wall()
    verdict = Verdict(Pulse(patient=False, wall=wall))
    assert "never heard" in verdict.objection
    verdict.hear("")
    wall.now_s += 0.39
    assert verdict.objection == ""
    wall.now_s += 0.02
    assert verdict.objection.startswith("safety: its state was not heard for 0.41 s, bound 0.40 s")
    verdict.hear("arm: 1.2 N")
    assert verdict.objection == "arm: 1.2 N"
    verdict.hear("")
    verdict.lose("safety: no heartbeat for 0.41 s")
    assert "no heartbeat" in verdict.objection
    verdict.hear("")
    assert verdict.objection == ""


def test_the_latch_keeps_the_first_of_each_kind_until_it_is_cleared() -> None:
    latch = Latch()
    assert latch.trip(Tripped(1, "vision", "node_lost", "first"))
    assert not latch.trip(Tripped(2, "vision", "node_lost", "again"))
    assert latch.trip(Tripped(3, "arm", "force", "1.2 N"))
    assert [fault.detail for fault in latch.faults] == ["first", "1.2 N"]
    assert len(latch.clear()) == 2
    assert latch.faults == ()


def test_a_node_lost_while_the_booth_comes_up_is_missing_but_trips_nothing() -> None:
    latch = Latch()
    assert not latch.lose(Tripped(1, "vision", "node_lost", "no heartbeat for 2.1 s"))
    assert latch.faults == ()
    assert latch.trip(Tripped(2, "arm", "force", "1.2 N")), "what is no loss trips at any time"
    latch.clear()
    latch.whole()
    assert latch.lose(Tripped(3, "vision", "node_lost", "no heartbeat for 0.5 s"))
    assert not latch.lose(Tripped(4, "vision", "node_lost", "again"))


def test_a_service_that_takes_its_time_holds_nobody_up() -> None:
    """What rclpy's executors do with a service: call it back, then send what that returned."""
    sent: list[tuple[Any, Any, str]] = []
    go_on, done = threading.Event(), threading.Event()

    def send(response: Any, header: Any) -> None:
        sent.append((response, header, threading.current_thread().name))
        done.set()

    def work(request: str, response: str) -> str:
        go_on.wait(60.0)
        return f"{request} {response}"

    service = SimpleNamespace(callback=work, send_response=send)
    with ThreadPoolExecutor(1, thread_name_prefix="answer") as workers:
        answer_later(service, work, workers)
        service.send_response(service.callback("asked", "answered"), "header")
        assert sent == []
        go_on.set()
        assert done.wait(60.0)
    assert sent == [("asked answered", "header", "answer_0")]


def test_a_goal_is_carried_out_beside_the_executor() -> None:
    go_on, done = threading.Event(), threading.Event()
    ended: list[str] = []

    class Base(ActionServer):  # type: ignore[misc] # rclpy ships no types
        def __init__(self) -> None:
            self._execute_callback = lambda goal: go_on.wait(60.0) and f"{goal} done"

        async def _execute_goal(self, work: Any, goal: str) -> None:
            ended.append(work(goal))
            done.set()

        def __del__(self) -> None:
            pass

    class Server(ThreadedActionServer, Base):  # type: ignore[misc] # the same
        pass

    Server().notify_execute("goal", None)
    assert ended == []
    go_on.set()
    assert done.wait(60.0)
    assert ended == ["goal done"]
