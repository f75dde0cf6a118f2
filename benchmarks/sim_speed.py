"""How fast the simulated booth runs: steps, control, pictures, episodes, memory.

Times are processor seconds of this process, so that a busy machine's other work counts as little
as it can; linear algebra and the software renderer are kept to one thread. A pace is the best of
its repeats, for neighbours on the same caches only ever add time; a frame's time is the median. One
figure is of the wall's clock: `rtf_rgbd_640x480_30hz`, pictures painted ahead by two processes on
further cores; `rtf_rgbd_one_core` is the same flight with everything in this process.
"""

import os
import resource
import statistics
import sys
import time
from collections.abc import Callable

from common import Figure, arguments, cannot_run, report

from arm_control.configuration import configure
from arm_control.controller import ArmController
from arm_control.limits import JointLimits, Limits
from arm_control.motion import MoveTip, Reference
from arm_control.safety import LocalSafety
from arm_control.target import MouthMotion
from sim.errors import SimError
from sim.eye import EyeModel
from sim.painter import SimPainter, eye_of
from sim.person import Person
from sim.pictures import Renderer
from sim.scene import Scene
from sim.truth_eye import SightErrors, TruthEye
from sim.world import Options, World
from spatial import Pose, vector
from vision.target import Refusal
from vision.tracking import MouthTracker

PROTOTYPE_STEPS, PROTOTYPE_CONTROL, PROTOTYPE_PICTURES = 24_000.0, 4.0, 0.6
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "LP_NUM_THREADS")
PICTURE_NS = 33_333_333
HELPERS = 2  # the camera's delay holds no more than two exposures at 30 Hz
BEFORE_LIPS = Pose.from_axes((-1.0, 0.0, 0.0), (0.0, 1.0, 0.0), vector((0.03, 0.0, 0.0)))


def processor_s(work: Callable[[], None], repeats: int) -> list[float]:
    """Return the processor times [s] of ``repeats`` runs of ``work``."""
    times = []
    for _ in range(repeats):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return times


def steps_per_s(steps: int, repeats: int) -> float:
    """Whole scene, head moved in every step, swab and tissue included; nobody controls."""
    with World(Scene(), 1) as world:
        world.seat(Person.sample(3))
        world.cue("say_ah")
        world.clock.sleep_until(2_000_000_000)
        engine, behaviour = world.engine, world.behaviour
        if behaviour is None:
            raise SimError("nobody sits in the chair; the benchmark would measure an empty booth")
        head = behaviour.head

        def bare() -> None:
            now = world.now_s
            for k in range(steps):
                head.advance(now + 1e-3 * k)
                engine.place_head(head.rotation, head.position)
                engine.step()

        return steps / min(processor_s(bare, repeats))


class Flight:
    """A booth whose controller holds the tip 30 mm before the lips of a swaying person."""

    def __init__(self, world: World, eye: TruthEye | None) -> None:
        self.world = world
        scene = world.scene
        model = scene.arm_model()
        limits = Limits(JointLimits.of(model))
        safety = LocalSafety(configure(model, limits, world.arm.info))
        self.controller = ArmController(world.arm, world.clock, model, limits, safety)
        self._eye = eye
        self._tracker = MouthTracker()
        self._next_ns = 0
        world.seat(Person.sample(3))
        world.cue("say_ah")
        world.clock.sleep_until(2_000_000_000)
        self._follow_truth()
        self.run(0.1, pictures=False)
        self.controller.start(MoveTip(BEFORE_LIPS, Reference.MOUTH))

    def run(self, seconds: float, *, pictures: bool) -> None:
        """Control at 1 kHz for ``seconds`` [s]; with pictures, 30 a second."""
        world, controller = self.world, self.controller
        end = world.clock.now_ns() + round(seconds * 1e9)
        while world.clock.now_ns() < end:
            world.clock.sleep_until(world.clock.now_ns() + 1_000_000)
            now = world.clock.now_ns()
            if now >= self._next_ns:
                self._next_ns = now + PICTURE_NS
                if pictures:
                    self._look()
                else:
                    self._follow_truth()
            report_ = controller.cycle()
            if report_.fault is not None and report_.fault.latched:
                raise SimError(f"the controller tripped while being timed: {report_.fault.detail}")

    def _look(self) -> None:
        frame = self.world.camera.next_frame(0.0)
        if self._eye is None:
            self._follow_truth()
        elif hasattr(frame, "rgb"):
            seen = self._eye.locate(frame)
            if not isinstance(seen, Refusal):
                self._tracker.update(seen, self.controller.base_camera_at(frame.stamp_ns))
                mouth = self._tracker.mouth(frame.stamp_ns)
                if not isinstance(mouth, Refusal):
                    motion = MouthMotion(mouth.base_mouth, mouth.twist, mouth.stamp_ns)
                    self.controller.follow(motion)

    def _follow_truth(self) -> None:
        behaviour = self.world.behaviour
        if behaviour is not None:
            head = behaviour.head
            now = self.world.clock.now_ns()
            self.controller.follow(MouthMotion(head.base_mouth, head.twist, now))


