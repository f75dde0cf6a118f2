"""The station as a pilot: episodes of the simulator flown by the booth's own session, eye and all.

Where the reference pilot asks how arm and control behave, by the thousand and without pictures,
this one asks the whole stack: painted pictures, the network, the watch over the swab, the session.
"""

from functools import cache

from arm_control.procedure import Procedure
from sim.errors import SimError
from sim.faults import Fault, Unit
from sim.painter import eye_of
from sim.pilot import PilotReport
from sim.scenario import EngineName, Scenario, Verdict
from sim.scene import Scene
from sim.world import Options, World
from spatial import stamp_ns
from station.config import SessionSettings
from station.demo.audit import TruthAudit
from station.sight import LOCATOR
from station.simulated import SimulatedBooth
from vision.network import OnnxModel
from vision.pipeline import ThroatLocator
from vision.target import Site


class StationPilot:
    """Flies a scenario as ``booth demo`` serves a person; ``--pilot station.pilot:StationPilot``.

    Its vision runs in the session's own process, so faults of a vision process (``vision.*``) are
    for other pilots: SimError.
    """

    def options(self, scenario: Scenario) -> Options:
        """Return a world with painted pictures."""
        if scenario.engine is not EngineName.BULLET:
            raise SimError(f"{scenario.name}: the station flies on {EngineName.BULLET} alone")
        return Options(eye=eye_of(Scene(arm_name=scenario.arm)))

    def fly(self, world: World, scenario: Scenario) -> PilotReport:
        """Serve the person who sits there."""
        for happening in scenario.happenings:
            if isinstance(happening.what, Fault) and happening.what.unit is Unit.VISION:
                raise SimError(f"{scenario.name}: the station has no vision process to break")
        child = scenario.population == "child"
        procedure = Procedure.shipped("oropharyngeal_child" if child else "oropharyngeal_adult")
        locator = ThroatLocator(_network(), LOCATOR)
        clock, period_ns = world.clock, stamp_ns(1.0 / world.arm.info.rate_hz)
        with SimulatedBooth(world, locator, procedure, SessionSettings()) as booth:
            session = booth.new_session()
            audit = TruthAudit(world, session)
            session.observe(audit)
            session.call(clock.now_ns())
            session.sit(clock.now_ns())
            while not session.finished:
                session.tick()
                clock.sleep_until(clock.now_ns() + period_ns)
            audit.close()
        result = session.result()
        errors = {Site(one.site): one.target_error for one in audit.sites}
        return PilotReport(
            Verdict(result.outcome.value),
            result.reason,
            result.detail,
            {Site(one.site): one.strokes for one in result.sites},
            {site: error for site, error in errors.items() if error is not None},
        )


@cache
def _network() -> OnnxModel:
    return OnnxModel()
