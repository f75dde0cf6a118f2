import pytest

from vision.messages import CATALOGUE, Audience, Language, sentence
from vision.target import RefusalReason


@pytest.mark.parametrize("reason", RefusalReason)
@pytest.mark.parametrize("audience", Audience)
def test_every_refusal_can_be_said(reason: RefusalReason, audience: Audience) -> None:
    chinese = sentence(reason, Language.CHINESE, audience)
    english = sentence(reason, Language.ENGLISH, audience)
    assert any("\u4e00" <= c <= "\u9fff" for c in chinese)
    assert english.isprintable()
    assert english.endswith((".", "!"))
    assert not any("\u4e00" <= c <= "\u9fff" for c in english)


def test_no_two_reasons_are_told_to_staff_alike() -> None:
    said = [m.en for m in CATALOGUE[Audience.STAFF].values()]
    assert len(set(said)) == len(said)
