"""Tells the service how a session goes, from a thread of its own: live screens, not the record."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from arm_control.report import CycleReport
from booth_queue.client import BoothClient, Refused, Unreachable
from station.drawing import draw, encode
from station.record import Decision
from station.session import SamplingSession
from station.states import State
from vision.frame import Frame
from vision.target import Refusal, Sighting

_EVERY_S = 0.25  # s of wall time between two reports
_PICTURE_EVERY = 4  # reports to one picture
_FORCE_EVERY_NS = 40_000_000  # 25 forces a second are enough for a curve on a screen
_MOST_FORCES = 400


@dataclass(slots=True)
class _Note:
    """What there is to report: written by the session's thread, read by the sender's."""

    state: State = State.CALLED
    site: str | None = None
    strokes: int = 0
    instruction: str | None = None
    elapsed_s: float = 0.0
    forces: list[float] = field(default_factory=list)
    picture: tuple[Frame, Sighting | Refusal] | None = None


class LiveReporter:
    """Observes a session and reports it to the service a few times a second.

    What is observed is put down at once; a thread sends it. A slow service delays the screens and
    nothing else. Orders of staff come back with a report and are handed to ``on_order``, which says
    whether it has carried them out; what it has not is left for after the session.
    Use it as a context manager around one session.
    """

    def __init__(
        self,
        client: BoothClient,
        session_id: str,
        session: SamplingSession,
        on_order: Callable[[str], bool],
    ) -> None:
        self._client = client
        self._session_id = session_id
        self._session = session
        self._on_order = on_order
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._note = _Note()
        self._due_ns = 0
        self._first_ns: int | None = None
        self._sent = 0
        self.unsent = 0
        self._thread = threading.Thread(target=self._send_all, name="live", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ended.set()
        self._thread.join()

    def decided(self, decision: Decision) -> None:
        """Note the session's state, and what the person is told."""
        with self._lock:
            self._note.state = decision.state
            self._note.instruction = self._instruction()

    def cycled(self, report: CycleReport) -> None:
        """Note force, site and strokes."""
        if self._first_ns is None:
            self._first_ns = report.stamp_ns
        if report.stamp_ns < self._due_ns:
            return
        self._due_ns = report.stamp_ns + _FORCE_EVERY_NS
        with self._lock:
            note = self._note
            note.site, note.strokes = self._session.site, self._session.strokes
            note.instruction = self._instruction()
            note.elapsed_s = (report.stamp_ns - self._first_ns) * 1e-9
            note.forces.append(max(0.0, report.normal_force) if report.contact else 0.0)
            del note.forces[:-_MOST_FORCES]

    def saw(self, frame: Frame, seen: Sighting | Refusal) -> None:
        """Note the newest picture; it is drawn and packed by the sender's thread."""
        with self._lock:
            self._note.picture = (frame, seen)

    def _instruction(self) -> str | None:
        said = self._session.instruction
        return None if said is None else said.value

    def _send_all(self) -> None:
        while not self._ended.wait(_EVERY_S):
            self._send()
        self._send()

    def _send(self) -> None:
        with self._lock:
            note = self._note
            self._note = _Note(note.state, note.site, note.strokes, note.instruction)
            self._note.elapsed_s = note.elapsed_s
        try:
            orders = self._client.report_progress(
                self._session_id,
                note.state.name,
                site=note.site,
                strokes=note.strokes,
                force_n=[min(round(force, 4), 100.0) for force in note.forces],
                elapsed_s=round(note.elapsed_s, 3),
                instruction=note.instruction,
            )
            for order in orders:
                if self._on_order(order.kind.value):
                    self._client.take_order(order.id)
            if note.picture is not None and self._sent % _PICTURE_EVERY == 0:
                frame, seen = note.picture
                self._client.show_picture(encode(draw(frame, seen, note.state.value), ".jpg"))
            self._sent += 1
        except (Unreachable, Refused):
            self.unsent += 1  # a screen lags behind; the record goes its own, insistent way
