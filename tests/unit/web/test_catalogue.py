import pytest

from booth_queue.domain.vocabulary import (
    BookingState,
    BoothMode,
    BoothState,
    Language,
    Need,
    TicketState,
    Verdict,
)
from booth_queue.texts import CatalogueError, catalogue, tell


def test_both_languages_have_the_same_keys() -> None:
    assert catalogue(Language.ZH).keys() == catalogue(Language.EN).keys()


def test_places_are_filled() -> None:
    assert tell("en", "ticket.ahead", {"people": 3}) == "3 people before you"
    assert "3" in tell("zh", "ticket.ahead", {"people": 3})


def test_an_unknown_key_is_a_mistake() -> None:
    with pytest.raises(CatalogueError, match="not in the catalogue"):
        tell("zh", "no.such.key")


@pytest.mark.parametrize(
    ("prefix", "words"),
    [
        ("booth.state", BoothState),
        ("booth.mode", BoothMode),
        ("booking.state", BookingState),
        ("ticket.state", TicketState),
        ("ticket.headline", TicketState),
        ("ticket.advice", TicketState),
        ("verdict", Verdict),
        ("verdict.advice", Verdict),
        ("need", Need),
    ],
)
def test_every_word_of_the_service_has_its_sentence(prefix: str, words: type) -> None:
    known = catalogue(Language.ZH)
    assert [word for word in words if f"{prefix}.{word}" not in known] == []  # type: ignore[attr-defined]
