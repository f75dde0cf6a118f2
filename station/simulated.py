"""The composition root of the simulated booth: world, arm, safety monitor, vision, session."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from types import TracebackType
from typing import Self

import numpy as np

from arm_control.configuration import configure
from arm_control.controller import ArmController
from arm_control.limits import JointLimits, Limits
from arm_control.monitor import MonitorProcess
from arm_control.motion import MoveJoints, MoveTip
from arm_control.procedure import Procedure
from arm_control.report import CycleReport
from sim.cues import Cue
from sim.painter import eye_of
from sim.person import Person
from sim.scene import Scene
from sim.world import Options, World
from spatial import Pose, stamp_ns
from station import chores
from station.config import SessionSettings
from station.errand import Errand, Progress, Step
from station.errors import StationError
from station.instructions import Instruction
from station.places import Places
from station.record import Decision
from station.session import SamplingSession
from station.sight import TRACKER, CameraSight
from station.swab import SwabHolder
from vision.frame import Frame
from vision.pipeline import Looker
from vision.target import Refusal, Sighting
from vision.tracking import MouthTracker
from vision.watch import SwabWatch

_CUES = {
    Instruction.OPEN_WIDE: (Cue.OPEN_MOUTH, Cue.SAY_AH),
    Instruction.TONGUE_DOWN: (Cue.SAY_AH,),
    Instruction.HOLD_STILL: (Cue.HOLD_STILL,),
    Instruction.RELAX: (Cue.RELAX,),
    Instruction.THANK_YOU: (Cue.RELAX,),
    Instruction.ASK_STAFF: (Cue.RELAX,),
}


_TIDY_S = 40.0  # s
_HOMEWARD = 0.1  # of the joints' limits: slow, on a way that nobody has seen before
_ANSWER_S = 60.0  # s of the wall: in lock-step a loaded machine makes nothing late but the result
_WALK_S = 4.0  # s from the call to sitting at the chin rest: the next one stands at the door
_WAITING = 0.30  # rad: 0.29 m from the mouth, outside the zone of the face
_ASIDE = 0.40  # rad: 0.39 m from it; with a used swab the arm keeps further off
_DRAWN_IN = 0.93  # of the distance to the mouth: nearer, the elbow comes to its end


class _Phases:
    """Tells the world which state the session is in, so that faults can wait for one."""

    def __init__(self, world: World) -> None:
        self._world = world

    def decided(self, decision: Decision) -> None:
        self._world.enter_phase(decision.state)

    def cycled(self, report: CycleReport) -> None:
        """Cycles change no phase."""

    def saw(self, frame: Frame, seen: Sighting | Refusal) -> None:
        """Nor do pictures."""


class SimulatedGuide:
    """Speaks to the simulated person: what they can follow becomes a cue of the world."""

    def __init__(self, world: World) -> None:
        self._world = world

    def instruct(self, instruction: Instruction) -> None:
        """Say ``instruction``."""
        for cue in _CUES.get(instruction, ()):
            self._world.cue(cue)


def places_of(scene: Scene) -> Places:
    """Return where the simulated booth's things are.

    The look-out is near enough for the camera's range, and so low that the swab does not cover
    the mouth.
    """
    tube = scene.base_tube_rack
    look_out = scene.nominal_base_mouth @ Pose.from_axes(
        (-1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.10, 0.0, -0.015)
    )
    return Places(
        base_rest=_aside(scene, -_WAITING),
        base_exit=_aside(scene, _ASIDE),
        base_look_out=look_out,
        base_swab_rack=scene.base_swab_rack,
        base_tube_rack=tube,
        base_bin=Pose(tube.rotation, scene.base_bin),
    )


def _aside(scene: Scene, azimuth: float) -> Pose:
    """Return the tip's pose on the circle of a drawn-in arm, ``azimuth`` [rad] off the mouth."""
    mouth = scene.nominal_base_mouth.translation
    outward = np.array([np.cos(azimuth), np.sin(azimuth), 0.0])
    right = np.cross(outward, (0.0, 0.0, 1.0))
    drawn_in = _DRAWN_IN * float(np.hypot(mouth[0], mouth[1]))
    return Pose.from_axes(outward, right, drawn_in * outward + (0.0, 0.0, float(mouth[2])))


@contextmanager
def simulated_booth(
    seed: int, locator: Looker, procedure: Procedure, settings: SessionSettings
) -> Iterator["SimulatedBooth"]:
    """Open a booth of the default layout in a world of its own; ``seed``: sensors and seating."""
    scene = Scene()
    with (
        World(scene, seed, Options(eye=eye_of(scene))) as world,
        SimulatedBooth(world, locator, procedure, settings) as booth,
    ):
        yield booth


