"""The simulated booth behind the bench: world, controller, safety monitor, person."""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

from arm_control.controller import ArmController
from arm_control.limits import JointLimits, Limits
from arm_control.monitor import MonitorProcess
from booth_arm.bench import Bench, BenchSettings
from sim.eye import EyeModel
from sim.painter import eye_of
from sim.person import Person
from sim.scene import Scene
from sim.world import Options, World
from spatial import NANOSECONDS_PER_SECOND
from station.instructions import Instruction
from station.simulated import SimulatedGuide

_REHEARSAL_S = 0.1


class SimulatedBench:
    """Opens a world and what drives it, in the loop's process; ``eye`` paints its pictures."""

    def __init__(self, settings: BenchSettings, eye: Callable[[Scene], EyeModel] = eye_of) -> None:
        self._settings = settings
        self._eye = eye

    def open(self) -> Bench:
        """Open the world and start its safety monitor."""
        scene = Scene(arm_name=self._settings.arm)
        eye = replace(self._eye(scene), rate_hz=self._settings.picture_rate_hz)
        options = Options(eye=eye)
        with ExitStack() as opening:
            world = opening.enter_context(World(scene, self._settings.seed, options))
            model = scene.arm_model()
            limits = Limits(JointLimits.of(model))
            monitor = MonitorProcess.for_arm(model, limits, world.arm.info)
            opening.callback(monitor.close)
            opening.callback(world.arm.stop)
            controller = ArmController(
                world.arm, world.clock, model, limits, monitor, scene.surroundings, scene.home
            )
            _rehearse(world, controller, Person.sample(self._settings.seed, "adult"))
            return Bench(
                world.arm,
                world.gripper,
                world.clock,
                controller,
                monitor,
                world.camera,
                _Chair(world),
                simulated=True,
                opened=opening.pop_all(),
            )
        raise AssertionError("an ExitStack swallows nothing here")  # for the type checker


def _rehearse(world: World, controller: ArmController, person: Person) -> None:
    """Run everything once, a person and a picture too: who is up must not stop to compile."""
    world.seat(person)
    for _ in range(round(_REHEARSAL_S * world.arm.info.rate_hz)):
        controller.cycle()
        period_ns = round(NANOSECONDS_PER_SECOND / world.arm.info.rate_hz)
        world.clock.sleep_until(world.clock.now_ns() + period_ns)
    world.camera.next_frame(0.0)
    world.dismiss()


class _Chair:
    """The word that reaches the simulated person."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._guide = SimulatedGuide(world)

    def __call__(self, what: str, *values: Any) -> None:
        match what:
            case "seat":
                seed, population = values
                self.world.seat(Person.sample(seed, population))
            case "dismiss":
                self.world.dismiss()
            case "cue":
                self._guide.instruct(Instruction(values[0]))
