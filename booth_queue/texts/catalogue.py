"""Reads the catalogue: TOML files beside this one, each leaf ``{ zh = "…", en = "…" }``.

A sentence has places: ``{people}`` is the value itself, ``{people|person|people}`` the first word
where the value is 1, and the second otherwise.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType

from booth_queue.domain.vocabulary import Language
from booth_queue.errors import BoothQueueError

_PLACE = re.compile(r"\{(\w+)(?:\|([^{}|]*)\|([^{}|]*))?\}")


class CatalogueError(BoothQueueError):
    """A key is unknown, twice there, or not the same in both languages."""


@cache
def catalogue(language: str) -> Mapping[str, str]:
    """Return every sentence of a language by its dotted key, e.g. ``ticket.state.called``.

    Raises
    ------
    CatalogueError
        No such language; or a key stands in two files, lacks a language, or the languages'
        ``{places}`` differ.
    """
    if language not in set(Language):
        raise CatalogueError(f"language {language!r} must be one of {[*map(str, Language)]}")
    sentences: dict[str, str] = {}
    for file in sorted(files("booth_queue.texts").iterdir(), key=lambda each: each.name):
        if not file.name.endswith(".toml"):
            continue
        for key, words in _leaves(tomllib.loads(file.read_text("utf-8")), ""):
            if key in sentences:
                raise CatalogueError(f"{file.name}: {key} stands in another file too; keep one")
            _check(file.name, key, words)
            sentences[key] = words[language]
    return MappingProxyType(sentences)


def tell(language: str, key: str, values: Mapping[str, object] | None = None) -> str:
    """Return a sentence with its ``{places}`` filled; a value that is not given stays a place.

    Raises
    ------
    CatalogueError
        No such language, or no such key.
    """
    try:
        sentence = catalogue(language)[key]
    except KeyError:
        raise CatalogueError(
            f"{key} is not in the catalogue; add it to booth_queue/texts"
        ) from None
    given = values or {}

    def said(place: re.Match[str]) -> str:
        if place[1] not in given:
            return place[0]
        value = given[place[1]]
        if place[2] is None:
            return str(value)
        return place[2] if str(value) == "1" else place[3]

    return _PLACE.sub(said, sentence)


def _leaves(table: Mapping[str, object], prefix: str) -> Iterator[tuple[str, dict[str, str]]]:
    for name, value in table.items():
        key = f"{prefix}{name}"
        if not isinstance(value, dict):
            raise CatalogueError(f'{key} must be {{ zh = "…", en = "…" }}')
        if value.keys() & {"zh", "en"}:
            yield key, value
        else:
            yield from _leaves(value, f"{key}.")


def _check(file: str, key: str, words: Mapping[str, str]) -> None:
    if words.keys() != {"zh", "en"} or not all(isinstance(w, str) and w for w in words.values()):
        raise CatalogueError(f"{file}: {key} needs exactly zh and en, both filled")
    places = [{found[1] for found in _PLACE.finditer(words[each])} for each in ("zh", "en")]
    if places[0] != places[1]:
        raise CatalogueError(f"{file}: {key} has places {places[0]} in zh and {places[1]} in en")
