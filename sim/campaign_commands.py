"""``booth sim run, campaign, report, compare, view``: episodes from the command line."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from sim.errors import SimError

T = TypeVar("T")

_PILOT = "sim.reference:ReferencePilot"
PilotOption = Annotated[str, typer.Option(help="module:callable that makes the pilot.")]


def _told(command: str, work: Callable[[], T]) -> T:
    """Do ``work``; a SimError becomes one line and exit code 1."""
    try:
        return work()
    except SimError as error:
        typer.echo(f"booth sim {command}: {error}", err=True)
        raise typer.Exit(1) from error


def run(
    file: Annotated[Path, typer.Argument(help="Scenario file (YAML).")],
    case: Annotated[str, typer.Option(help="One case of the file; all without it.")] = "",
    pilot: PilotOption = _PILOT,
) -> None:
    """Fly the scenarios of a file, and say whether each came out as expected."""
    from sim import episode, scenario  # noqa: PLC0415 - physics is loaded only where it is needed
    from sim.pilot import pilot_named  # noqa: PLC0415 - the same

    def work() -> bool:
        wanted = [s for s in scenario.load(file) if not case or s.name.endswith(f"/{case}")]
        if not wanted:
            raise SimError(f"{file}: no case {case!r}; see its cases")
        passed = True
        for one in wanted:
            flown = episode.run(one, pilot_named(pilot))
            mark = "as expected" if flown.passed else "NOT AS EXPECTED: " + "; ".join(flown.misses)
            typer.echo(
                f"{flown.scenario}: {flown.verdict} {flown.reason} in {flown.seconds:.1f} s, "
                f"peak {flown.peak_force:.2f} N, swab {flown.swab}: {mark}"
            )
            passed = passed and flown.passed
        return passed

    if not _told("run", work):
        raise typer.Exit(3)


def campaign(
    folder: Annotated[Path, typer.Argument(help="Where the episodes are kept; goes on if begun.")],
    episodes: Annotated[int, typer.Option(help="How many people, one episode each.")] = 50,
    jobs: Annotated[int, typer.Option(help="Processes; 0 takes one a core.")] = 1,
    seed: Annotated[int, typer.Option(help="Seed of people and sensors.")] = 0,
    scenarios: Annotated[
        Path | None, typer.Option(help="Fly the scenarios of this file or folder instead.")
    ] = None,
    shipped: Annotated[bool, typer.Option(help="Fly the scenarios that ship instead.")] = False,
    allow: Annotated[
        float, typer.Option(min=0.0, max=1.0, help="Share that may end not as expected.")
    ] = 0.0,
    anew: Annotated[
        bool, typer.Option(help="Throw away another campaign, or one of other code, in FOLDER.")
    ] = False,
    pilot: PilotOption = _PILOT,
) -> None:
    """Fly many episodes in parallel; interrupted, the same command goes on where it stopped.

    Exit code 3 where more than the allowed share end not as expected.
    """
    from sim.campaign import Plan, launch  # noqa: PLC0415 - the same
    from sim.episode import Episode  # noqa: PLC0415 - the same
    from sim.scenario import FOLDER  # noqa: PLC0415 - the same
    from sim.source import Source  # noqa: PLC0415 - the same

    def work() -> list[Episode]:
        path = FOLDER if shipped else scenarios
        source = Source(episodes, seed, str(path.resolve()) if path else "")
        plan = Plan(source, pilot, jobs or len(os.sched_getaffinity(0)))
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
        )
        failed = 0
        with Progress(*columns, console=Console(stderr=True)) as bar:
            task = bar.add_task("episodes", total=None)

            def progress(done: int, total: int, newest: Episode | None) -> None:
                nonlocal failed
                failed += newest is not None and not newest.passed
                told = f"episodes, {failed} not as expected"
                bar.update(task, completed=done, total=total, description=told)

            return launch(plan, folder, progress, anew=anew)

    flown = _told("campaign", work)
    failures = [e for e in flown if not e.passed]
    for one in failures[:20]:
        typer.echo(f"{one.scenario} {one.population} {one.person_seed}: {'; '.join(one.misses)}")
    typer.echo(f"{len(flown)} episodes, {len(failures)} not as expected: {folder}")
    if len(failures) > allow * len(flown):
        raise typer.Exit(3)


def report(
    folder: Annotated[Path, typer.Argument(help="A campaign's folder.")],
    out: Annotated[Path | None, typer.Option(help="HTML file; FOLDER/report.html without.")] = None,
    films: Annotated[int, typer.Option(help="How many of the worst are filmed.")] = 3,
    markdown: Annotated[
        Path | None, typer.Option(help="Write a summary in Markdown here instead.")
    ] = None,
    pilot: PilotOption = _PILOT,
) -> None:
    """Write one self-contained HTML page: verdicts, plots, subgroups, the worst with films."""
    from sim.episode import Episode  # noqa: PLC0415 - the same
    from sim.film import shoot  # noqa: PLC0415 - the same
    from sim.logbook import find_scenario, planned, read  # noqa: PLC0415 - the same
    from sim.pilot import pilot_named  # noqa: PLC0415 - the same
    from sim.report import render, worst_of  # noqa: PLC0415 - the same
    from sim.summary import summarise  # noqa: PLC0415 - the same

    def written(path: Path, text: str) -> Path:
        try:
            path.write_text(text, encoding="utf-8")
        except OSError as error:
            raise SimError(f"{path}: cannot be written: {error}; choose another file") from error
        return path

    def work() -> Path:
        episodes = read(folder)
        if markdown is not None:
            title = f"Campaign {folder.name}"
            return written(markdown, summarise(episodes, title, planned(folder)))
        filmed = {id(e) for e in worst_of(episodes)[:films]}

        def film(episode: Episode) -> bytes | None:
            if id(episode) not in filmed:
                return None
            return shoot(find_scenario(folder, episode), pilot_named(pilot))[1].webp()

        page = render(episodes, f"Campaign {folder.name}", film)
        return written(out or folder / "report.html", page)

    typer.echo(str(_told("report", work)))


def compare(
    a: Annotated[Path, typer.Argument(help="Campaign folder before.")],
    b: Annotated[Path, typer.Argument(help="Campaign folder after.")],
) -> None:
    """Say what got better and worse from A to B, with 95 % intervals; exit code 3 if worse."""
    from sim.compare import changed  # noqa: PLC0415 - the same
    from sim.compare import compare as differences  # noqa: PLC0415 - the same
    from sim.logbook import read  # noqa: PLC0415 - the same

    before, after = _told("compare", lambda: (read(a), read(b)))
    rows = _told("compare", lambda: differences(before, after))
    table = Table("measure", "A", "B", "B - A (95 %)", "n", "")
    colours = {"better": "green", "worse": "red", "same": "dim"}
    for row in rows:
        table.add_row(
            row.measure,
            f"{row.a.mean:.3f}",
            f"{row.b.mean:.3f}",
            f"{row.delta:+.4f} [{row.low:+.4f}, {row.high:+.4f}]",
            str(row.a.count),
            f"[{colours[row.verdict]}]{row.verdict}",
        )
    Console().print(table)
    for old, new in changed(before, after)[:20]:
        typer.echo(f"passed in A, not in B: {new.scenario} {old.person_seed}: {new.misses[0]}")
    if any(row.verdict == "worse" for row in rows):
        raise typer.Exit(3)


def view(
    file: Annotated[Path, typer.Argument(help="Scenario file (YAML).")],
    case: Annotated[str, typer.Option(help="One case of the file; its first without.")] = "",
    port: Annotated[int, typer.Option(help="Port on 127.0.0.1; 0 takes a free one.")] = 0,
    pilot: PilotOption = _PILOT,
) -> None:
    """Fly a scenario at the pace of life and show it in the browser."""
    from sim.pilot import pilot_named  # noqa: PLC0415 - the same
    from sim.scenario import load  # noqa: PLC0415 - the same
    from sim.viewer import show  # noqa: PLC0415 - the same

    def work() -> None:
        wanted = [s for s in load(file) if not case or s.name.endswith(f"/{case}")]
        if not wanted:
            raise SimError(f"{file}: no case {case!r}; see its cases")
        show(wanted[0], pilot_named(pilot), port, typer.echo)

    _told("view", work)


def validate(
    docs: Annotated[Path, typer.Argument(help="The docs folder to write into.")] = Path("docs"),
) -> None:
    """Hold the simulator against theory, surveys and a second engine; write the page and plots."""
    from sim.validation import CHECKS, Check, write  # noqa: PLC0415 - the same

    def work() -> list[Check]:
        checks = []
        for make in CHECKS:
            check = make()
            mark = "passed" if check.passed else "FAILED"
            typer.echo(
                f"{check.name}: {check.worst:.3g}, bound {check.bound:g} {check.unit}: {mark}"
            )
            checks.append(check)
        write(checks, docs / "explanation" / "sim_validation.md", docs / "images" / "validation")
        return checks

    if not all(check.passed for check in _told("validate", work)):
        raise typer.Exit(3)


def mount(app: typer.Typer) -> None:
    """Add these commands to ``booth sim``."""
    for command in (run, campaign, report, compare, view, validate):
        app.command()(command)
