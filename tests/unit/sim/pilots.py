"""Pilots for tests: small, fast and honest about what they do."""

import os
import signal

from sim.pilot import PilotReport
from sim.scenario import Scenario, Verdict
from sim.world import Options, World
from vision.target import Site


class StillPilot:
    """Waits a little, holds still, and says that all went well."""

    def options(self, scenario: Scenario) -> Options:
        """Take the world as it comes."""
        assert scenario.name
        return Options()

    def fly(self, world: World, scenario: Scenario) -> PilotReport:
        """Let 0.3 s pass."""
        world.enter_phase("locating")
        world.cue("open_mouth")
        world.clock.sleep_until(world.clock.now_ns() + 300_000_000)
        strokes = {Site.POSTERIOR_WALL: scenario.seed % 4}
        return PilotReport(Verdict.SAMPLED, strokes=strokes, target_errors={Site.LEFT_TONSIL: 2e-3})


class ClumsyPilot(StillPilot):
    """Raises where the world seed is odd, refuses the others."""

    def fly(self, world: World, scenario: Scenario) -> PilotReport:
        """Raise or refuse."""
        world.clock.sleep_until(world.clock.now_ns() + 50_000_000)
        if scenario.seed % 2:
            raise ValueError("clumsy")
        return PilotReport(Verdict.REFUSED, "no_face")


class DoomedPilot(StillPilot):
    """Kills its own process where the world seed is odd."""

    def fly(self, world: World, scenario: Scenario) -> PilotReport:
        """Die or hold still."""
        if scenario.seed % 2:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().fly(world, scenario)
