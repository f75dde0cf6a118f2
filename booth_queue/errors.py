"""The one family of errors that callers of the service meet."""

from collections.abc import Mapping
from typing import ClassVar


class BoothQueueError(Exception):
    """Root of every error this package raises on purpose."""


class ConfigurationError(BoothQueueError):
    """A setting is unknown, missing or out of bounds; the service does not start."""


class Refusal(BoothQueueError):  # noqa: N818 - a refusal is an outcome, not an error
    """A request was understood and turned down: a normal outcome, with a way on.

    Parameters
    ----------
    **details
        Values the sentence for a person is filled with (see ``booth_queue.texts``).

    Attributes
    ----------
    code
        Stable name; clients decide by it, and the catalogue is keyed by it.
    status
        HTTP status that carries it. Never 422, which is for malformed payloads alone.
    """

    code: ClassVar[str] = "refused"
    status: ClassVar[int] = 409

    def __init__(self, **details: object) -> None:
        self.details: Mapping[str, object] = details
        told = ", ".join(f"{name}={value}" for name, value in details.items())
        super().__init__(f"{self.code}: {told}" if told else self.code)
