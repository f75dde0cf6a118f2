"""One sampling session from the goal to the signed record, free of ROS."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import numpy as np

from arm_control.errors import ArmControlError
from arm_control.motion import MoveJoints, MoveTip
from arm_control.ports import Clock
from arm_control.procedure import Procedure
from arm_control.report import CycleReport
from booth_station.sight import TopicSight
from booth_station.snapshot import Collected, Snapshot
from spatial import Vector, age_s
from station import chores
from station.config import SessionSettings
from station.errand import Errand, Progress, Step
from station.errors import StationError
from station.instructions import Instruction
from station.places import Places
from station.ports import Controller
from station.reasons import Reason
from station.record import Decision, Outcome, Provenance, SamplingRecord
from station.session import SamplingSession
from station.store import RecordStore
from station.swab import SwabHolder
from vision.frame import Frame
from vision.target import Refusal, Sighting

_TELL_NS = 100_000_000  # between two words on where the session stands, on its own clock
_FORGOTTEN_S = 0.3  # until the arm node has read of the new session, and forgot the last mouth
_OUT_OF_REACH = 0.95  # of the way from the look-out to the place of rest
_HOMEWARD = 0.1  # of the joints' limits: slow, on a way that nobody has seen before
_STROKES_SHARE = 0.9  # of the progress; the rest is the way back and the tube


@dataclass(frozen=True, slots=True)
class Request:
    """What is to be done, and for which ticket."""

    session_id: str
    ticket_key: str
    tube: str
    procedure: Procedure


class Collection:
    """Runs one ``SamplingSession`` in the caller's thread, and tells ``tell`` where it stands.

    ``home`` (n,) [rad] is where the joints are led where the tip alone does not get the arm ready.
    ``cancel`` may come from any thread: the session withdraws safely before it ends.
    """

    def __init__(
        self,
        request: Request,
        controller: Controller,
        swab: SwabHolder,
        sight: TopicSight,
        clock: Clock,
        places: Places,
        settings: SessionSettings,
        tell: Callable[[Snapshot], None],
        home: Vector | None = None,
    ) -> None:
        self._request = request
        self._sight = sight
        self._clock = clock
        self._tell = tell
        self._snapshot = Snapshot(session_id=request.session_id)
        self._told_ns = 0
        self._controller = controller
        self._swab = swab
        self._places = places
        self._home = home
        self._lock = threading.Lock()
        self._strokes_wanted = sum(step.strokes for step in request.procedure.sites)
        self._session = SamplingSession(
            controller, swab, sight, self, request.procedure, places, settings
        )
        self._session.observe(self)

    def run(self) -> None:
        """Go from the call to the end. The session itself turns every fault into an ending."""
        session = self._session
        self._sight.forget()  # whoever sat there before
        self._update(stamp_ns=self._clock.now_ns())
        self._say_where()
        if problem := self._make_ready():
            session.cancel(Reason.NOT_READY, problem)
        session.call(self._clock.now_ns())
        self._say_where()
        while not session.finished:
            if session.state == "called" and self._sight.somebody:
                session.sit(self._clock.now_ns())
                self._say_where()
            before = session.state
            session.tick()
            due = self._snapshot.stamp_ns - self._told_ns >= _TELL_NS
            if session.state is not before or due:
                self._say_where()
        self._say_where(session.result().detail)

    def cancel(self, reason: Reason) -> None:
        """Ask for the session to end, for ``reason``; the swab comes out first."""
        self._session.cancel(reason)

    def record(self, booth: str, provenance: Provenance, store: RecordStore) -> Collected:
        """Sign and store what was done. A record that cannot be written is told, not dropped."""
        result = self._session.result()
        request = self._request
        sampled = result.outcome is Outcome.SAMPLED
        record = SamplingRecord(
            booth=booth,
            session=request.session_id,
            ticket=request.ticket_key,
            outcome=result.outcome,
            reason=result.reason,
            started_at=datetime.now(UTC).isoformat(timespec="seconds"),
            duration_s=result.duration_s,
            sites=result.sites,
            trail=result.trail,
            provenance=provenance,
            tube=request.tube if sampled else "",
        )
        reason = f"{result.reason}: {result.detail}" if result.reason else ""
        try:
            return Collected(result.outcome, reason, store.append(record))
        except StationError as error:
            return Collected(Outcome.ABORTED, f"{Reason.RECORD}: {error}", None)

    # The session's guide and observer

    def instruct(self, instruction: Instruction) -> None:
        """Pass an instruction on to whoever shows and speaks it."""
        self._update(instruction=instruction.value)
        self._say_where()

    def decided(self, decision: Decision) -> None:
        """Take note of a decision."""

    def cycled(self, report: CycleReport) -> None:
        """Take note of the force."""
        self._update(
            stamp_ns=report.stamp_ns,
            force=float(report.normal_force) if report.contact else 0.0,
        )

    def saw(self, frame: Frame, seen: Sighting | Refusal) -> None:
        """Take note of a picture; the vision node has them, not the session."""

    def _make_ready(self) -> str:
        """Bring the arm to its place of rest with a fresh swab; return why not, or nothing.

        Before the person is called: after a fault the arm has withdrawn and stands before the
        chair, and nobody may sit down against it.
        """
        try:
            report = first = self._controller.cycle()
            while age_s(first.stamp_ns, report.stamp_ns) < _FORGOTTEN_S:
                report = self._controller.cycle()
                self.cycled(report)
            why = self._do(self._readying(report))
            if why and self._home is not None:
                # led by its tip alone it may end at a joint's limit; by its joints it gets away
                why = self._do([MoveJoints(self._home, _HOMEWARD)])
                why = why or self._do(self._readying(self._controller.cycle()))
        except ArmControlError as error:
            return str(error)
        return why

    def _readying(self, report: CycleReport) -> list[Step]:
        steps = chores.take_swab(self._swab, self._places)
        if self._near_face(report):
            # from before the face the straight way to the bin ends at a joint's limit
            aside = self._places.base_exit if self._swab.used else self._places.base_rest
            steps.insert(0, MoveTip(aside, speed=chores.FACE))
        return steps

    def _do(self, steps: list[Step]) -> str:
        """Do ``steps``; return why they could not be done, or nothing."""
        report = self._controller.cycle()
        errand = Errand(self._controller, steps)
        while errand.advance(report) is Progress.UNDER_WAY:
            report = self._controller.cycle()
            self.cycled(report)
            if self._snapshot.stamp_ns - self._told_ns >= _TELL_NS:
                self._say_where()
        return "" if errand.fault is None else errand.fault.detail

    def _near_face(self, report: CycleReport) -> bool:
        look_out = self._places.base_look_out.translation
        far = np.linalg.norm(self._places.base_rest.translation - look_out)
        away = np.linalg.norm(report.base_tip.translation - look_out)
        return bool(away < _OUT_OF_REACH * far)

    def _update(self, **changes: object) -> None:
        with self._lock:
            self._snapshot = replace(self._snapshot, **changes)  # type: ignore[arg-type]

    def _say_where(self, reason: str = "") -> None:
        session = self._session
        share = session.strokes / self._strokes_wanted * _STROKES_SHARE
        self._update(
            state=session.state.value,
            site=session.site or "",
            stroke=session.strokes,
            progress=1.0 if session.state == "done" else min(share, _STROKES_SHARE),
            reason=reason,
        )
        self._told_ns = self._snapshot.stamp_ns
        self._tell(self._snapshot)