class SimulatedBooth:
    """A whole booth in lock-step simulation; use it as a context manager.

    The session sees only what a real booth gives: pictures of the simulated camera, joint states
    and the wrist sensor. The safety monitor runs in a process of its own.

    Parameters
    ----------
    world
        The booth's physics, which the caller opens and closes; its eye paints pictures.
    locator
        Understands pictures.
    procedure, settings
        What is done, and how patiently.
    """

    def __init__(
        self,
        world: World,
        locator: Looker,
        procedure: Procedure,
        settings: SessionSettings,
    ) -> None:
        self.world = world
        self._locator = locator
        self._procedure = procedure
        self._settings = settings
        self._opened = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as opening:
            scene = self.world.scene
            model = scene.arm_model()
            limits = Limits(JointLimits.of(model))
            driver = self.world.arm
            monitor = MonitorProcess(configure(model, limits, driver.info), answer_s=_ANSWER_S)
            opening.callback(monitor.close)
            opening.callback(driver.stop)
            self.monitor = monitor
            self.controller = ArmController(
                driver, self.world.clock, model, limits, monitor, scene.surroundings, scene.home
            )
            self.swab = SwabHolder(self.world.gripper, fresh=scene.swab_in_hand)
            self._opened = opening.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._opened.close()

    def new_session(self) -> SamplingSession:
        """Return a session for the next person."""
        sight = CameraSight(
            self.world.camera,
            self._locator,
            MouthTracker(TRACKER),
            SwabWatch(),
            self.controller.base_camera_at,
            self._settings,
        )
        session = SamplingSession(
            self.controller,
            self.swab,
            sight,
            SimulatedGuide(self.world),
            self._procedure,
            places_of(self.world.scene),
            self._settings,
        )
        session.observe(_Phases(self.world))
        return session

    @property
    def latched(self) -> bool:
        """Whether the safety monitor has tripped and nobody has reset it."""
        return self.controller.latched

    def reset(self, by: str) -> None:
        """Clear the trip after a person, named in ``by``, has looked, and tidy up."""
        self.controller.reset(by)
        self.tidy()

    def tidy(self) -> None:
        """Bring the arm to rest, a fresh swab in hand, while nobody sits in the chair.

        Where the straight ways are barred, by a joint's end for one, the arm goes by its joints to
        its home position first. Raises StationError where it cannot.
        """
        self.controller.forget()  # no face is there, whose zone would make the way a trip
        home = MoveJoints(self.world.scene.home, _HOMEWARD)
        if self._do(self._readying()) is None:
            return
        if (why := self._do([home]) or self._do(self._readying())) is None:
            return
        raise StationError(
            f"the arm cannot come to rest: {why}; clear its way, or lead it beside the chair by "
            "hand, then reset the booth"
        )

    def _readying(self) -> list[Step]:
        # a trip may leave it before the face: away from there as a session's own way out goes
        places = places_of(self.world.scene)
        away = MoveTip(places.base_exit, speed=chores.FACE)
        return [away, *chores.take_swab(self.swab, places)]

    def _do(self, steps: Sequence[Step]) -> str | None:
        """Do ``steps`` with nobody there; returns why they could not be done, None if they were."""
        errand = Errand(self.controller, steps)
        progress = errand.advance(self.controller.cycle())  # a goal starts from a measured state
        for report in self._cycles(_TIDY_S):
            if progress is not Progress.UNDER_WAY:
                break
            progress = errand.advance(report)
        if progress is Progress.FINISHED:
            return None
        self.controller.stop()
        return errand.fault.detail if errand.fault else f"not done after {_TIDY_S:.0f} s"

    def wait(self, seconds: float) -> None:
        """Let the booth's own time pass; the arm holds, and sensors go on."""
        for _ in self._cycles(seconds):
            pass

    def _cycles(self, seconds: float) -> Iterator[CycleReport]:
        clock, period_ns = self.world.clock, stamp_ns(1.0 / self.world.arm.info.rate_hz)
        deadline_ns = clock.now_ns() + stamp_ns(seconds)
        while clock.now_ns() < deadline_ns:
            clock.sleep_until(clock.now_ns() + period_ns)
            yield self.controller.cycle()

    @contextmanager
    def seated(
        self, person: Person, leaving: Callable[[], None] = lambda: None
    ) -> Iterator[Callable[[], bool]]:
        """Let ``person`` come, sit for as long as the context lasts, and go.

        Gives what tells whether they sit; ``leaving`` is called just before they go.
        """
        world = self.world
        arrives_ns = world.clock.now_ns() + stamp_ns(_WALK_S)

        def sits() -> bool:
            if world.person is None and world.clock.now_ns() >= arrives_ns:
                world.seat(person)
            return world.person is not None

        try:
            yield sits
            leaving()
        finally:
            world.dismiss()
