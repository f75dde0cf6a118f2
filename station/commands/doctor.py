"""`booth doctor`: one line a check, with the remedy."""

from pathlib import Path
from typing import Annotated

import typer

from station.doctor import Grade, examine

app = typer.Typer(add_completion=False)


@app.command()
def doctor(
    out: Annotated[Path, typer.Option(help="folder that records will be written to")] = Path("out"),
) -> None:
    """Check this machine: Python, packages, graphics, real time, camera, arm, database, WeChat.

    Every line says how it stands and what mends it. Exit code 1 when something must be mended.
    """
    findings = examine(out)
    width = max(len(finding.subject) for finding in findings)
    for finding in findings:
        remedy = f" -> {finding.remedy}" if finding.remedy else ""
        print(f"{finding.grade:<5} {finding.subject:<{width}}  {finding.detail}{remedy}")
    if any(finding.grade is Grade.BAD for finding in findings):
        raise typer.Exit(1)
