"""One HTTP connection to the service: signing in again, and repeating after a lost answer."""

import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Self, TypeVar

import httpx
from pydantic import BaseModel

from booth_queue.contract import Problem, Tokens
from booth_queue.errors import BoothQueueError

A = TypeVar("A", bound=BaseModel)

# A proxy or a restarting service answers these; the command may or may not have been done.
_LOST: Final = frozenset({502, 503, 504})


class Unreachable(BoothQueueError):  # noqa: N818 - reads as what happened
    """The service gave no answer in time; whether the command was done is unknown.

    Repeat it with the same key, or go into degraded mode.
    """


class Refused(BoothQueueError):  # noqa: N818 - reads as what happened
    """The service understood and turned the request down.

    Attributes
    ----------
    status
        HTTP status.
    problem
        Stable code, and a sentence a person can act on.
    """

    def __init__(self, status: int, problem: Problem) -> None:
        self.status = status
        self.problem = problem
        super().__init__(f"{status} {problem.code}: {problem.message_en}")


@dataclass(frozen=True, slots=True)
class Retry:
    """How long to go on trying: exponential waits, in seconds, until ``patience_s`` is over."""

    patience_s: float = 10.0
    first_wait_s: float = 0.1
    longest_wait_s: float = 2.0

    def __post_init__(self) -> None:
        if not 0 < self.first_wait_s <= self.longest_wait_s:
            raise ValueError(
                f"first_wait_s={self.first_wait_s} must lie in (0, {self.longest_wait_s}]"
            )
        if self.patience_s < 0:
            raise ValueError(f"patience_s={self.patience_s} must not be negative")


class Transport:
    """Requests with a token, an idempotency key, and repetition of what got no answer.

    Parameters
    ----------
    base_url
        Root of the service, e.g. ``http://127.0.0.1:8080``.
    sign_in
        Path and body that obtain tokens; None for a caller without credentials.
    http
        A client to use instead of an own one (tests hand in one with another transport).
    retry
        When to give up.

    Notes
    -----
    Thread-safety is that of `httpx.Client`: requests may run on several threads.
    """

    def __init__(
        self,
        base_url: str,
        *,
        sign_in: tuple[str, BaseModel] | None = None,
        http: httpx.Client | None = None,
        retry: Retry | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._http = http or httpx.Client(base_url=base_url, timeout=5.0, trust_env=False)
        self._sign_in = sign_in
        self._retry = retry or Retry()
        self._sleep = sleep
        self._tokens: Tokens | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection."""
        self._http.close()

    def adopt(self, tokens: Tokens) -> None:
        """Use these tokens from now on."""
        self._tokens = tokens

    def get(self, path: str, answer: type[A], params: Mapping[str, Any] | None = None) -> A:
        """Read; see `send` for what may be raised."""
        return answer.model_validate_json(self.send("GET", path, params=params).content)

    def post(
        self, path: str, answer: type[A], body: BaseModel | None = None, key: str | None = None
    ) -> A:
        """Command; see `send` for what may be raised."""
        sent = self.send("POST", path, body=body, key=key or uuid.uuid4().hex)
        return answer.model_validate_json(sent.content)

    def send(
        self,
        method: str,
        path: str,
        *,
        body: BaseModel | bytes | None = None,
        params: Mapping[str, Any] | None = None,
        key: str | None = None,
    ) -> httpx.Response:
        """Send until answered; every repetition carries the same key.

        Raises
        ------
        Refused
            The service turned the request down.
        Unreachable
            No answer within the retry policy's patience.
        """
        deadline = time.monotonic() + self._retry.patience_s
        wait_s = self._retry.first_wait_s
        while True:
            try:
                answered = self._once(method, path, body, params, key)
            except httpx.TransportError as error:
                lost = f"{type(error).__name__}: {error}"
            else:
                if answered.status_code not in _LOST:
                    return _accepted(answered)
                lost = f"status {answered.status_code}"
            if time.monotonic() + wait_s > deadline:
                raise Unreachable(
                    f"{method} {path} got no answer for {self._retry.patience_s:g} s ({lost}); "
                    "check that the queue service runs, then repeat with the same key"
                )
            self._sleep(wait_s)
            wait_s = min(2 * wait_s, self._retry.longest_wait_s)

    def _once(
        self,
        method: str,
        path: str,
        body: BaseModel | bytes | None,
        params: Mapping[str, Any] | None,
        key: str | None,
    ) -> httpx.Response:
        if self._tokens is None and self._sign_in is not None:
            self._obtain_tokens()
        answered = self._request(method, path, body, params, key)
        if answered.status_code == httpx.codes.UNAUTHORIZED and self._tokens is not None:
            # The short-lived token has run out: obtain another and send the same thing again.
            self._obtain_tokens()
            answered = self._request(method, path, body, params, key)
        return answered

    def _obtain_tokens(self) -> None:
        if self._sign_in is not None:
            path, credentials = self._sign_in
            answered = self._http.post(path, json=credentials.model_dump(mode="json"))
        elif self._tokens is not None:
            answered = self._http.post(
                "/v1/sign-in/refresh", json={"refresh_token": self._tokens.refresh_token}
            )
        else:  # pragma: no cover - the callers ask only with one of the two
            return
        if answered.status_code in _LOST:
            raise httpx.RemoteProtocolError(f"status {answered.status_code} while signing in")
        self._tokens = Tokens.model_validate_json(_accepted(answered).content)

    def _request(
        self,
        method: str,
        path: str,
        body: BaseModel | bytes | None,
        params: Mapping[str, Any] | None,
        key: str | None,
    ) -> httpx.Response:
        headers: dict[str, str] = {}
        if self._tokens is not None:
            headers["Authorization"] = f"Bearer {self._tokens.access_token}"
        if key is not None:
            headers["Idempotency-Key"] = key
        content = None
        if isinstance(body, bytes):
            headers["Content-Type"] = "image/jpeg"
            content = body
        elif body is not None:
            headers["Content-Type"] = "application/json"
            content = body.model_dump_json().encode()
        return self._http.request(method, path, content=content, params=params, headers=headers)


def _accepted(answered: httpx.Response) -> httpx.Response:
    if answered.is_success:
        return answered
    try:
        problem = Problem.model_validate_json(answered.content)
    except ValueError:
        text = answered.text[:200]
        problem = Problem(code="unexpected_answer", message=text, message_en=text)
    raise Refused(answered.status_code, problem)
