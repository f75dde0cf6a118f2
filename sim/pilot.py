"""Who drives the booth in an episode: a pilot, and what it says of its own work."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import Protocol, cast

from sim.errors import SimError
from sim.scenario import Scenario, Verdict
from sim.world import Options, World
from vision.target import Site


@dataclass(frozen=True, slots=True)
class PilotReport:
    """What the pilot says: how it ended, why, and what it did at each site.

    ``strokes`` as the controller counted them; ``target_errors`` [m] from the point it aimed at to
    the site's true centre, where the pilot had it measured by the report.
    """

    verdict: Verdict
    reason: str = ""
    detail: str = ""
    strokes: Mapping[Site, int] = field(default_factory=dict)
    target_errors: Mapping[Site, float] = field(default_factory=dict)


class Pilot(Protocol):
    """Makes a world for a scenario, and drives the booth through one episode on it.

    The runner seats the person and schedules what happens; the pilot gives cues, names the phases
    through ``world.enter_phase`` and sees nothing but the world's ports.
    """

    def options(self, scenario: Scenario) -> Options:
        """Return the options of the world this pilot wants."""
        ...

    def fly(self, world: World, scenario: Scenario) -> PilotReport:
        """Drive one episode to its end, the arm at rest and out of the mouth."""
        ...


REFERENCE = "sim.reference:ReferencePilot"
"""The pilot that ships with the simulator."""


def pilot_named(name: str) -> Pilot:
    """Return the pilot ``module:callable`` makes; SimError where there is none."""
    module, _, attribute = name.partition(":")
    try:
        make = getattr(import_module(module), attribute)
    except (ImportError, AttributeError, ValueError) as error:
        raise SimError(
            f"pilot {name!r} cannot be loaded ({error}); give module:callable, such as {REFERENCE}"
        ) from error
    return cast("Pilot", make())
