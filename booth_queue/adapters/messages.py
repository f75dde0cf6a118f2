"""Sending one-time codes."""

from booth_queue.domain.refusals import TextMessagesUnavailable


class EchoSender:
    """The demo's: nothing is sent, the answer to the caller carries the code."""

    async def send(self, phone: str, code: str) -> str | None:
        """Return the code."""
        del phone
        return code


class NoSender:
    """Production's until a text-message provider is set up: nobody is told a code."""

    async def send(self, phone: str, code: str) -> str | None:
        """Raise TextMessagesUnavailable; a code must never go to the caller instead."""
        del phone, code
        raise TextMessagesUnavailable
