"""The simulated booth: a world that stands behind the ports of the arm and of the camera."""

from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

import numpy as np

from sim.anatomy import Part
from sim.arms import joint_limits
from sim.behaviour import Act, Behaviour
from sim.bite import Bite
from sim.broken_eye import UNITS as CAMERA_UNITS
from sim.bullet import BulletEngine
from sim.cues import Cue
from sim.driver import SimArm
from sim.engine import STEP_NS, Engine
from sim.errors import SimError
from sim.eye import EyeModel, SimCamera
from sim.faults import Fault, Mishap, Mode, Unit
from sim.gripper import SimGripper
from sim.head import HeadMotion
from sim.ledger import Ledger
from sim.lockstep import WorldClock
from sim.person import Person
from sim.probe import COUNT, Probe
from sim.scene import Scene
from sim.shaft import Shaft
from sim.sight import SpoiltLocator
from sim.snapshot import Snapshot
from sim.timeline import Happening, Timeline
from sim.tissue import Tissue
from sim.trace import Trace
from sim.truth import Contact, SwabFate, Truth
from sim.wrist import WristSensor, WristSensorModel
from spatial import Pose, Twist, Vector, seconds, vector
from vision.target import Locator, Site

_WRIST, _ENCODERS, _SEATING, _CAMERA, _GRIPPER, _VISION = range(6)
_SEAT_SIGMA = np.array([0.006, 0.006, 0.006])  # [m], on a chin rest (assumed)
_SEAT_TURN = np.deg2rad(2.0)
_HEAD_EVERY = 4  # steps between renewals of the head's collision body
_SLIP = 0.015  # how far a slipping shaft goes back into the jaws [m]
_STALLING_JOINT = 3  # the elbow of a seven-axis arm, a wrist of a six-axis one
_BREAKING_N = 5.0  # swabs fail at 5 N (Melcher 2024, 10.3205/dgkh000461)


@dataclass(frozen=True, slots=True)
class Options:
    """How a world is simulated: the sensors' data sheets, the engine, the pace.

    ``engine`` makes the rigid-body engine from the scene; ``real_time`` keeps to the wall's pace.
    """

    wrist: WristSensorModel = field(default_factory=WristSensorModel)
    eye: EyeModel = field(default_factory=EyeModel)
    engine: Callable[[Scene], Engine] = BulletEngine
    real_time: bool = False


