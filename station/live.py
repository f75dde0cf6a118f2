"""Tells the service how a session goes, from a thread of its own: live screens, not the record."""

import threading
from collections.abc import Sequence
from typing import Self

from arm_control.report import CycleReport
from booth_queue.client import BoothClient, Unreachable
from station.record import Decision
from station.session import SamplingSession
from station.states import State
from vision.frame import Frame
from vision.target import Refusal, Sighting

_EVERY_S = 0.25  # s of wall time between two reports
_FORCE_EVERY_NS = 40_000_000  # 25 forces a second are enough for a curve on a screen
_MOST_FORCES = 400


class LiveReporter:
    """Observes a session and reports it to the service a few times a second.

    What is observed is put down at once; a thread sends it. A slow service delays the screens and
    nothing else. Use it as a context manager around one session.
    """

    def __init__(self, client: BoothClient, session_id: str, session: SamplingSession) -> None:
        self._client = client
        self._session = session
        self._session_id = session_id
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._state = State.CALLED
        self._site: str | None = None
        self._strokes = 0
        self._forces: list[float] = []
        self._elapsed_s = 0.0
        self._due_ns = 0
        self._first_ns: int | None = None
        self.unsent = 0
        self._thread = threading.Thread(target=self._send_all, name="live", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def decided(self, decision: Decision) -> None:
        """Note the session's state."""
        with self._lock:
            self._state = decision.state

    def cycled(self, report: CycleReport) -> None:
        """Note the force."""
        if self._first_ns is None:
            self._first_ns = report.stamp_ns
        if report.stamp_ns < self._due_ns:
            return
        self._due_ns = report.stamp_ns + _FORCE_EVERY_NS
        with self._lock:
            self._site, self._strokes = self._session.site, self._session.strokes
            self._elapsed_s = (report.stamp_ns - self._first_ns) * 1e-9
            self._forces.append(max(0.0, report.normal_force) if report.contact else 0.0)
            del self._forces[:-_MOST_FORCES]

    def saw(self, frame: Frame, seen: Sighting | Refusal) -> None:
        """Pictures are not sent."""

    def _send_all(self) -> None:
        while not self._ended.wait(_EVERY_S):
            self._send()
        self._send()

    def _send(self) -> None:
        with self._lock:
            state, site, strokes = self._state, self._site, self._strokes
            forces: Sequence[float] = tuple(self._forces)
            elapsed = self._elapsed_s
            self._forces.clear()
        try:
            self._client.report_progress(
                self._session_id,
                state.name,
                site=site,
                strokes=strokes,
                force_n=[min(round(force, 4), 100.0) for force in forces],
                elapsed_s=round(elapsed, 3),
            )
        except Unreachable:
            self.unsent += 1  # a screen lags behind; the record goes its own, insistent way
