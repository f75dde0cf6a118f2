"""Copies what the mini-program shares with the pages: ``python -m booth_queue.web.miniprogram``.

WeChat's developer tool opens the folder as it is and follows no path out of it, so the shared
scripts and the words are files there; a test holds them equal to their originals.
"""

import json
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Final

from booth_queue.domain.vocabulary import Language
from booth_queue.texts import catalogue

_SCRIPTS: Final = ("api", "citizen", "idcard", "texts", "times", "views")
_CHAPTERS: Final = frozenset(
    {
        "ask",
        "booking",
        "booth",
        "booths",
        "brand",
        "error",
        "home",
        "join",
        "live",
        "need",
        "people",
        "person",
        "results",
        "sign_in",
        "slot",
        "ticket",
        "time",
        "verdict",
        "visit",
        "wait",
        "wechat",
        "word",
    }
)


def shared_files() -> Mapping[str, str]:
    """Return the contents of every file of ``miniprogram/shared``, by name."""
    folder = files("booth_queue.web") / "static" / "shared"
    shared = {f"{name}.js": (folder / f"{name}.js").read_text("utf-8") for name in _SCRIPTS}
    words = {
        str(language): {
            key: sentence
            for key, sentence in sorted(catalogue(language).items())
            if key.split(".")[0] in _CHAPTERS
        }
        for language in Language
    }
    told = json.dumps(words, ensure_ascii=False, indent=1)
    shared["words.js"] = f"// Copied from booth_queue/texts.\nmodule.exports = {told};\n"
    return shared


def write(folder: Path) -> None:
    """Write the shared files."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in shared_files().items():
        (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write(Path("miniprogram/shared"))