class World:
    """One booth with its own physics, clock and generators; nothing is shared between worlds.

    The world advances only when its ``clock`` sleeps (lock-step), in steps of 1 ms, so a run with
    the same scene, seed, person and calls is bit-identical on one machine. Use it as a context
    manager, or call `close`.

    Parameters
    ----------
    scene
        The booth.
    seed
        Seed of everything that is not the person: sensor noise, bias, seating position.
    options
        Sensors, engine and pace.
    """

    def __init__(self, scene: Scene, seed: int, options: Options | None = None) -> None:
        if seed < 0:
            raise SimError(f"world seed {seed} is negative; choose 0 or more")
        self.scene = scene
        self.seed = seed
        self.phase = ""
        options = options or Options()
        self._engine = options.engine(scene)
        self._clock = WorldClock(self.advance, real_time=options.real_time)
        self._sensor = WristSensor(options.wrist, self._stream(_WRIST))
        self._seating = self._stream(_SEATING)
        self._arm = SimArm(
            scene.arm,
            scene.control_rate_hz or scene.arm.rate_hz,
            joint_limits(scene.arm),
            self._engine,
            self._sensor,
            self._stream(_ENCODERS),
            scene.link_jitter_s,
        )
        self._sensor.feed(self._engine.state.reaction)
        self._shaft = Shaft(scene.swab, COUNT)
        self._probe = Probe(scene)
        self._probe.follow(self._engine.state)
        self._shaft.straighten(self._engine.state.hand_rotation[:, 2])
        self._gripper = SimGripper(scene, self, self._stream(_GRIPPER))
        self._camera = SimCamera(options.eye, self, self._stream(_CAMERA))
        self._tissue = Tissue.of_wall(100.0)
        self._behaviour: Behaviour | None = None
        self._ledger = Ledger(scene.swab.bud_diameter / 2.0)
        self._timeline = Timeline()
        self._vision: SpoiltLocator | None = None
        self._bite: Bite | None = None
        self._trace = Trace()
        self._watcher: Callable[[World, Snapshot], object] | None = None
        self._watch_steps = 1
        self._steps = 0
        self._closed = False

    def _stream(self, index: int) -> np.random.Generator:
        return np.random.default_rng(np.random.SeedSequence(self.seed, spawn_key=(1, index)))

    @property
    def arm(self) -> SimArm:
        """The arm behind its port."""
        return self._arm

    @property
    def gripper(self) -> SimGripper:
        """What holds the swab."""
        return self._gripper

    @property
    def clock(self) -> WorldClock:
        """The clock: sleeping is what advances the world."""
        return self._clock

    @property
    def camera(self) -> SimCamera:
        """The eye-in-hand RGB-D camera: exposures on a 30 Hz grid, handed out after a delay."""
        return self._camera

    @property
    def person(self) -> Person | None:
        """Who sits in the chair."""
        return self._behaviour.person if self._behaviour else None

    @property
    def behaviour(self) -> Behaviour | None:
        """What the person does; None while nobody sits. For scenarios, never for a controller."""
        return self._behaviour

    @property
    def engine(self) -> Engine:
        """The rigid bodies. For faults and drawing, never for a controller."""
        return self._engine

    @property
    def now_s(self) -> float:
        """The world's time [s]."""
        return seconds(self._clock.now_ns())

    @property
    def base_tip(self) -> Pose:
        """The real tip: the bent shaft's end, z along its last stretch; unbent with no swab."""
        state = self._engine.state
        if self._gripper.fate is not SwabFate.IN_HAND:
            return Pose(state.hand_rotation, state.hand_position) @ self.scene.sensor_tip
        z = self._shaft.direction
        return Pose.from_axes(z, state.hand_rotation[:, 0], self._probe.tip(self._shaft))

    @property
    def base_camera(self) -> Pose:
        """The camera's optical frame, as mounted."""
        state = self._engine.state
        return Pose(state.hand_rotation, state.hand_position) @ self.scene.sensor_camera

    def seat(self, person: Person) -> None:
        """Seat a person at the chin rest, mouth closed; SimError while somebody sits there."""
        if self._behaviour is not None:
            raise SimError("somebody sits in the chair; dismiss them first")
        offset = Pose.from_rotation_vector(
            self._seating.normal(0.0, _SEAT_TURN, 3),
            self._seating.normal(0.0, 1.0, 3) * _SEAT_SIGMA,
        )
        head = HeadMotion(
            self.scene.nominal_base_mouth @ offset,
            person.temperament,
            chin_rest=self.scene.chin_rest,
            rng=person.motion,
        )
        now_s = self.now_s
        self._behaviour = Behaviour(person, head, now_s)
        self._behaviour.advance(now_s)
        self._tissue = Tissue.of_wall(person.temperament.stiffness)
        self._ledger = Ledger(self.scene.swab.bud_diameter / 2.0)
        self._trace = Trace(next_s=now_s)
        self._engine.place_head(head.rotation, head.position)

    def cue(self, cue: Cue | str) -> None:
        """Ask the person for something; with nobody in the chair there is nobody to follow."""
        if self._behaviour is not None:
            self._behaviour.cue(Cue(cue), self.now_s)

    def dismiss(self) -> None:
        """Let the person leave; the chair is empty at once."""
        self._behaviour = None
        self._bite = None
        self._timeline = Timeline()
        self._probe.clear()
        self._engine.remove_head()

    def enter_phase(self, phase: str) -> None:
        """Tell the world which phase of the procedure runs, so that faults can wait for it."""
        self.phase = phase
        self._timeline.enter(phase, self.now_s)
        self._trace.phases.append((round(self.now_s, 3), str(phase)))

    def watch(self, watcher: Callable[["World", Snapshot], object], period_s: float) -> None:
        """Show every ``period_s`` [s] what the eye could see to ``watcher``, for films."""
        self._watcher = watcher
        self._watch_steps = max(1, round(period_s * 1e9 / STEP_NS))

    def schedule(self, happening: Happening) -> None:
        """Let something happen at its time or in its phase; times count from now."""
        self._timeline.add(happening, self.now_s)

    def spoil(self, locator: Locator) -> SpoiltLocator:
        """Return ``locator`` behind a vision process that this world's faults can break."""
        self._vision = SpoiltLocator(locator, self._stream(_VISION))
        return self._vision

    def happen(self, happening: Happening) -> None:
        """Let ``happening`` happen now, whatever set it off."""
        what = happening.what
        if isinstance(what, Act):
            if self._behaviour is not None:
                self._behaviour.act(what, self.now_s, happening.scale)
        elif isinstance(what, Fault):
            self._fail(what)
        elif what is Mishap.SWAB_BREAKS:
            self._gripper.lose(SwabFate.BROKEN)
        elif what is Mishap.GRIPPER_DROPS:
            self._gripper.lose(SwabFate.DROPPED)
        elif what is Mishap.SWAB_SLIPS:
            self._probe.slip(_SLIP * happening.scale)
        elif what is Mishap.JOINT_STALLS:
            self._arm.fail(Fault(Unit.SERVOS, Mode.STUCK, 1.0, index=_STALLING_JOINT))
        elif what is Mishap.SWAB_BITTEN and self._behaviour is not None:
            head = self._behaviour.head
            self._bite = Bite.of(self._probe, self._shaft, head, self.now_s)
            self._behaviour.act(Act.CLOSE_MOUTH, self.now_s)

    def _fail(self, fault: Fault) -> None:
        if fault.unit is Unit.WRIST:
            self._sensor.fail(fault)
        elif fault.unit in CAMERA_UNITS:
            self._camera.fail(fault)
        elif fault.unit in (Unit.GRIPPER, Unit.GRIP_SENSOR):
            self._gripper.fail(fault)
        elif fault.unit is Unit.VISION:
            if self._vision is None:
                raise SimError("the pilot has no vision to break; pass its locator through spoil")
            self._vision.fail(fault, self.now_s)
        else:
            self._arm.fail(fault)

    def advance(self, deadline_ns: int) -> None:
        """Step the physics until the world's time reaches ``deadline_ns``."""
        if self._closed:
            raise SimError("the world is closed; open a new one")
        while self._clock.now_ns() < deadline_ns:
            self.step()

    def step(self) -> None:
        """Advance by one physics step of 1 ms."""
        now_ns = self._clock.now_ns()
        now_s = seconds(now_ns)
        engine = self._engine
        for happening in self._timeline.pop(now_s):
            self.happen(happening)
        self._arm.before_step(now_ns)
        if self._behaviour is not None:
            self._behaviour.advance(now_s)
            if self._steps % _HEAD_EVERY == 0:
                engine.place_head(self._behaviour.head.rotation, self._behaviour.head.position)
        if self._gripper.fate is SwabFate.IN_HAND:
            self._feel(now_s)
            self._trace.note(now_s, float(self._shaft.normal_forces.max()))
        engine.step()
        if self._steps % _HEAD_EVERY == 0 and self._behaviour is not None:
            self._ledger.bump(engine.collisions())
        self._probe.follow(engine.state)
        self._steps += 1
        now_ns += STEP_NS
        self._clock.tick(now_ns)
        self._arm.after_step(now_ns)
        self._camera.tick(now_ns)
        if self._watcher is not None and (self._steps - 1) % self._watch_steps == 0:
            self._watcher(self, self.snapshot())

    def _feel(self, now_s: float) -> None:
        """Let the shaft swing and touch; push the hand with what comes of it."""
        body, shaft, probe = self._engine.state, self._shaft, self._probe
        behaviour = self._behaviour
        near = behaviour is not None and probe.find(shaft, behaviour.head, behaviour.cavity)
        reaction = shaft.step(
            body.hand_rotation[:, 2],
            probe.joint_velocity,
            body.hand_angular,
            probe.contacts,
            self._tissue,
        )
        self._engine.push(reaction[:3], reaction[3:], probe.joint)
        if self._bite is not None and behaviour is not None:
            self._bite = self._bite.hold(self._engine, probe, shaft, behaviour.head, now_s)
        if near and behaviour is not None and shaft.normal_forces.any():
            parts = probe.contacts.parts
            self._ledger.note(
                now_s,
                self._steps,
                parts,
                shaft.forces,
                shaft.normal_forces,
                probe.inside,
                behaviour.cavity,
            )
            behaviour.feel(Part(int(parts[0])), float(shaft.normal_forces[0]), now_s)
            if float(np.linalg.norm(reaction[:3])) > _BREAKING_N:
                self._gripper.lose(SwabFate.BROKEN)

    def straighten_swab(self) -> None:
        """Put a fresh, straight swab into the hand."""
        self._shaft.straighten(self._engine.state.hand_rotation[:, 2])

    def snapshot(self) -> Snapshot:
        """Return everything a picture of this instant needs."""
        behaviour = self._behaviour
        state = self._engine.state
        seated = behaviour is not None and behaviour.seated
        return Snapshot(
            stamp_ns=self._clock.now_ns(),
            base_camera=self.base_camera,
            base_hand=Pose(state.hand_rotation, state.hand_position),
            base_tip=self.base_tip if self._gripper.fate is SwabFate.IN_HAND else None,
            base_mouth=behaviour.head.base_mouth if behaviour and seated else None,
            cavity=behaviour.cavity if behaviour and seated else None,
        )

    @property
    def truth(self) -> Truth:
        """The ground truth, for the report alone."""
        behaviour = self._behaviour
        ledger = self._ledger
        cavity = behaviour.cavity if behaviour else ledger.open_cavity
        return Truth(
            stamp_ns=self._clock.now_ns(),
            base_mouth=behaviour.head.base_mouth if behaviour else self.scene.nominal_base_mouth,
            mouth_twist=behaviour.head.twist if behaviour else Twist(),
            base_tip=self.base_tip,
            contacts=self.contacts,
            peak_force=ledger.peak_force,
            peak_forces=dict(ledger.peak_forces),
            sites={site: ledger.outcome(site, cavity) for site in Site} if cavity else {},
            peak_collision=ledger.peak_collision,
            seated=behaviour is not None and behaviour.seated,
            opening=behaviour.opening if behaviour else 0.0,
            swab=self._gripper.fate,
            tubes=self._gripper.tubes,
        )

    @property
    def contact_force(self) -> Vector:
        """The summed force (3,) [N] of all tissue on the swab now, base axes; cheap to ask."""
        return np.asarray(self._shaft.forces.sum(axis=0))

    @property
    def trace(self) -> tuple[tuple[float, float], ...]:
        """Time [s] and largest tissue force [N] of every 50 ms since the person sat down."""
        return tuple(self._trace.points)

    @property
    def phases(self) -> tuple[tuple[float, str], ...]:
        """When [s] each phase of the procedure was entered."""
        return tuple(self._trace.phases)

    @property
    def contacts(self) -> tuple[Contact, ...]:
        """What the swab touches now; cheap to ask."""
        shaft, probe = self._shaft, self._probe
        return tuple(
            Contact(
                part=Part(int(probe.contacts.parts[i])),
                force=vector(shaft.forces[i]),
                normal_force=float(shaft.normal_forces[i]),
                mouth_point=vector(probe.inside[i]),
            )
            for i in np.flatnonzero(shaft.normal_forces > 0.0)
        )

    def close(self) -> None:
        """Release the physics engine and the renderer; may be called twice."""
        if not self._closed:
            self._closed = True
            self._arm.close()
            self._camera.close()
            self._engine.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
