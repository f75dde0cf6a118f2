"""Measures the session against the simulator's ground truth: for the report alone."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from arm_control.report import CycleReport, Phase
from sim.world import World
from station.errors import StationError
from station.record import Decision
from station.session import SamplingSession
from station.states import State
from vision.frame import Frame
from vision.target import Refusal, Sighting, Site

_TOUCH_N = 0.025  # N, at which the controller calls it contact


@dataclass(frozen=True, slots=True)
class SiteAudit:
    """One site as the world knows it: target error [m] at the first touch, coverage, forces [N].

    ``target_error`` is the distance from the point the swab was sent to, to the true centre of the
    site, both in the base at that instant; None where the site was not gone to. ``coverage``,
    ``contact_s``, ``peak_force`` and ``mean_force`` are of the site's own tissue; ``touched_s`` and
    ``touch_force`` (mean) of whatever the swab touched while the booth wiped there, which is what
    the wrist can feel.
    """

    site: str
    target_error: float | None
    coverage: float
    contact_s: float
    peak_force: float
    mean_force: float
    touched_s: float = 0.0
    touch_force: float = 0.0


class TruthAudit:
    """Observes a session and asks the world what really was. Nothing of it reaches the session."""

    def __init__(self, world: World, session: SamplingSession) -> None:
        self._world = world
        self._session = session
        self._errors: dict[str, float] = {}
        self._touches: dict[str, list[float]] = {}
        self._last_ns = 0
        self._period_s = 0.0
        self._final: tuple[tuple[SiteAudit, ...], float] | None = None

    def cycled(self, report: CycleReport) -> None:
        """Feel with the world what the swab touches while the booth says that it wipes."""
        self._period_s = (report.stamp_ns - self._last_ns) * 1e-9
        self._last_ns = report.stamp_ns
        site = self._session.site
        if site is None or report.phase not in (Phase.TOUCHING, Phase.WIPING):
            return
        force = sum((contact.force for contact in self._world.contacts), start=np.zeros(3))
        size = float(np.linalg.norm(force))
        if size > _TOUCH_N:
            self._touches.setdefault(site, []).append(size)

    def saw(self, frame: Frame, seen: Sighting | Refusal) -> None:
        """Pictures are not audited."""

    def decided(self, decision: Decision) -> None:
        """Measure the target's error when the swab has arrived before a site."""
        site, point = self._session.site, self._session.base_target
        if decision.state is not State.SWABBING or site is None or point is None:
            return
        truth = self._world.truth
        centre = truth.base_mouth.apply(truth.sites[Site(site)].mouth_point)
        self._errors[site] = float(np.linalg.norm(point - centre))

    def close(self) -> None:
        """Take the world's ledger down, before the person leaves."""
        truth = self._world.truth
        sites = tuple(
            SiteAudit(
                site.value,
                self._errors.get(site.value),
                outcome.coverage,
                outcome.contact_s,
                outcome.peak_force,
                outcome.mean_force,
                len(self._touches.get(site.value, ())) * self._period_s,
                float(np.mean(self._touches.get(site.value, 0.0))),
            )
            for site, outcome in truth.sites.items()
        )
        self._final = sites, truth.peak_force

    @property
    def sites(self) -> tuple[SiteAudit, ...]:
        """What the world knew of every site at the end."""
        return () if self._final is None else self._final[0]

    @property
    def peak_force(self) -> float:
        """The highest tissue force on the swab [N], wherever it touched."""
        return 0.0 if self._final is None else self._final[1]

    def save(self, path: Path) -> None:
        """Write what the world knew as JSON; raises StationError where that fails."""
        document = {"peak_force": self.peak_force, "sites": [asdict(site) for site in self.sites]}
        try:
            path.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
        except OSError as error:
            raise StationError(f"cannot write {path}: {error.strerror}; free space") from error
