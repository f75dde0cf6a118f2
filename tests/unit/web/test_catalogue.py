import re
from pathlib import Path

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
from station.instructions import Instruction
from station.reasons import every_reason
from station.states import State

WEB = Path(__file__).parents[3] / "booth_queue" / "web"


def test_both_languages_have_the_same_keys() -> None:
    assert catalogue(Language.ZH).keys() == catalogue(Language.EN).keys()


def test_places_are_filled() -> None:
    assert tell("en", "ticket.ahead", {"people": 3}) == "3 people before you"
    assert "3" in tell("zh", "ticket.ahead", {"people": 3})


@pytest.mark.parametrize(
    ("key", "name", "one", "more"),
    [
        ("ticket.ahead", "people", "1 person before you", "2 people before you"),
        ("lab.tubes", "count", "1 tube", "2 tubes"),
        ("group.blocked", "seats", "1 seat is set aside.", "2 seats are set aside."),
    ],
)
def test_english_counts_one_and_more(key: str, name: str, one: str, more: str) -> None:
    assert tell("en", key, {name: 1}) == one
    assert tell("en", key, {name: "2"}) == more


def test_a_count_that_is_not_given_stays_a_place() -> None:
    assert tell("en", "lab.tubes") == "{count} {count|tube|tubes}"


@pytest.mark.parametrize("chapter", ["reason", "remedy"])
def test_whatever_stops_a_booth_is_said_in_words_and_with_its_remedy(chapter: str) -> None:
    keys = (key.split(".") for key in catalogue(Language.ZH))
    assert {key[1] for key in keys if key[0] == chapter} == every_reason()


def test_whatever_a_person_is_told_stands_on_the_screen_in_words() -> None:
    asked = {
        key.removeprefix("screen.ask.") for key in catalogue(Language.EN) if "screen.ask" in key
    }
    assert asked == {instruction.value for instruction in Instruction}


def test_what_a_booth_does_and_asks_is_shown_in_words_and_a_picture() -> None:
    script = (WEB / "static/js/open/screen.js").read_text("utf-8")
    for state in State:
        assert {f"screen.do.{state.name}", f"activity.{state.name}"} <= catalogue("zh").keys()
        assert re.search(rf"\b{state.name}: \['", script), state
    for instruction in Instruction:
        assert f"screen.ask.{instruction}" in catalogue("zh")
        assert re.search(rf"\b{instruction}: '", script), instruction


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
