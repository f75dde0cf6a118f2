"""What really happened: ground truth for reports and tests, never for a controller."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from sim.anatomy import Part
from spatial import Pose, Twist, Vector
from vision.target import Site


class SwabFate(StrEnum):
    """Where the swab is."""

    NONE = "none"
    IN_HAND = "in_hand"
    IN_TUBE = "in_tube"
    IN_BIN = "in_bin"
    DROPPED = "dropped"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True, eq=False)
class Contact:
    """The swab on one part: the force on the swab (3,) [N, base], its normal share and where.

    ``mouth_point`` (3,) [m] is the touched point in the mouth frame.
    """

    part: Part
    force: Vector
    normal_force: float
    mouth_point: Vector


@dataclass(frozen=True, slots=True, eq=False)
class SiteOutcome:
    """One site as it is, and what was done to it.

    Centre (3,) [m] and outward normal (3,) in the mouth frame; ``reachable`` says whether a
    straight swab can meet it first in this mouth. ``coverage`` in [0, 1] is the wiped share of the
    site's area, ``contact_s`` the time the bud pressed on it, ``peak_force`` and ``mean_force`` [N]
    the normal force meanwhile.
    """

    site: Site
    mouth_point: Vector
    mouth_normal: Vector
    reachable: bool
    coverage: float
    contact_s: float
    peak_force: float
    mean_force: float


@dataclass(frozen=True, slots=True, eq=False)
class Truth:
    """The state of the world at ``stamp_ns``.

    ``base_mouth`` and its ``mouth_twist`` (of the mouth's origin, base axes); ``base_tip`` the
    bent swab's real tip; ``contacts`` of the swab now; ``peak_force`` [N] on any part so far and
    ``peak_forces`` by part, ``peak_collision`` [N] of arm or hand against head and booth;
    ``sites`` by site, empty while nobody sits; ``seated`` and ``opening`` [m] of the person;
    ``swab`` is the swab's fate and ``tubes`` how many swabs stand in tubes.
    """

    stamp_ns: int
    base_mouth: Pose
    mouth_twist: Twist
    base_tip: Pose
    contacts: tuple[Contact, ...]
    peak_force: float
    peak_forces: Mapping[Part, float]
    sites: Mapping[Site, SiteOutcome]
    peak_collision: float
    seated: bool
    opening: float
    swab: SwabFate
    tubes: int