def control_rtf(seconds: float, repeats: int, *, pictures: bool) -> float:
    """Return simulated over processor seconds: control at 1 kHz, with or without pictures."""
    scene = Scene()
    options = Options(eye=eye_of(scene)) if pictures else Options()
    with World(scene, 1, options) as world:
        flight = Flight(world, None)
        flight.run(0.5, pictures=pictures)
        times = processor_s(lambda: flight.run(seconds, pictures=pictures), repeats)
        return seconds / min(times)


def painted_ahead_rtf(seconds: float, repeats: int) -> float:
    """Return simulated over wall seconds: control at 1 kHz, pictures by helpers, best of repeats.

    On a machine of one core nobody can help, and the pictures are painted in this process.
    """
    scene = Scene()
    helpers = min(HELPERS, len(os.sched_getaffinity(0)) - 1)
    with World(scene, 1, Options(eye=eye_of(scene, helpers=helpers))) as world:
        flight = Flight(world, None)
        flight.run(1.0, pictures=True)
        times = []
        for _ in range(repeats):
            start = time.perf_counter()
            flight.run(seconds, pictures=True)
            times.append(time.perf_counter() - start)
        return seconds / min(times)


def frame_ms(frames: int) -> float:
    """Median processor time of one 640x480 picture: colour, depth and part labels."""
    scene = Scene()
    with World(scene, 1) as world:
        world.seat(Person.sample(3))
        world.cue("say_ah")
        world.clock.sleep_until(2_000_000_000)
        painter, renderer = SimPainter(scene), Renderer(640, 480)
        view = painter.view(world.snapshot())
        renderer.render(view)
        cost = statistics.median(processor_s(lambda: _discard(renderer.render(view)), frames))
        renderer.close()
        painter.close()
        return 1e3 * cost


def _discard(_: object) -> None:
    """Let go of a picture."""


def episodes_per_hour(repeats: int) -> float:
    """20 s episodes from opening the world to closing it, with control and blank pictures."""

    def episode() -> None:
        eye = TruthEye(SightErrors(), 1)
        options = Options(eye=EyeModel(painter=lambda: eye))
        with World(Scene(), 1, options) as world:
            Flight(world, eye).run(20.0, pictures=True)

    return 3600.0 / min(processor_s(episode, repeats))


def main() -> None:
    """Measure and report."""
    if any(os.environ.get(name) != "1" for name in THREADS):
        # the libraries read these when they are loaded, so this process starts once more
        one_core = os.environ | dict.fromkeys(THREADS, "1")
        os.execve(sys.executable, [sys.executable, *sys.argv], one_core)  # noqa: S606 - itself
    options = arguments(__doc__.splitlines()[0]).parse_args()
    quick: bool = options.quick
    try:
        control_rtf(0.2, 1, pictures=False)  # compile before anything is timed
        bare = steps_per_s(4_000 if quick else 20_000, 5)
        control = control_rtf(2.0 if quick else 10.0, 1 if quick else 3, pictures=False)
        picture = frame_ms(8 if quick else 40)
        alone = control_rtf(1.0 if quick else 4.0, 1 if quick else 3, pictures=True)
        rgbd = painted_ahead_rtf(1.0 if quick else 4.0, 3)
        episodes = episodes_per_hour(1 if quick else 3)
    except SimError as error:
        cannot_run(str(error))
    rss = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024.0
    report(
        "sim_speed",
        [
            Figure("steps_per_s_bare", bare, "1/s", "higher", PROTOTYPE_STEPS),
            Figure("rtf_control_1khz", control, "1", "higher", PROTOTYPE_CONTROL),
            Figure("rtf_rgbd_640x480_30hz", rgbd, "1", "higher", 3.0 * PROTOTYPE_PICTURES),
            Figure("rtf_rgbd_one_core", alone, "1", "higher", None),
            Figure("frame_ms_640x480", picture, "ms", "lower", 35.0),
            Figure("episodes_per_hour_per_core", episodes, "1/h", "higher", None),
            Figure("rss_mb", rss, "MiB", "lower", None),
        ],
        quick=quick,
        json_file=options.json,
        packages=("pybullet", "numba", "moderngl", "numpy"),
    )


if __name__ == "__main__":
    main()
