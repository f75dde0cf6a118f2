"""The files a page loads: read once, each address carries their hash, so it may be kept forever."""

import hashlib
import json
import mimetypes
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Self

from booth_queue.domain.vocabulary import Language
from booth_queue.texts import catalogue


@dataclass(frozen=True, slots=True)
class Asset:
    """A file as it is sent."""

    body: bytes
    media_type: str


@dataclass(frozen=True, slots=True)
class Assets:
    """All files below ``/static``, under one version.

    Scripts import each other by plain relative names, so the version stands in the path: one
    hash over everything, and a page never mixes two versions.
    """

    version: str
    by_name: Mapping[str, Asset]

    @classmethod
    def load(cls) -> Self:
        """Read the package's files, and the catalogue as ``texts/<language>.json``."""
        found = dict(_files(files("booth_queue.web") / "static", ""))
        for language in Language:
            words = json.dumps(dict(catalogue(language)), ensure_ascii=False, sort_keys=True)
            found[f"texts/{language}.json"] = Asset(words.encode(), "application/json")
        total = hashlib.sha256()
        for name in sorted(found):
            total.update(name.encode() + b"\0" + found[name].body)
        return cls(total.hexdigest()[:12], found)

    def address(self, name: str) -> str:
        """Return where a file is served.

        Raises
        ------
        KeyError
            No such file: a mistake in a template, met when its page is first rendered.
        """
        if name not in self.by_name:
            raise KeyError(f"{name} is not below booth_queue/web/static; check the template")
        return f"/static/{self.version}/{name}"


def _files(folder: Traversable, prefix: str) -> Iterator[tuple[str, Asset]]:
    for entry in folder.iterdir():
        name = f"{prefix}{entry.name}"
        if entry.is_dir():
            yield from _files(entry, f"{name}/")
        else:
            media_type = mimetypes.guess_type(name)[0] or "application/octet-stream"
            yield name, Asset(entry.read_bytes(), media_type)
