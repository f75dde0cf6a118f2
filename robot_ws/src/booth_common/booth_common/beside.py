"""A node beside whatever else its process does: a context, an executor and a thread of its own."""

import threading
from collections.abc import Callable
from typing import Any

import rclpy

from booth_common import topics
from booth_common.process import events_executor

_SPIN_S = 0.05  # the longest a close waits for the thread to look up


class NodeBeside:
    """A plain node called ``name`` in ``namespace``, whose callbacks run in a thread of its own.

    ``domain`` is the ROS domain; None takes the environment's. Who opens it closes it.
    """

    def __init__(self, name: str, namespace: str, domain: int | None = None) -> None:
        self._context = rclpy.Context()
        rclpy.init(context=self._context, domain_id=domain)
        self.node = rclpy.create_node(name, namespace=namespace, context=self._context)
        self._executor = events_executor(self._context)
        self._executor.add_node(self.node)
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._spin, name=name, daemon=True)
        self._thread.start()

    def publisher(self, topic: topics.Topic) -> Any:
        """Return a publisher of a topic in the table."""
        kind = topics.interface(topic.type)
        return self.node.create_publisher(kind, topic.name, topics.profile(topic.quality))

    def listen(self, topic: topics.Topic, callback: Callable[[Any], None]) -> None:
        """Call ``callback``, in the node's thread, with what comes on a topic of the table."""
        kind = topics.interface(topic.type)
        self.node.create_subscription(kind, topic.name, callback, topics.profile(topic.quality))

    def close(self) -> None:
        """Leave the graph."""
        self._ending.set()
        self._thread.join(timeout=5.0)
        self._executor.shutdown(timeout_sec=1.0)
        self.node.destroy_node()
        self._context.try_shutdown()

    def _spin(self) -> None:
        while not self._ending.is_set():
            self._executor.spin_once(timeout_sec=_SPIN_S)
