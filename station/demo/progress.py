"""Moving progress on a terminal, plain lines elsewhere."""

from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from arm_control.report import CycleReport
from station.record import Decision
from station.session import SamplingSession
from vision.frame import Frame
from vision.target import Refusal, Sighting

_EVERY_NS = 200_000_000


class DemoProgress:
    """One line that moves: how many citizens are served, and what goes on now.

    Where standard output is no terminal, each step is a line of its own.
    """

    def __init__(self, console: Console, citizens: int) -> None:
        self._console = console
        self._moving = console.is_terminal
        self._bar = Progress(
            SpinnerColumn(),
            BarColumn(bar_width=16),
            TextColumn("{task.completed:.0f}/{task.total:.0f}"),
            TextColumn("{task.description}", markup=False),
            TimeElapsedColumn(),
            console=console,
            transient=True,
            disable=not self._moving,
        )
        self._task = self._bar.add_task("starting", total=citizens)

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bar.stop()

    def step(self, text: str) -> None:
        """Say what goes on now."""
        self._bar.update(self._task, description=text)
        if not self._moving:
            self._console.print(text, markup=False, highlight=False, soft_wrap=True)

    def moves(self, text: str) -> None:
        """Say how the step goes; on a terminal alone."""
        self._bar.update(self._task, description=text)

    def served(self, text: str) -> None:
        """Count one citizen as served, and leave a line about it."""
        self._bar.advance(self._task)
        self._console.print(text, markup=False, highlight=False, soft_wrap=True)


class SessionProgress:
    """Observes one session for the progress line."""

    def __init__(self, progress: DemoProgress, who: str, session: SamplingSession) -> None:
        self._progress = progress
        self._who = who
        self._session = session
        self._first_ns: int | None = None
        self._due_ns = 0

    def decided(self, decision: Decision) -> None:
        """Tell the new state."""
        site = f" {self._session.site}" if self._session.site else ""
        self._progress.step(
            f"{self._who} {decision.time_s:5.1f} s  {decision.state}{site}: {decision.detail}"
        )

    def cycled(self, report: CycleReport) -> None:
        """Move the line a few times a simulated second."""
        if self._first_ns is None:
            self._first_ns = report.stamp_ns
        if report.stamp_ns < self._due_ns:
            return
        self._due_ns = report.stamp_ns + _EVERY_NS
        elapsed = (report.stamp_ns - self._first_ns) * 1e-9
        site = f" {self._session.site}" if self._session.site else ""
        touch = f", {report.normal_force:.2f} N" if report.contact else ""
        strokes = f", {self._session.strokes} strokes" if self._session.strokes else ""
        self._progress.moves(
            f"{self._who} {elapsed:5.1f} s  {self._session.state}{site}{strokes}{touch}"
        )

    def saw(self, frame: Frame, seen: Sighting | Refusal) -> None:
        """Pictures do not move the line."""
