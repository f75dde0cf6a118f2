"""One-time codes: in production nobody but the phone's owner may be told one."""

import pytest

from booth_queue.adapters.messages import EchoSender, NoSender
from booth_queue.domain.refusals import TextMessagesUnavailable


async def test_production_without_a_sender_tells_nobody_the_code() -> None:
    with pytest.raises(TextMessagesUnavailable):
        await NoSender().send("13800000001", "123456")


async def test_the_demonstration_shows_the_code() -> None:
    assert await EchoSender().send("13800000001", "123456") == "123456"
