"""The reference pilot: arm_control's controller, the tracker, and sight by `sim.truth_eye`.

It is what campaigns of arm and control run when nothing else is named. It has no session, record
or staff: it locates, enters, wipes each site, leaves, puts the swab in the tube; on any incident it
leaves the mouth and says why. The full stack is flown by a pilot of the station's.
"""

from collections import Counter
from collections.abc import Callable

import numpy as np

from arm_control.configuration import configure
from arm_control.controller import ArmController
from arm_control.errors import ArmControlError
from arm_control.limits import JointLimits, Limits
from arm_control.motion import Corridor, Enter, Goal, MoveJoints, MoveTip, Reference, Wipe, Withdraw
from arm_control.procedure import Procedure
from arm_control.report import CycleReport
from arm_control.safety import LocalSafety
from arm_control.target import MouthMotion, SiteTarget
from sim.cues import Cue
from sim.eye import EyeModel
from sim.pilot import PilotReport
from sim.scenario import EngineName, Phase, Scenario, Verdict
from sim.truth_eye import SightErrors, TruthEye
from sim.world import Options, World
from spatial import Pose, Vector, age_s, unit, vector
from vision.camera import NoFrame
from vision.health import FrameWatch
from vision.target import Refusal, Sighting, Site
from vision.tracking import MouthTracker

_PICTURE_HZ = 15.0
_PATIENCE_S = 8.0
_SIGHTINGS = 5
_STANDOFF = 0.008  # the tip stops this far before a site [m]
_RETREAT = 0.020
_BLIND_S = 0.5  # without a sighting for longer the swab leaves the mouth
_LIMIT_S = 60.0
_ASIDE = 0.012  # the corners of the mouth stay this clear of the entry [m]
_LEAP = 0.02  # a site does not move so far in the mouth between two pictures [m]
_LEAPS = 3  # so many in a row are a vision that raves
_OUTWARD = 0.3  # cosine beyond which a normal does not lead out of the mouth
_LEFT = vector((0.0, 1.0, 0.0))


class _Incident(Exception):  # noqa: N818 - an outcome of the flight, not an error
    """Something ended the procedure early."""

    def __init__(self, verdict: Verdict, reason: str, detail: str = "") -> None:
        super().__init__(reason)
        self.verdict, self.reason, self.detail = verdict, reason, detail


class ReferencePilot:
    """Flies the adult procedure with the controller and a sight that knows the truth, badly.

    Parameters
    ----------
    errors
        How wrong the sight is.
    """

    def __init__(self, errors: SightErrors | None = None) -> None:
        self._errors = errors or SightErrors()
        self._eye: TruthEye | None = None

    def options(self, scenario: Scenario) -> Options:
        """Return a world whose camera tells the truth with errors, in the scenario's engine."""
        eye = self._eye = TruthEye(self._errors, scenario.seed)
        model = EyeModel(name="blank pictures", painter=lambda: eye)
        if scenario.engine is EngineName.MUJOCO:
            from sim.mujoco_engine import MujocoEngine  # noqa: PLC0415 - an extra

            return Options(eye=model, engine=MujocoEngine)
        return Options(eye=model)

    def fly(self, world: World, scenario: Scenario) -> PilotReport:
        """Drive one episode to its end."""
        if self._eye is None:
            self.options(scenario)
        assert self._eye is not None  # noqa: S101 - made two lines above
        child = scenario.population == "child"
        procedure = Procedure.shipped("oropharyngeal_child" if child else "oropharyngeal_adult")
        return _Flight(world, self._eye, procedure).run()


