"""`booth station diagram`: the session's state machine, drawn."""

from enum import StrEnum
from typing import Annotated

import typer

from station import diagram

app = typer.Typer(
    help="Station: the sampling session's state machine.",
    no_args_is_help=True,
    add_completion=False,
)


class Format(StrEnum):
    """How the machine is written."""

    MERMAID = "mermaid"
    DOT = "dot"
    TABLE = "table"
    PAGE = "page"


@app.callback()
def _room() -> None:
    """Station: the sampling session's state machine."""


@app.command("diagram")
def draw(
    form: Annotated[
        Format, typer.Option("--format", help="mermaid, dot (Graphviz), table or the whole page")
    ] = Format.MERMAID,
) -> None:
    """Draw the states of a sampling session and what leads from one to the next."""
    writers = {
        Format.MERMAID: diagram.mermaid,
        Format.DOT: diagram.dot,
        Format.TABLE: diagram.table,
        Format.PAGE: diagram.page,
    }
    print(writers[form](), end="")
