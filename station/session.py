"""One person's sampling session: ticks in step with the arm, from the call to the tube."""

from collections.abc import Callable, Mapping

from arm_control.errors import ArmControlError
from arm_control.motion import Goal, MoveTip, Wipe, Withdraw
from arm_control.procedure import Event as Incident
from arm_control.procedure import Procedure, Reaction, SiteStep
from arm_control.report import CycleReport, Fault, FaultKind, Phase
from spatial import Pose, Vector, age_s, vector
from station import chores
from station.config import SessionSettings
from station.corridor import Way
from station.errand import Errand, Progress, Step
from station.instructions import Instruction, instruction_for
from station.places import Places
from station.ports import Controller, Guide, Observer, Seen, Sight
from station.reasons import Reason
from station.record import Decision, Outcome
from station.result import Ending, SessionResult
from station.states import TERMINAL, Event, State, transition
from station.survey import Survey
from station.swab import SwabHolder
from station.vigil import Vigil
from station.worklist import Worklist
from vision.camera import NoFrame
from vision.target import Refusal, RefusalReason
from vision.tracking import TrackedMouth

_LONGEST_S = 30.0  # s within which every state's motions must arrive
_LONGEST_OUT_S = 6.0  # s after which the way out after the mouth becomes a way straight back
_WAYS_OUT = 5  # ways out begun after touching something on one, before the arm is left to rest
_CLEAR = 0.03  # m before the lips, from which on a way out that does not arrive is far enough
_FOLLOWED_S = 0.3  # s since the mouth was seen, up to which the way out follows it
_REST_S = 0.3  # s the arm must stand still before an aborted session calls itself over
_SETTLE_LIMIT_S = 15.0  # s after which an arm that does not come to rest is left to its brakes

_NEAR = frozenset({State.APPROACHING, State.ENTERING, State.SWABBING})
_INSIDE = frozenset({State.ENTERING, State.SWABBING})
_WATCHED = _NEAR | {State.LOCATING, State.WITHDRAWING}

_OF_CONTACT = frozenset(  # the mouth is where it was
    {Incident.LOST_CONTACT, Incident.SOFT_FORCE, Incident.WIPED_TOO_LITTLE}
)

_INCIDENTS: Mapping[FaultKind, Incident] = {
    FaultKind.FORCE: Incident.SOFT_FORCE,
    FaultKind.LOST_CONTACT: Incident.LOST_CONTACT,
    FaultKind.NO_CONTACT: Incident.LOST_CONTACT,
}
"""What a goal given up with a fault means to the procedure; any other counts as a moved head."""


