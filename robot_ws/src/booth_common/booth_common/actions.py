"""Actions beside an executor of one thread: a client any thread may use, a server that may work."""

import asyncio
import threading
from collections.abc import Callable
from typing import Any

from rclpy.action import ActionClient, ActionServer


class ThreadedActionServer(ActionServer):  # type: ignore[misc] # rclpy ships no types
    """rclpy's server has its executor carry a goal out, which would do nothing else meanwhile.

    Here each goal is carried out in a thread of its own, and its result sent from there.
    """

    def notify_execute(
        self, goal_handle: Any, execute_callback: Callable[[Any], Any] | None
    ) -> None:
        """Begin to carry an accepted goal out; called by the goal's handle."""
        work = execute_callback or self._execute_callback

        def carry_out() -> None:
            # a coroutine that never waits, for `work` is a plain function
            asyncio.run(self._execute_goal(work, goal_handle))

        threading.Thread(target=carry_out, name="goal", daemon=True).start()


class SharedActionClient(ActionClient):  # type: ignore[misc] # rclpy ships no types
    """rclpy's client writes a request down after it has sent it.

    Sent from another thread than the executor's, a quick answer comes before that and is dropped as
    unexpected: the server has taken the goal, and nobody here ever knows. So no answer is taken
    while a request is being sent.
    """

    def __init__(self, *args: Any, **named: Any) -> None:
        self._sending = threading.RLock()
        super().__init__(*args, **named)

    def send_goal_async(self, *args: Any, **named: Any) -> Any:
        """Send a goal; see rclpy."""
        with self._sending:
            return super().send_goal_async(*args, **named)

    def take_data(self) -> Any:
        """Take the answers that have come; called by the executor."""
        with self._sending:
            return super().take_data()

    def _cancel_goal_async(self, goal_handle: Any) -> Any:
        with self._sending:
            return super()._cancel_goal_async(goal_handle)

    def _get_result_async(self, goal_handle: Any) -> Any:
        with self._sending:
            return super()._get_result_async(goal_handle)
