import inspect

from booth_queue.domain import refusals
from booth_queue.errors import Refusal
from booth_queue.texts import catalogue

ALL = [
    kind
    for _, kind in inspect.getmembers(refusals, inspect.isclass)
    if issubclass(kind, Refusal) and kind is not Refusal
]


def test_every_refusal_has_a_code_of_its_own_and_a_sentence_in_both_languages() -> None:
    codes = [kind.code for kind in ALL]
    assert len(set(codes)) == len(codes) > 20
    for language in ("zh", "en"):
        missing = {f"refusal.{code}" for code in codes} - catalogue(language).keys()
        assert not missing


def test_422_is_left_to_malformed_payloads() -> None:
    assert {kind.status for kind in ALL} <= {400, 401, 403, 404, 409, 429, 503}