class _Flight:
    """One episode under way."""

    def __init__(self, world: World, eye: TruthEye, procedure: Procedure) -> None:
        self._world = world
        self._procedure = procedure
        self._locator = world.spoil(eye)
        self._tracker = MouthTracker()
        self._frames = FrameWatch()
        scene, driver = world.scene, world.arm
        model = scene.arm_model()
        limits = Limits(JointLimits.of(model))
        safety = LocalSafety(configure(model, limits, driver.info))
        self._controller = ArmController(driver, world.clock, model, limits, safety)
        self._period_ns = round(1e9 / driver.info.rate_hz)
        self._next_picture_ns = 0
        self._seen_ns = world.clock.now_ns()
        self._opening = 0.0
        self._refusals: Counter[str] = Counter()
        self._inside = False
        self._places: dict[Site, Vector] = {}  # where each site was last seen, in the mouth
        self._leaps = 0
        self._strokes: dict[Site, int] = {}
        self._errors: dict[Site, float] = {}
        self._start_ns = world.clock.now_ns()

    def run(self) -> PilotReport:
        """Fly; return what to say of it."""
        verdict, reason, detail = Verdict.SAMPLED, "", ""
        try:
            self._tick()
            self._locate()
            for step in self._procedure.sites:
                self._visit(Site(step.site), step.force, step.strokes, step.dwell, step.speed)
            self._leave()
            self._deposit()
        except _Incident as incident:
            verdict, reason, detail = incident.verdict, incident.reason, incident.detail
            self._bail_out()
        return PilotReport(verdict, reason, detail, dict(self._strokes), dict(self._errors))

    def _tick(self) -> CycleReport:
        clock = self._world.clock
        clock.sleep_until(clock.now_ns() + self._period_ns)
        self._look()
        return self._controller.cycle()

    def _look(self) -> None:
        now = self._world.clock.now_ns()
        if now < self._next_picture_ns:
            return
        frame = self._world.camera.next_frame(0.0)
        if isinstance(frame, NoFrame):
            return
        fault = self._frames.check(frame, now)
        if fault is not None:
            self._refusals[fault.fault.value] += 1
            return
        self._next_picture_ns = now + round(1e9 / _PICTURE_HZ)
        seen = self._locator.locate(frame)
        if isinstance(seen, Refusal):
            self._refusals[seen.reason.value] += 1
            if seen.reason.value == "mouth_closed":
                self._opening = 0.0
            return
        try:
            base_camera = self._controller.base_camera_at(seen.stamp_ns)
        except ArmControlError:
            return  # a picture whose stamp lies outside the arm's history shows nothing
        self._opening = seen.opening
        self._refusals.update(
            t.reason.value for t in seen.targets.values() if isinstance(t, Refusal)
        )
        self._tracker.update(seen, base_camera)
        self._note_leaps(seen)
        mouth = self._tracker.mouth(seen.stamp_ns)
        if not isinstance(mouth, Refusal):
            self._seen_ns = seen.stamp_ns
            self._controller.follow(MouthMotion(mouth.base_mouth, mouth.twist, mouth.stamp_ns))

    def _note_leaps(self, seen: Sighting) -> None:
        """Count the pictures in a row in which a site was not where it was in the one before."""
        mouth_optical = seen.optical_mouth.inverse()
        leapt = False
        for site, target in seen.targets.items():
            if isinstance(target, Refusal):
                continue
            place = vector(mouth_optical.apply(target.point))
            before = self._places.get(site, place)
            leapt = leapt or float(np.linalg.norm(place - before)) > _LEAP
            self._places[site] = place
        self._leaps = self._leaps + 1 if leapt else 0

    def _locate(self) -> None:
        self._world.enter_phase(Phase.LOCATING)
        self._world.cue(Cue.SAY_AH)
        start = self._world.clock.now_ns()
        while True:
            self._check(self._tick())
            now = self._world.clock.now_ns()
            if self._opening >= self._procedure.minimum_opening and all(
                self._sure(Site(step.site)) for step in self._procedure.sites
            ):
                return
            if age_s(start, now) > _PATIENCE_S:
                narrow = 0.0 < self._opening < self._procedure.minimum_opening
                reason = "too_narrow" if narrow else self._commonest()
                raise _Incident(Verdict.REFUSED, reason, f"no start within {_PATIENCE_S} s")

    def _sure(self, site: Site) -> bool:
        found = self._tracker.target(site, self._world.clock.now_ns())
        return not isinstance(found, Refusal) and found.sightings >= _SIGHTINGS

    def _commonest(self) -> str:
        return self._refusals.most_common(1)[0][0] if self._refusals else "model_unsure"

    def _visit(self, site: Site, force: float, strokes: int, dwell: float, speed: float) -> None:
        target = self._aim(site)
        entry = _entry(target)
        way = unit(target.point - entry, "way")
        reach = float(np.linalg.norm(target.point - entry))
        corridor = Corridor(entry, way, 0.014, min(reach + 0.012, 0.13))
        depth = max(reach - _STANDOFF, 0.0)

        def on_way(along: float) -> Pose:
            return Pose.from_axes(way, _LEFT, entry + along * way)

        pace = self._procedure.entry_speed
        if not self._inside:
            self._world.enter_phase(Phase.APPROACHING)
            clearance = self._procedure.clearance
            self._do(MoveTip(on_way(-clearance), Reference.MOUTH, 0.14))
            self._do(MoveTip(on_way(-0.015), Reference.MOUTH, 0.14))
            self._world.enter_phase(Phase.ENTERING)
            self._inside = True
        else:
            self._do(MoveTip(on_way(max(0.0, depth - _RETREAT)), Reference.MOUTH, pace))
        clear = MoveTip(on_way(max(0.0, depth - _RETREAT)), Reference.MOUTH, pace)
        for left in range(self._procedure.retries, -1, -1):
            self._do(Enter(corridor, depth, pace))
            self._world.enter_phase(Phase.SWABBING)
            report = self._do(Wipe(target, force, strokes, dwell, speed), may_fail=left > 0)
            self._do(clear)
            if report.fault is None:
                break
        self._strokes[site] = report.strokes

    def _aim(self, site: Site) -> SiteTarget:
        now = self._world.clock.now_ns()
        found, mouth = self._tracker.target(site, now), self._tracker.mouth(now)
        if isinstance(found, Refusal) or isinstance(mouth, Refusal):
            raise _Incident(Verdict.ABORTED, "target_lost", f"{site} is not seen any more")
        mouth_base = mouth.base_mouth.inverse()
        point = mouth_base.apply(found.point)
        truth = self._world.truth  # for the report alone: how far off the aim is
        self._errors[site] = float(
            np.linalg.norm(truth.base_mouth.apply(truth.sites[site].mouth_point) - found.point)
        )
        try:
            return SiteTarget(
                site.value,
                vector(point),
                vector(mouth_base.rotate(found.normal)),
                mouth_base.apply(found.path),
                mouth_base.rotation @ found.covariance @ mouth_base.rotation.T,
            )
        except ArmControlError as error:
            raise _Incident(Verdict.ABORTED, "target_invalid", str(error)) from error

    def _leave(self) -> None:
        self._world.enter_phase(Phase.WITHDRAWING)
        self._do(Withdraw())
        self._inside = False
        self._world.cue(Cue.RELAX)

    def _deposit(self) -> None:
        self._world.enter_phase(Phase.DEPOSITING)
        scene, gripper = self._world.scene, self._world.gripper
        if not gripper.holding:
            raise _Incident(Verdict.ABORTED, "swab_lost", "the gripper holds no swab any more")
        self._do(MoveTip(scene.base_tube_rack, speed=0.4))  # slow until it is clear of the face
        gripper.release()
        self._tick()
        self._check_released()

    def _check_released(self) -> None:
        if self._world.gripper.holding:
            raise _Incident(Verdict.ABORTED, "gripper", "the gripper does not let go")

    def _do(self, goal: Goal, *, may_fail: bool = False) -> CycleReport:
        """Pursue ``goal`` to its end; raises `_Incident` where it does not come to it.

        With ``may_fail`` a goal that the controller gave up, and has let go of, ends it as well.
        """
        try:
            self._controller.start(goal)
        except ArmControlError as error:
            raise _Incident(Verdict.ABORTED, "goal", str(error)) from error
        while True:
            report = self._tick()
            given_up = report.fault is not None and not report.fault.latched
            self._check(report, forgive=may_fail and given_up)
            if report.done:
                return report

    def _check(self, report: CycleReport, *, forgive: bool = False) -> None:
        now = self._world.clock.now_ns()
        if report.fault is not None and not forgive:
            raise _Incident(Verdict.ABORTED, report.fault.kind.value, report.fault.detail)
        if age_s(self._start_ns, now) > _LIMIT_S:
            raise _Incident(Verdict.ABORTED, "too_long", f"not done within {_LIMIT_S} s")
        if not self._inside:
            return
        if self._leaps >= _LEAPS:
            raise _Incident(Verdict.ABORTED, "target_unsteady", "the sites leap about in the mouth")
        if age_s(self._seen_ns, now) > _BLIND_S:
            raise _Incident(Verdict.ABORTED, "blind", f"nothing seen for {_BLIND_S} s")
        if self._opening < 0.6 * self._procedure.minimum_opening:
            raise _Incident(
                Verdict.ABORTED, "mouth_closing", f"the mouth is open {self._opening:.3f} m"
            )

    def _bail_out(self) -> None:
        """Leave the mouth and come to rest, whatever is broken."""
        self._world.enter_phase(Phase.WITHDRAWING)
        end = self._world.clock.now_ns() + round(8e9)
        if not self._controller.latched:
            for goal in (Withdraw(), MoveJoints(self._world.scene.home)):
                if self._inside or isinstance(goal, MoveJoints):
                    self._pursue(goal, end)
        self._wait(lambda r: float(np.abs(r.tracking_error)) >= 0.0 and r.done, end)
        self._inside = False

    def _pursue(self, goal: Goal, end_ns: int) -> None:
        try:
            self._controller.start(goal)
        except ArmControlError:
            return  # a latched or blind arm holds, or withdraws of itself
        self._wait(lambda r: r.done or r.fault is not None, end_ns)

    def _wait(self, over: Callable[[CycleReport], bool], end_ns: int) -> None:
        while self._world.clock.now_ns() < end_ns:
            if over(self._tick()):
                return


def _entry(target: SiteTarget) -> Vector:
    """Return where the shaft passes the lips (3,) [m]: across the mouth from a tonsil.

    A thin shaft presses along itself and gives way across, so it comes along the site's normal as
    far as the opening lets it.
    """
    normal, point = target.normal, target.point
    across = point[1] - normal[1] * point[0] / normal[0] if normal[0] > _OUTWARD else 0.0
    return vector((0.0, float(np.clip(across, -_ASIDE, _ASIDE)), 0.3 * float(point[2])))
