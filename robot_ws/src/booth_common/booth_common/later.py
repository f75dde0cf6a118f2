"""Services whose answer takes time, beside an executor that has but one thread."""

from collections.abc import Callable
from concurrent.futures import Executor
from typing import Any


def answer_later(service: Any, work: Callable[[Any, Any], Any], workers: Executor) -> None:
    """Have ``service`` answered by ``workers`` with what ``work(request, response)`` returns.

    rclpy sends what the callback returns as soon as it returns. Here the callback returns the
    request itself, and sending it means having it answered: the executor is free meanwhile, and the
    answer goes out from the worker's thread. An exception of ``work`` reaches nobody but the log:
    ``work`` says in its response what went wrong.
    """
    send = service.send_response

    def answer(pair: tuple[Any, Any], header: Any) -> None:
        send(work(*pair), header)

    service.callback = lambda request, response: (request, response)
    service.send_response = lambda pair, header: workers.submit(answer, pair, header)
