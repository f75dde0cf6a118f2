"""Sending one-time codes."""

import httpx

from booth_queue.domain.refusals import TextMessagesUnavailable


class EchoSender:
    """The demo's: nothing is sent, the answer to the caller carries the code."""

    async def send(self, phone: str, code: str) -> str | None:
        """Return the code."""
        del phone
        return code

    async def close(self) -> None:
        """Nothing is open."""


class NoSender:
    """Production's until a text-message provider is set up: nobody is told a code."""

    async def send(self, phone: str, code: str) -> str | None:
        """Raise TextMessagesUnavailable; a code must never go to the caller instead."""
        del phone, code
        raise TextMessagesUnavailable

    async def close(self) -> None:
        """Nothing is open."""


class HttpSender:
    """Sends through a text-message gateway that takes JSON over HTTP.

    Posts ``{"phone": "+8613...", "template": ..., "parameters": {"code": ..., "minutes": ...}}``
    with a bearer token. Any 2xx means that the gateway has taken the message over.

    Parameters
    ----------
    url
        Where to post; tests run a stand-in there.
    token
        The gateway's credential; sent to it alone and never logged.
    template
        Name of the approved template that the parameters fill.
    valid_s
        Life of a code [s], told in whole minutes.
    """

    def __init__(self, url: str, token: str, template: str, valid_s: int) -> None:
        headers = {"Authorization": f"Bearer {token}"}
        self._http = httpx.AsyncClient(headers=headers, timeout=5.0, trust_env=False)
        self._url = url
        self._template = template
        self._minutes = str(max(1, valid_s // 60))

    async def send(self, phone: str, code: str) -> str | None:
        """Send a code; returns None, so that the caller's answer never carries it.

        Raises
        ------
        TextMessagesUnavailable
            The gateway does not answer, or does not take the message.
        """
        message = {
            "phone": f"+86{phone}",
            "template": self._template,
            "parameters": {"code": code, "minutes": self._minutes},
        }
        try:
            answered = await self._http.post(self._url, json=message)
            answered.raise_for_status()
        except httpx.HTTPError:
            # The error's text may hold what was sent.
            raise TextMessagesUnavailable from None
        return None

    async def close(self) -> None:
        """Close the connection."""
        await self._http.aclose()