class SamplingSession:
    """Ticks once per arm cycle; each tick does one control cycle and at most one transition.

    Construction does no I/O. The caller moves the first two states on (``call``, ``sit``), then
    ticks until ``finished``. One thread ticks; ``cancel`` may come from any.
    """

    def __init__(
        self,
        controller: Controller,
        swab: SwabHolder,
        sight: Sight,
        guide: Guide,
        procedure: Procedure,
        places: Places,
        settings: SessionSettings,
    ) -> None:
        self._controller = controller
        self._swab = swab
        self._sight = sight
        self._vigil = Vigil(sight, controller, procedure, settings)
        self._seen: Seen = None
        self._guide = guide
        self._procedure = procedure
        self._places = places
        self._settings = settings
        self._observers: list[Observer] = []
        self._state = State.IDLE
        self._now = self._entered_ns = self._began_ns = 0
        self._sat_ns: int | None = None
        self._ended_ns: int | None = None
        self._near_ns: int | None = None
        self._still_ns: int | None = None
        self._trail: list[Decision] = []
        self._errand: Errand | None = None
        self._errand_ns = 0
        self._survey = Survey(sight, procedure, settings)
        self._ways: Mapping[str, Way] = {}
        self._previous: Way | None = None
        self._work = Worklist(procedure)
        self._tries = 1
        self._said: Instruction | None = None
        self._said_ns = 0
        self._blind = False
        self._ways_out = 1
        self._ending = Ending(Event.CANCEL, reason=Reason.UNFINISHED, detail="it is not over yet")
        self._cancelled: tuple[Reason, str] | None = None
        self._latched = False
        self._handlers: Mapping[State, Callable[[CycleReport], None]] = {
            State.CALLED: self._wait_for_person,
            State.SEATED: self._take_swab,
            State.LOCATING: self._locate,
            State.APPROACHING: self._approach,
            State.ENTERING: self._enter,
            State.SWABBING: self._wipe_site,
            State.WITHDRAWING: self._withdraw,
            State.DEPOSITING: self._deposit,
        }

    @property
    def state(self) -> State:
        """Where the session stands."""
        return self._state

    @property
    def site(self) -> str | None:
        """The site being gone to or swabbed, by its procedure name."""
        return self._work.step.site if self._work.left and self._state in _NEAR else None

    @property
    def strokes(self) -> int:
        """Strokes finished so far, over all sites."""
        return self._work.strokes

    @property
    def instruction(self) -> Instruction | None:
        """What the person was told last."""
        return self._said

    @property
    def base_target(self) -> Vector | None:
        """The point (3,) [m] the swab is sent to now, in the base; None away from the face."""
        motion, site = self._vigil.motion, self.site
        if motion is None or site is None or site not in self._ways:
            return None
        return motion.at(self._now).apply(self._ways[site].target.point)

    @property
    def finished(self) -> bool:
        """Whether the session is over and the arm at rest."""
        return self._ended_ns is not None

    def observe(self, observer: Observer) -> None:
        """Tell ``observer`` of every decision, cycle and picture from now on."""
        self._observers.append(observer)
        self._sight.observe(observer)

    def call(self, now_ns: int) -> None:
        """Note that the service called this person, at ``now_ns``."""
        self._now = self._began_ns = now_ns
        self._fire(Event.CALL, "the next ticket was called")
        self._say(Instruction.SIT_DOWN)

    def sit(self, now_ns: int) -> None:
        """Note that the person sat down, at ``now_ns``."""
        self._now = self._sat_ns = now_ns
        self._vigil.begin()
        self._fire(Event.SIT, "the person sits at the chin rest")

    def cancel(self, reason: Reason, detail: str = "cancelled from outside") -> None:
        """Ask for the session to end, for ``reason``; the swab comes out first. Any thread."""
        self._cancelled = reason, detail

    def tick(self) -> State:
        """Do one control cycle and what follows from it; returns the state after it."""
        try:
            report = self._controller.cycle()
        except ArmControlError as error:
            if self._state not in TERMINAL:
                self._finish(Event.FAULT, Outcome.ABORTED, FaultKind.ARM.value, str(error))
            self._ended_ns = self._now  # no cycle, no motion to wait for
            return self._state
        self._now = report.stamp_ns
        for observer in self._observers:
            observer.cycled(report)
        if self._state in TERMINAL:
            self._settle(report)
        elif report.fault is not None and report.fault.latched:
            fault, self._latched = report.fault, True
            self._finish(Event.FAULT, Outcome.ABORTED, fault.kind.value, fault.detail)
        elif self._cancelled is not None and self._state is not State.WITHDRAWING:
            self._abandon(*self._cancelled)
        elif self._state not in _WATCHED or self._watch(report):
            handler = self._handlers.get(self._state)
            if handler is not None:
                handler(report)
        return self._state

    def result(self) -> SessionResult:
        """Return how it ended; before ``finished`` this is what would be told of it now."""
        start = self._began_ns if self._sat_ns is None else self._sat_ns
        end = self._now if self._ended_ns is None else self._ended_ns
        ending = self._ending
        return SessionResult(
            ending.outcome,
            ending.reason,
            ending.detail,
            self._work.evidence(ending.reason),
            tuple(self._trail),
            age_s(start, end),
            self._latched,
        )

    # The states, in the order a session passes them.

    def _wait_for_person(self, report: CycleReport) -> None:
        self._fetch_swab(report)
        if age_s(self._entered_ns, self._now) > self._settings.sit_timeout_s:
            self._controller.stop()
            self._finish(Event.NO_SHOW, Outcome.REFUSED, Reason.NO_SHOW, "nobody sat down in time")

    def _take_swab(self, report: CycleReport) -> None:
        if not self._fetch_swab(report):
            return
        if self._swab.holding:
            self._fire(Event.SWAB_READY, "a fresh swab is held")
        else:
            self._abandon(
                Reason.NO_SWAB, "the gripper holds no swab after grasping; refill the rack"
            )

    def _fetch_swab(self, report: CycleReport) -> bool:
        return self._run(lambda: chores.take_swab(self._swab, self._places), report)

    def _locate(self, report: CycleReport) -> None:
        if self._said_ns < self._entered_ns:
            self._say(Instruction.OPEN_WIDE)  # the mouth opens while the arm is on its way
        look_out = self._places.base_look_out
        if not self._run(lambda: [MoveTip(look_out, speed=chores.FACE)], report):
            return
        if self._vigil.fresh is None:
            return
        self._survey.judge(self._work.left, self._vigil.fresh, self._now)
        self._vigil.fresh = None
        missing = self._survey.missing
        waited = age_s(self._entered_ns, self._now)
        if not missing:
            self._go_near("every site is seen surely")
        elif waited > self._settings.patience_s:
            self._lose_patience()
        elif age_s(self._said_ns, self._now) > self._settings.cue_after_s:
            instruction = instruction_for(next(iter(missing.values())).reason)
            if instruction is not None and (instruction is not self._said or waited > 4.0):
                self._say(instruction)

    def _lose_patience(self) -> None:
        refusal = self._survey.verdict(self._work.left)
        if refusal is None and self._survey.ways:
            missing = {site: one.reason.value for site, one in self._survey.missing.items()}
            self._work.keep(self._survey.ways.keys(), missing)
            self._go_near("every required site is seen surely")
            return
        reason, detail = RefusalReason.MODEL_UNSURE.value, "no site is seen surely"
        if refusal is not None:
            reason, detail = refusal.reason.value, refusal.detail
        self._ending = Ending(Event.GIVE_UP, Outcome.REFUSED, reason, detail)
        self._fire(Event.GIVE_UP, detail)

    def _go_near(self, why: str) -> None:
        self._ways = dict(self._survey.ways)
        self._previous = None
        self._vigil.fix()
        self._fire(Event.TARGET_FOUND, why)

    def _approach(self, report: CycleReport) -> None:
        way = self._ways[self._work.step.site]
        if self._run(lambda: chores.approach(way), report):
            self._fire(Event.AT_MOUTH, "the tip is before the lips")

    def _enter(self, report: CycleReport) -> None:
        way, speed = self._ways[self._work.step.site], self._procedure.entry_speed
        self._swab.use()
        if self._run(lambda: chores.enter(way, self._previous, speed), report):
            self._previous = way
            self._work.log.begin(way)
            self._fire(Event.AT_SITE, f"before {way.target.site}")

    def _wipe_site(self, report: CycleReport) -> None:
        step, log = self._work.step, self._work.log
        way = self._ways[step.site]
        if self._errand is not None:
            motion = self._vigil.motion
            log.take(report, motion.at(self._now) if motion else None)
            if report.contact and isinstance(self._seen, TrackedMouth | Refusal):
                log.see(self._vigil.tip)
        if not self._run(lambda: [_wipe(step, way)], report):
            return
        lacking = log.lacks(step)
        log.close()
        if lacking:
            self._react(Incident.WIPED_TOO_LITTLE, lacking)
            return
        self._work.done()
        if self._work.left:
            self._fire(Event.NEXT_SITE, f"{step.site} is swabbed")
        else:
            self._ending = Ending(Event.SAMPLE_TAKEN)
            self._fire(Event.SITES_DONE, f"{step.site} is swabbed, it was the last")

    def _withdraw(self, report: CycleReport) -> None:
        event = self._ending.event
        if not self._run(lambda: self._steps_out(event, report), report):
            return
        self._near_ns, self._blind, self._ways_out = None, False, 1
        if event is Event.RETRY:
            self._tries += 1
            self._fire(Event.RETRY, f"try {self._tries} of {self._settings.tries}")
        elif event is Event.CHANGE_SWAB:
            self._tries += 1
            self._work.begin_anew()
            self._say(Instruction.RELAX)  # another swab takes its time
            self._fire(Event.CHANGE_SWAB, f"try {self._tries} of {self._settings.tries}")
        elif event is Event.SAMPLE_TAKEN:
            self._say(Instruction.RELAX)
            self._fire(Event.SAMPLE_TAKEN, "every required site is swabbed")
        else:
            ending = self._ending
            self._say(Instruction.ASK_STAFF)
            self._finish(event, ending.outcome, ending.reason, ending.detail)

    def _steps_out(self, event: Event, report: CycleReport) -> list[Step]:
        steps: list[Step] = []
        if self._near_ns is not None:
            steps.append(self._way_out(report))
        if event in (Event.GIVE_UP, Event.CANCEL, Event.CHANGE_SWAB):
            # from the look-out the way begins in the zone of the face, where AWAY trips the monitor
            speed = chores.FACE if self._near_ns is None else chores.AWAY
            steps.append(MoveTip(self._places.base_exit, speed=speed))
            if self._swab.used:
                steps += chores.discard(self._swab, self._places)
        return steps

    def _deposit(self, report: CycleReport) -> None:
        if not self._run(lambda: chores.deposit(self._swab, self._places), report):
            return
        if not self._swab.delivered:
            self._abandon(Reason.SWAB_LOST, "no swab was let go into the tube; look for it")
        else:
            self._say(Instruction.THANK_YOU)
            self._finish(Event.DEPOSITED, Outcome.SAMPLED, "", "the swab is in its tube")

    def _way_out(self, report: CycleReport) -> Goal:
        """Return the goal that leads out: after the mouth, or straight back where it is lost."""
        mouth, clearance = self._vigil.mouth, self._procedure.clearance
        if not self._blind and mouth is not None and age_s(mouth.stamp_ns, self._now) < _FOLLOWED_S:
            return Withdraw(clearance)
        back = Pose(translation=vector((0.0, 0.0, min(0.0, self._out_of(report)) - clearance)))
        return MoveTip(report.base_tip @ back, speed=self._procedure.entry_speed)

    def _out_of(self, report: CycleReport) -> float:
        """Return how far before the lips the tip is [m], negative inside; 0 with no mouth known."""
        mouth = self._vigil.mouth
        if mouth is None:
            return 0.0
        return float(mouth.base_mouth.inverse().apply(report.base_tip.translation)[0])

    # What happens on the way.

    def _watch(self, report: CycleReport) -> bool:
        """Look at the person; returns whether the state's own work may go on this cycle."""
        if self._swab.lost(self._now) and self._ending.reason != Reason.SWAB_LOST:
            self._abandon(
                Reason.SWAB_LOST, "the gripper holds no swab; look for it, in the mouth first"
            )
            return self._state is State.WITHDRAWING
        inside = self._state in _INSIDE or (self._state is State.WITHDRAWING and self._swab.used)
        tip = report.base_tip.translation if inside else None
        seen = self._seen = self._vigil.look(self._now, tip)
        if isinstance(seen, NoFrame) and self._state is not State.WITHDRAWING:
            self._abandon(Reason.CAMERA, seen.detail)
            return False
        if self._state not in _NEAR:
            return True
        near_s = 0.0 if self._near_ns is None else age_s(self._near_ns, self._now)
        incident = self._vigil.incident(seen, self._now, near_s, inside=self._state in _INSIDE)
        if incident is not None:
            self._react(*incident)
        return incident is None

    def _react(self, incident: Incident, detail: str) -> None:
        """Answer an incident near the face as the procedure says."""
        log, reaction = self._work.log, self._procedure.reactions[incident]
        again = log.attempts <= self._procedure.retries
        touching = self._state is State.SWABBING and log.attempts_here == 1  # then another look
        log.close()
        if reaction is Reaction.RETRY and incident in _OF_CONTACT and again and touching:
            self._fire(Event.TOUCH_AGAIN, detail)
            return
        if reaction is Reaction.ABORT:
            self._ending = Ending(Event.CANCEL, Outcome.ABORTED, incident.value, detail)
        elif reaction is Reaction.FRESH_SWAB:
            if self._tries < self._settings.tries:
                self._ending = Ending(Event.CHANGE_SWAB)
            else:
                self._ending = Ending(Event.GIVE_UP, Outcome.REFUSED, incident.value, detail)
        elif reaction is not Reaction.SKIP_SITE and again and self._tries < self._settings.tries:
            self._ending = Ending(Event.RETRY)
        else:
            self._ending = self._without_it(incident, detail)
        self._fire(Event.INTERRUPT, f"{incident}: {detail}")

    def _without_it(self, incident: Incident, detail: str) -> Ending:
        """Give the site at hand up: the others may go on, if it was not required."""
        required = self._work.step.required
        self._work.skip(incident.value)
        if required:
            return Ending(Event.GIVE_UP, Outcome.REFUSED, incident.value, detail)
        return Ending(Event.RETRY if self._work.left else Event.SAMPLE_TAKEN)

    def _abandon(self, reason: Reason, detail: str) -> None:
        """End without a sample: out of the mouth first, at once where the arm is not near."""
        self._ending = Ending(Event.CANCEL, Outcome.ABORTED, reason, detail)
        if self._state is State.WITHDRAWING:
            return  # it is on its way out already, and ends so there
        if transition(self._state, Event.CANCEL).target is State.WITHDRAWING:
            self._fire(Event.CANCEL, f"{reason}: {detail}")
        else:
            self._controller.stop()
            self._finish(Event.CANCEL, Outcome.ABORTED, reason, detail)

    def _run(self, plan: Callable[[], list[Step]], report: CycleReport) -> bool:
        """Advance this state's errand, by the ``plan`` of its first cycle; True at its end."""
        if self._errand is None:
            steps = plan()
            self._errand = Errand(self._controller, steps)
            self._errand_ns = self._now
            self._errand.advance(report)
            return not steps
        progress = self._errand.advance(report)
        following = self._state is State.WITHDRAWING and self._near_ns is not None
        limit = _LONGEST_OUT_S if following and not self._blind else _LONGEST_S
        if progress is Progress.UNDER_WAY and age_s(self._errand_ns, self._now) > limit:
            detail = f"a motion has not arrived after {limit:.0f} s; look what is in its way"
            self._failed(Fault(FaultKind.LATE, detail, latched=False), report)
            return False
        if progress is Progress.FAILED and self._errand.fault is not None:
            self._failed(self._errand.fault, report)
        return progress is Progress.FINISHED

    def _failed(self, fault: Fault, report: CycleReport) -> None:
        leaving = self._state is State.WITHDRAWING and self._near_ns is not None
        lost = fault.kind in (FaultKind.STALE_MOUTH, FaultKind.LATE)
        touched = fault.kind is FaultKind.FORCE
        if leaving and lost and self._out_of(report) > _CLEAR:
            self._near_ns, self._errand = None, None  # far enough: on with what comes after
        elif leaving and (touched or lost) and self._ways_out < (_WAYS_OUT if touched else 2):
            # it gave way where it touched, or lost the mouth: on from here, straight back
            self._blind, self._errand = True, None
            self._ways_out += 1
        elif self._state in _NEAR:
            self._react(_INCIDENTS.get(fault.kind, Incident.HEAD_MOVED), fault.detail)
        else:
            self._controller.stop()
            self._finish(Event.FAULT, Outcome.ABORTED, fault.kind.value, fault.detail)

    def _say(self, instruction: Instruction) -> None:
        self._said, self._said_ns = instruction, self._now
        self._guide.instruct(instruction)

    def _fire(self, event: Event, detail: str) -> None:
        row = transition(self._state, event)
        self._state, self._entered_ns = row.target, self._now
        if event is not Event.SIT:  # the swab is fetched while the person comes and sits
            self._errand = None
        if row.target in _NEAR and self._near_ns is None:
            self._near_ns = self._now
        if row.target is State.LOCATING:
            self._vigil.release()
            self._survey = Survey(self._sight, self._procedure, self._settings)
        decision = Decision(age_s(self._began_ns, self._now), row.target, event.value, detail)
        self._trail.append(decision)
        for observer in self._observers:
            observer.decided(decision)

    def _finish(self, event: Event, outcome: Outcome, reason: str, detail: str) -> None:
        self._ending = Ending(event, outcome, reason, detail)
        self._fire(event, detail)
        if outcome is not Outcome.ABORTED:
            self._ended_ns = self._now  # its last errand ended at rest

    def _settle(self, report: CycleReport) -> None:
        """After an abort: the controller brakes or withdraws; wait until it has."""
        if self._ended_ns is not None:
            return
        if not (report.done or report.phase in (Phase.STOPPED, Phase.HOLDING)):
            self._still_ns = None
        elif self._still_ns is None:
            self._still_ns = self._now
        rested = self._still_ns is not None and age_s(self._still_ns, self._now) >= _REST_S
        if rested or age_s(self._entered_ns, self._now) >= _SETTLE_LIMIT_S:
            self._ended_ns = self._now


def _wipe(step: SiteStep, way: Way) -> Wipe:
    return Wipe(way.target, step.force, step.strokes, step.dwell, step.speed)
