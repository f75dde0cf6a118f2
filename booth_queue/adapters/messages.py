"""Sending one-time codes."""


class EchoSender:
    """The demo's: nothing is sent, the answer to the caller carries the code."""

    async def send(self, phone: str, code: str) -> str | None:
        """Return the code."""
        del phone
        return code
