"""Signs of life: each node gives them, and whoever depends on a node listens for them."""

import os
import time
from collections.abc import Callable, Iterable
from typing import Any

from rclpy.event_handler import PublisherEventCallbacks, SubscriptionEventCallbacks

from booth_common.convert import ACTIVE_STATE, FINALIZED_STATE, heartbeat_message
from booth_common.pulse import SILENCE_S, Pulse
from booth_common.topics import heartbeat_of, interface, profile

PERIOD_S = 0.05
"""Between two heartbeats."""

_OWN_STALL_S = 4 * PERIOD_S  # between two looks; more, and it is we who were away


class Heartbeat:
    """Publishes the node's sign of life from its own executor: a stuck executor falls silent."""

    def __init__(self, node: Any, name: str) -> None:
        self._node = node
        self._name = name
        self._count = 0
        self._pid = os.getpid()
        topic = heartbeat_of(name)
        self.missed_deadlines = 0
        self._publisher = node.create_publisher(
            interface(topic.type),
            topic.name,
            profile(topic.quality),
            event_callbacks=PublisherEventCallbacks(
                deadline=self._late, liveliness=self._late, use_default_callbacks=False
            ),
        )
        self._timer = node.create_timer(PERIOD_S, self._beat, clock=node.steady_clock)

    def say_goodbye(self) -> None:
        """Tell who listens that this node leaves in good order, which is no death."""
        self._beat(FINALIZED_STATE)
        time.sleep(PERIOD_S)  # the process may end at once, and the message with it

    def _beat(self, leaving: int | None = None) -> None:
        self._count += 1
        stamp = self._node.get_clock().now().to_msg()
        state = self._node.lifecycle_state_id if leaving is None else leaving
        self._publisher.publish(heartbeat_message(stamp, self._name, state, self._count, self._pid))

    def _late(self, _event: Any) -> None:
        self.missed_deadlines += 1


class HeartbeatWatch:
    """Listens to other nodes' heartbeats; tells once when one falls silent, and when it is back.

    A node counts from the first time it is seen active: what was never up cannot be lost, and is
    ``missing`` all the same. A node that leaves the active state by itself is as lost as a dead
    one: it does not do its work. One that says goodbye is missing, but not lost.
    """

    def __init__(
        self,
        node: Any,
        names: Iterable[str],
        lost: Callable[[str, str], None],
    ) -> None:
        self._lost = lost
        self._simulated = node.stamps.simulated
        self._pulses = {name: Pulse(patient=self._simulated) for name in names}
        self._active: dict[str, bool] = dict.fromkeys(self._pulses, False)
        self._seen: set[str] = set()
        self._looked_s = time.monotonic()
        for name in self._pulses:
            topic = heartbeat_of(name)
            node.create_subscription(
                interface(topic.type),
                topic.name,
                lambda message, name=name: self._hear(name, message),
                profile(topic.quality),
                event_callbacks=SubscriptionEventCallbacks(
                    deadline=lambda _event: self.look(),
                    liveliness=lambda event, name=name: self._liveliness(name, event),
                    use_default_callbacks=False,
                ),
            )
        self._timer = node.create_timer(PERIOD_S, self.look, clock=node.steady_clock)

    @property
    def missing(self) -> tuple[str, ...]:
        """The nodes that are not alive and active now."""
        return tuple(name for name, active in self._active.items() if not active)

    @property
    def missing_of_seen(self) -> tuple[str, ...]:
        """The nodes that were active once and are not now."""
        return tuple(name for name in self.missing if name in self._seen)

    def look(self) -> None:
        """Report each node whose silence has lasted too long.

        Not after a silence of our own: what came meanwhile waits to be heard first. Who watches us
        notices that one.
        """
        now = time.monotonic()
        late = now - self._looked_s > _OWN_STALL_S
        self._looked_s = now
        if late:
            return
        for name, pulse in self._pulses.items():
            silent = pulse.silent_s
            if self._active[name] and silent > pulse.bound_s:
                self._lose(name, f"no heartbeat for {silent:.2f} s, bound {pulse.bound_s:.2f} s")

    def _hear(self, name: str, message: Any) -> None:
        self._pulses[name].beat(message.pid)
        active = message.lifecycle_state == ACTIVE_STATE
        if message.lifecycle_state == FINALIZED_STATE:
            self._seen.discard(name)
        elif self._active[name] and not active:
            self._lose(name, f"left the active state for state {message.lifecycle_state}")
        self._active[name] = active
        if active:
            self._seen.add(name)

    def _liveliness(self, name: str, event: Any) -> None:
        if self._simulated:
            self.look()  # DDS counts the wall's time alone
        elif event.not_alive_count_change > 0 and self._active[name]:
            self._lose(name, f"its liveliness lease ran out, bound {SILENCE_S} s")

    def _lose(self, name: str, why: str) -> None:
        self._active[name] = False
        self._lost(name, f"{name}: {why}; bring it back, look at the booth, then reset")
