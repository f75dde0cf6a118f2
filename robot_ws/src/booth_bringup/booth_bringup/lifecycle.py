"""Brings the booth's nodes up in order, and up again when one comes back."""

import sys
import threading
import time
from dataclasses import dataclass
from typing import Any

import rclpy
from booth_common import topics
from booth_common.parameters import ParameterError, declare, names, number
from booth_common.process import Spinner
from rclpy.node import Node
from rclpy.signals import SignalHandlerOptions

from booth_bringup import convert

_LOOK_S = 0.25
_RETRY_S = 5.0  # between two tries to bring the same node up


@dataclass(frozen=True, slots=True)
class Settings:
    """The lifecycle manager's parameters."""

    nodes: tuple[str, ...] = names(
        topics.NODES[:-1], "nodes to bring up, in this order", topics.NODES
    )
    optional: tuple[str, ...] = names(
        topics.NODES[-1:], "nodes to bring up after those, if and when they are there", topics.NODES
    )
    timeout_s: float = number(420.0, 1.0, 600.0, "how long one node may take to come up [s]")


class Manager(Node):  # type: ignore[misc] # rclpy ships no types
    """Configures and activates each node in order; a failure takes the earlier ones down again.

    Afterwards it brings a node that was started anew up again. That alone moves nothing: what
    tripped when the node died stays latched until a person resets it.
    """

    def __init__(self) -> None:
        super().__init__("lifecycle")
        self.settings = declare(self, Settings)
        self._all = (*self.settings.nodes, *self.settings.optional)
        self._states: dict[str, tuple[int, float]] = {}
        self._clients_of: dict[str, Any] = {}
        for name in self._all:
            topic = topics.heartbeat_of(name)
            self.create_subscription(
                topics.interface(topic.type),
                topic.name,
                lambda message, name=name: self._hear(name, message.lifecycle_state),
                topics.profile(topic.quality),
            )
            self._clients_of[name] = self.create_client(convert.ChangeState, f"{name}/change_state")

    def bring_up(self, ending: threading.Event) -> bool:
        """Bring all nodes up; says whether it succeeded."""
        up: list[str] = []
        for name in self.settings.nodes:
            if not self._wait_for(name, ending) or not self._raise(name):
                if not ending.is_set():
                    self._take_down(up)
                return False
            up.append(name)
        self.get_logger().info(f"the booth is up: {', '.join(up)}")
        return True

    def keep_up(self, ending: threading.Event) -> None:
        """Bring up again what comes back unconfigured or inactive, until ``ending``."""
        again = dict.fromkeys(self._all, 0.0)
        while not ending.wait(_LOOK_S):
            for name in self._all:
                state = self._state(name)
                down = state in (convert.UNCONFIGURED, convert.INACTIVE)
                if down and time.monotonic() > again[name]:
                    self.get_logger().info(f"{name} is there in state {state}; bringing it up")
                    self._raise(name)
                    again[name] = time.monotonic() + _RETRY_S

    def _hear(self, name: str, state: int) -> None:
        self._states[name] = (state, time.monotonic())

    def _state(self, name: str) -> int | None:
        state, heard = self._states.get(name, (None, 0.0))
        return state if time.monotonic() - heard < 1.0 else None

    def _wait_for(self, name: str, ending: threading.Event) -> bool:
        end = time.monotonic() + self.settings.timeout_s
        while self._state(name) is None:
            if ending.wait(_LOOK_S):
                return False
            if time.monotonic() > end:
                self.get_logger().error(
                    f"{name} did not appear within {self.settings.timeout_s:g} s; see its log"
                )
                return False
        return True

    def _raise(self, name: str) -> bool:
        state = self._state(name)
        if state == convert.UNCONFIGURED and not self._change(name, convert.CONFIGURE):
            return False
        return state == convert.ACTIVE or self._change(name, convert.ACTIVATE)

    def _take_down(self, up: list[str]) -> None:
        for name in reversed(up):
            self._change(name, convert.DEACTIVATE)
            self._change(name, convert.CLEANUP)

    def _change(self, name: str, transition: int) -> bool:
        done = threading.Event()
        label = convert.TRANSITIONS[transition]
        client = self._clients_of[name]
        if not client.wait_for_service(timeout_sec=self.settings.timeout_s):
            self.get_logger().error(f"{name} offers no lifecycle service; see its log")
            return False
        future = client.call_async(convert.change_request(transition))
        future.add_done_callback(lambda _future: done.set())
        if not done.wait(self.settings.timeout_s):
            self.get_logger().error(f"{name} did not {label} within {self.settings.timeout_s:g} s")
            return False
        if not future.result().success:
            self.get_logger().error(f"{name} could not {label}; its log says why")
            return False
        self._await_state(name, convert.AFTER[transition])
        return True

    def _await_state(self, name: str, state: int) -> None:
        """Wait until the heartbeat shows ``state``, so that the next look is not an old one."""
        end = time.monotonic() + 1.0
        while self._state(name) != state and time.monotonic() < end:
            time.sleep(0.02)


def main() -> None:
    """Bring the booth up and keep it up; exit code 1 where it does not come up."""
    rclpy.init(signal_handler_options=SignalHandlerOptions.NO)
    spinner = Spinner()
    ending = spinner.ending
    try:
        manager = Manager()
    except ParameterError as error:
        sys.exit(str(error))
    spinner.add(manager)
    outcome: list[bool] = []

    def work() -> None:
        outcome.append(manager.bring_up(ending))
        if outcome[0]:
            manager.keep_up(ending)
        ending.set()

    worker = threading.Thread(target=work, name="lifecycle", daemon=True)
    worker.start()
    spinner.spin()
    worker.join(timeout=2.0)
    spinner.close()
    rclpy.try_shutdown()
    sys.exit(1 if outcome == [False] else 0)


if __name__ == "__main__":
    main()
