"""What touched what, how hard and where: kept by the world for its truth, read by reports."""

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from sim.anatomy import SITE_PARTS, OralCavity, Part
from sim.engine import Collision
from sim.truth import SiteOutcome
from spatial import Matrix, Vector
from vision.target import Site

LOG_PERIOD_STEPS = 4
"""A contact is written down every 4 ms."""

TOUCH_N = 0.02
"""Below this normal force [N] a touch does not count as contact."""

_REGION_RADIUS = 0.010  # of a site's area whose wiped share is the coverage [m]
_REGION_PITCH = 0.001
_SMEAR = 0.0005  # the bud wipes a little more than its own radius [m]


@dataclass(slots=True)
class Ledger:
    """Everything the swab did to one person.

    Parameters
    ----------
    bud_radius
        Radius of the swab's bud [m].
    """

    bud_radius: float
    peak_force: float = 0.0
    peak_forces: dict[Part, float] = field(default_factory=dict)
    peak_collision: float = 0.0
    times: list[float] = field(default_factory=list)
    parts: list[int] = field(default_factory=list)
    normal_forces: list[float] = field(default_factory=list)
    points: list[Vector] = field(default_factory=list)
    open_cavity: OralCavity | None = None

    def note(
        self,
        t: float,
        step: int,
        parts: np.ndarray,
        forces: Matrix,
        normal_forces: Vector,
        inside: Matrix,
        cavity: OralCavity,
    ) -> None:
        """Take down one step's contacts; the first point is the bud."""
        for i in np.flatnonzero(normal_forces > 0.0):
            size = float(np.sqrt(forces[i] @ forces[i]))
            part = Part(int(parts[i]))
            if size > self.peak_forces.get(part, 0.0):
                self.peak_forces[part] = size
                self.peak_force = max(self.peak_force, size)
        if step % LOG_PERIOD_STEPS == 0 and normal_forces[0] > TOUCH_N:
            self.times.append(t)
            self.parts.append(int(parts[0]))
            self.normal_forces.append(float(normal_forces[0]))
            self.points.append(inside[0].copy())
            self.open_cavity = cavity

    def bump(self, collisions: Iterable[Collision]) -> None:
        """Take down what arm and hand touched of head and booth."""
        for collision in collisions:
            self.peak_collision = max(self.peak_collision, collision.force)

    def outcome(self, site: Site, cavity: OralCavity) -> SiteOutcome:
        """Return one site's truth with what was wiped of it so far."""
        shape = self.open_cavity or cavity
        where = shape.site(site)
        wanted = np.isin(self.parts, [int(p) for p in SITE_PARTS[site]])
        points = np.array(self.points).reshape(-1, 3)[wanted]
        forces = np.array(self.normal_forces)[wanted]
        region = _region(shape, site)
        coverage = 0.0
        if len(points) and len(region):
            # from bud centres to where they touched is one bud radius along the normal
            reach = self.bud_radius + self.bud_radius + _SMEAR
            gaps = np.linalg.norm(region[:, None, :] - points[None, :, :], axis=2).min(axis=1)
            coverage = float(np.mean(gaps < reach))
        return SiteOutcome(
            site=site,
            mouth_point=where.point,
            mouth_normal=where.normal,
            reachable=where.reachable,
            coverage=coverage,
            contact_s=len(points) * LOG_PERIOD_STEPS * 1e-3,
            peak_force=float(forces.max()) if len(forces) else 0.0,
            mean_force=float(forces.mean()) if len(forces) else 0.0,
        )


def _region(cavity: OralCavity, site: Site) -> Matrix:
    """Return points (n, 3) [m] spread over the site's tissue within 10 mm of its centre."""
    where = cavity.site(site)
    hint = np.array([0.0, 0.0, 1.0]) if abs(where.normal[2]) < 0.9 else np.array([1.0, 0.0, 0.0])
    across = np.cross(where.normal, hint)
    across /= np.linalg.norm(across)
    up = np.cross(where.normal, across)
    ticks = np.arange(-_REGION_RADIUS, _REGION_RADIUS + 1e-9, _REGION_PITCH)
    u, v = np.meshgrid(ticks, ticks)
    disc = u**2 + v**2 <= _REGION_RADIUS**2
    points = where.point + u[disc][:, None] * across + v[disc][:, None] * up
    for _ in range(6):
        distance, normals, _ = cavity.signed_distance(points)
        points = points - distance[:, None] * normals
    distance, _, parts = cavity.signed_distance(points)
    near = np.linalg.norm(points - where.point, axis=1) <= 1.3 * _REGION_RADIUS
    on_site = np.isin(parts, [int(p) for p in SITE_PARTS[site]]) & (np.abs(distance) < 1e-3)
    return np.asarray(points[near & on_site])
