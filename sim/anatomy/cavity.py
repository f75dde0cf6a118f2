"""One head at one instant: mesh, contact distance and the truth about the sites."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sim.anatomy.anatomy import Anatomy
from sim.anatomy.articulation import Articulation
from sim.anatomy.distance import first_part, settle, signed_distance
from sim.anatomy.mesh import Mesh
from sim.anatomy.parts import SITE_PARTS, Part
from sim.anatomy.profile import Array
from sim.anatomy.shape import Shape, build_shape
from sim.anatomy.tessellation import tessellate
from sim.errors import SimError
from spatial import Vector, vector
from vision.entry import entries
from vision.target import Site

_REGION_RADIUS = 0.012
_SITE_REACH = 0.003
_BESIDE = (0.002, 0.004, 0.006, 0.008)  # m from a hidden middle at which the site is looked for
_BETWEEN_THE_LIPS = np.array([0.002, 0.0, 0.002])
_OUTSIDE = np.array([0.002, 0.0, 0.0])  # m before the lips, where a way in begins


@dataclass(frozen=True, slots=True, eq=False)
class SiteTruth:
    """Where a site truly is, in the mouth frame.

    ``point`` (3,) [m] lies on the tissue, ``normal`` (3,) points out of it into the air.
    ``reachable`` says that the straight line from between the lips to it meets the site first, and
    no other tissue.
    """

    site: Site
    point: Vector
    normal: Vector
    reachable: bool


@dataclass(frozen=True, slots=True)
class OralCavity:
    """The surfaces of one head in one articulation.

    Cheap to make (about 1 ms); make a new one whenever the articulation changes.
    """

    anatomy: Anatomy
    articulation: Articulation = field(default_factory=Articulation)
    shape: Shape = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "shape", build_shape(self.anatomy, self.articulation))

    @property
    def opening(self) -> float:
        """The opening between the incisors [m], never more than the person can."""
        return min(self.articulation.opening, self.anatomy.opening_max)

    def mesh(self, detail: float = 1.0) -> Mesh:
        """Return the whole mesh; ``detail`` scales the number of grid lines."""
        return Mesh.joined(self.meshes(detail))

    def meshes(self, detail: float = 1.0) -> tuple[Mesh, Mesh]:
        """Return the mesh of the face's skin, and that of everything from the lips inwards."""
        if not 0.4 <= detail <= 4.0:
            raise SimError(f"mesh detail {detail} is outside 0.4 to 4; choose 1 for pictures")
        return tessellate(self.shape, detail)

    def signed_distance(self, points: ArrayLike) -> tuple[Array, Array, NDArray[np.uint8]]:
        """Return distance (n,) [m], normal (n, 3) and part (n,) of the nearest surface.

        ``points`` (n, 3) or (3,) [m] in the mouth frame. Distance is positive in air and negative
        in tissue; the normal points out of the tissue. Some microseconds a point.
        """
        p = np.ascontiguousarray(points, dtype=np.float64).reshape(-1, 3)
        distance, normals = np.empty(len(p)), np.empty((len(p), 3))
        parts = np.empty(len(p), np.uint8)
        signed_distance(self.shape.surfaces, p, distance, normals, parts)
        return distance, normals, parts

    def site(self, site: Site) -> SiteTruth:
        """Return where ``site`` truly is.

        The point is where the straight line from between the lips to the middle of the site first
        meets tissue; where that is not the site (anything else stands before it), it is the
        surface nearest the middle of the site, and ``reachable`` is false.
        """
        return self._truth(site)[0]

    def exposed_site(self, site: Site) -> SiteTruth:
        """Return where a straight swab can touch ``site``, as near its middle as may be.

        As `site`, but from wherever between the lips a swab may enter (`vision.entry`): over the
        tongue, or past the uvula, a way is often free that is not from their very middle. Where no
        more than the soft palate's edge stands before the middle of a tonsil, the point may be the
        nearest place, within 8 mm of it, that a line from the lips' middle meets first.
        """
        truth, before = self._truth(site)
        if truth.reachable:
            return truth
        middle = self._middle(site)
        for entry in entries(self.opening):
            hit, part = self._before(middle, entry + _OUTSIDE)
            if part in SITE_PARTS[site]:
                return self._settled(site, hit, reachable=True)
        if before != Part.SOFT_PALATE:
            return truth
        way = (middle - _BETWEEN_THE_LIPS) / float(np.linalg.norm(middle - _BETWEEN_THE_LIPS))
        aside = np.cross(way, (0.0, 0.0, 1.0))
        aside /= float(np.linalg.norm(aside))
        up = np.cross(aside, way)
        for radius in _BESIDE:
            found = []
            for angle in np.arange(0.0, 2 * np.pi, np.pi / 8):
                aim = middle + radius * (np.cos(angle) * aside + np.sin(angle) * up)
                hit, part = self._before(aim)
                if part in SITE_PARTS[site]:
                    found.append(hit)
            if found:
                point = min(found, key=lambda hit: float(np.linalg.norm(hit - middle)))
                return self._settled(site, point, reachable=True)
        return truth

    def _truth(self, site: Site) -> tuple[SiteTruth, int]:
        """Return `site`, and the part that the line to its middle meets first, -1 for none."""
        middle = self._middle(site)
        hit, part = self._before(middle)
        reachable = part in SITE_PARTS[site]
        return self._settled(site, hit if reachable else middle, reachable=reachable), part

    def _settled(self, site: Site, point: Array, *, reachable: bool) -> SiteTruth:
        normal = np.empty(3)
        settle(self.shape.surfaces, point, normal)
        return SiteTruth(site, vector(point), vector(normal), reachable)

    def _before(self, aim: Array, start: Array = _BETWEEN_THE_LIPS) -> tuple[Array, int]:
        """Return where the straight line from ``start`` to ``aim`` meets which part first.

        The part is -1 where it meets nothing up to 10 mm behind ``aim``.
        """
        hit = np.empty(3)
        return hit, first_part(self.shape.surfaces, start, aim, 0.01, hit)

    def is_on_site(self, point: ArrayLike, site: Site) -> bool:
        """Whether ``point`` (3,) [m] lies on the tissue of ``site``, within 3 mm of its surface."""
        p = np.asarray(point, dtype=np.float64).reshape(3)
        distance, _, parts = self.signed_distance(p)
        if abs(distance[0]) > _SITE_REACH or Part(int(parts[0])) not in SITE_PARTS[site]:
            return False
        return bool(np.linalg.norm(p - self.site(site).point) <= _REGION_RADIUS)

    def _middle(self, site: Site) -> Array:
        _, velum, _, wall, velum_z, tongue_z = self.shape.surfaces.marks
        if site is Site.POSTERIOR_WALL:
            below = velum_z - self.anatomy.uvula_length
            z = 0.5 * (tongue_z + max(below, tongue_z + 0.004))
            return np.array([-wall - 0.06 * z, 0.0, z])
        part, side = (
            (Part.TONSIL_RIGHT, -1.0) if site is Site.RIGHT_TONSIL else (Part.TONSIL_LEFT, 1.0)
        )
        rows = self.shape.surfaces.blobs[self.shape.surfaces.blobs[:, 0] == part]
        if len(rows):
            # towards the middle of the mouth: the lateral half hides behind the anterior arch
            return np.array([rows[0, 1], rows[0, 2] - side * 0.7 * rows[0, 14], rows[0, 3]])
        half = float(self.shape.cavity.at(np.array([velum]))[0, 0])
        return np.array([-(velum + 0.004), side * half, 0.5 * (velum_z + tongue_z)])
