"""Fakes of a session's ports: an arm that obeys in a few cycles, a mouth that is as told."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from arm_control.limits import Zone
from arm_control.motion import Goal, Hold, MoveTip, Reference, Wipe, Withdraw
from arm_control.procedure import Procedure
from arm_control.report import CycleReport, Fault, Phase
from arm_control.target import MouthMotion
from booth_queue.contract import CalledPerson, Language
from spatial import Pose, Twist, Vector, Wrench, vector
from station.config import SessionSettings
from station.instructions import Instruction
from station.places import Places
from station.ports import Observer, Seen
from station.record import Decision
from station.session import SamplingSession
from station.swab import SwabHolder
from vision.frame import Frame
from vision.swab import TipSighting
from vision.target import Refusal, RefusalReason, Sighting, Site
from vision.tracking import TrackedMouth, TrackedTarget
from vision.watch import Notice

PERIOD_NS = 10_000_000
PERSON = CalledPerson(
    ticket_id="t1",
    number="A001",
    person_id="p1",
    name_masked="王*",
    age=40,
    language=Language.ZH,
    needs=frozenset(),
    single_swab=True,
    calls=1,
)
BASE_MOUTH = Pose(np.diag([-1.0, -1.0, 1.0]), vector((1.0, 0.0, 0.3)))
POINTS = {
    Site.RIGHT_TONSIL: (-0.060, -0.014, -0.004),
    Site.LEFT_TONSIL: (-0.060, 0.014, -0.004),
    Site.POSTERIOR_WALL: (-0.085, 0.0, 0.0),
}


@dataclass
class FakeArm:
    """Obeys every goal in ten cycles, a wipe in a hundred.

    ``faults`` names a fault by the goal's type; ``wiped`` is the share of the path it gets along.
    """

    faults: dict[type, Fault] = field(default_factory=dict)
    goals: list[Goal] = field(default_factory=list)
    now: int = 0
    stopped: bool = False
    dead: Exception | None = None
    strokes_lost: int = 0
    wiped: float = 1.0
    stuck: bool = False
    _left: int = 0
    _whole: int = 10
    _base_mouth: Pose = BASE_MOUTH

    def follow(self, motion: MouthMotion) -> None:
        self._base_mouth = motion.base_mouth

    def forget(self) -> None:
        self._base_mouth = BASE_MOUTH

    def start(self, goal: Goal) -> None:
        self.goals.append(goal)
        self._left = self._whole = 100 if isinstance(goal, Wipe) else 10

    def stop(self) -> None:
        self.stopped = True
        self.goals.append(Hold())

    def base_camera_at(self, _: int) -> Pose:
        return Pose()

    def cycle(self) -> CycleReport:
        if self.dead is not None:
            raise self.dead
        self.now += PERIOD_NS
        self._left = max(1 if self.stuck else 0, self._left - 1)
        goal = self.goals[-1] if self.goals else Hold()
        wiping = isinstance(goal, Wipe) and self._left > 0
        done = self._left == 0
        tip = Pose()
        strokes = 0
        if isinstance(goal, Wipe):
            k = 1.0 - self._left / self._whole
            strokes = max(0, int(goal.strokes * k) - self.strokes_lost)
            path = goal.target.path
            tip = Pose(
                translation=self._base_mouth.apply(path[0] + (path[-1] - path[0]) * k * self.wiped)
            )
        fault = self.faults.get(type(goal)) if done else None
        return CycleReport(
            stamp_ns=self.now,
            phase=Phase.WIPING if wiping else (Phase.HOLDING if done else Phase.MOVING),
            zone=Zone.FREE,
            done=done,
            progress=1.0 - self._left / self._whole,
            position=vector(np.zeros(7), 7),
            base_tip=tip,
            wrench=Wrench(),
            contact=wiping,
            normal_force=0.3 if wiping else 0.0,
            strokes=strokes,
            contact_s=0.0,
            stiffness=100.0,
            tracking_error=0.0,
            fault=fault,
        )


@dataclass
class FakeGripper:
    holding: bool = False
    log: list[str] = field(default_factory=list)
    empty: bool = False
    stuck: bool = False

    def grasp(self) -> None:
        self.log.append("grasp")
        self.holding = not self.empty

    def release(self) -> None:
        self.log.append("release")
        self.holding = self.holding and self.stuck


@dataclass
class FakeSight:
    """Sees every site surely, unless ``seen`` or ``hidden`` say otherwise."""

    seen: Callable[[int], Seen] | None = None
    hidden: dict[Site, RefusalReason] = field(default_factory=dict)
    opening: float = 0.045
    speed: float = 0.0
    closed_for: int = 0
    looks: list[bool] = field(default_factory=list)
    notice: Notice | None = None
    tip: TipSighting | None = None

    @property
    def base_eye(self) -> Vector:
        return vector(BASE_MOUTH.apply((0.30, 0.0, 0.04)))

    def look(self, now_ns: int, base_tip: Vector | None = None) -> Seen:
        self.looks.append(base_tip is not None)
        return self.mouth(now_ns) if self.seen is None else self.seen(now_ns)

    def mouth(self, now_ns: int) -> TrackedMouth:
        twist = Twist(vector((0.0, self.speed, 0.0)), vector((0.0, 0.0, 0.0)))
        return TrackedMouth(now_ns, BASE_MOUTH, twist, np.eye(6) * 1e-6, self.opening, 0.0)

    def target(self, site: Site, now_ns: int) -> TrackedTarget | Refusal:
        if site in self.hidden:
            return Refusal(self.hidden[site], now_ns, "told so")
        point = np.asarray(POINTS[site])
        path = np.stack([point - np.array((0, 0, 0.006)), point + np.array((0, 0, 0.006))])
        return TrackedTarget(
            site,
            now_ns,
            vector(BASE_MOUTH.apply(point)),
            vector(BASE_MOUTH.rotate((1.0, 0.0, 0.0))),
            BASE_MOUTH.apply(path),
            np.eye(3) * 1e-7,
            vector(np.zeros(3)),
            0.97,
            0.006,
            0.0,
            9,
        )

    def observe(self, observer: Observer) -> None: ...

    def forget(self) -> None:
        self.closed_for = 0


@dataclass
class Rig:
    """A session on fakes, and everything that was asked of them."""

    arm: FakeArm = field(default_factory=FakeArm)
    gripper: FakeGripper = field(default_factory=FakeGripper)
    sight: FakeSight = field(default_factory=FakeSight)
    said: list[Instruction] = field(default_factory=list)
    decisions: list[Decision] = field(default_factory=list)
    settings: SessionSettings = field(default_factory=SessionSettings)
    procedure: Procedure = field(default_factory=lambda: Procedure.shipped("oropharyngeal_adult"))

    def instruct(self, instruction: Instruction) -> None:
        self.said.append(instruction)

    def decided(self, decision: Decision) -> None:
        self.decisions.append(decision)

    def cycled(self, report: CycleReport) -> None: ...

    def saw(self, frame: Frame, seen: Sighting | Refusal) -> None: ...

    def __post_init__(self) -> None:
        self.swab = SwabHolder(self.gripper)

    def session(self) -> SamplingSession:
        places = Places(Pose(), Pose(), Pose(), Pose(), Pose(), Pose())
        session = SamplingSession(
            self.arm,
            self.swab,
            self.sight,
            self,
            self.procedure,
            places,
            self.settings,
        )
        session.observe(self)
        return session

    def seated(self) -> SamplingSession:
        session = self.session()
        session.call(self.arm.now)
        session.sit(self.arm.now)
        return session

    def run(self, session: SamplingSession, cycles: int = 5000) -> None:
        for _ in range(cycles):
            if session.finished:
                return
            session.tick()
        raise AssertionError(f"not finished after {cycles} cycles, in {session.state}")

    def run_until(self, session: SamplingSession, state: str, cycles: int = 5000) -> None:
        for _ in range(cycles):
            if session.state == state:
                return
            session.tick()
        raise AssertionError(f"{state} not reached after {cycles} cycles, in {session.state}")

    def withdrew(self) -> bool:
        """Whether the last goal near the face led out of it."""
        near = [
            goal
            for goal in self.arm.goals
            if isinstance(goal, Withdraw | Wipe)
            or (isinstance(goal, MoveTip) and goal.reference is Reference.MOUTH)
        ]
        return bool(near) and isinstance(near[-1], Withdraw)
