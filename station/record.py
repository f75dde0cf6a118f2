"""The sampling record: the evidence that a sample is good, as immutable values."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

from station.errors import StationError
from station.states import State

SCHEMA = "swab-booth/sampling-record/1"


class Outcome(StrEnum):
    """How a session ended. SAMPLED: every required site was swabbed, the swab is in its tube."""

    SAMPLED = "sampled"
    REFUSED = "refused"
    ABORTED = "aborted"


@dataclass(frozen=True, slots=True)
class ForceStatistics:
    """Force along the surface normal while pressing on it [N], as the controller measured it.

    ``in_band`` is the fraction of the contact time between the procedure's lower and upper force.
    All are zero without contact.
    """

    mean: float = 0.0
    deviation: float = 0.0
    peak: float = 0.0
    in_band: float = 0.0

    def __post_init__(self) -> None:
        if not 0.0 <= self.in_band <= 1.0:
            raise StationError(f"in-band fraction {self.in_band} is outside [0, 1]; recount it")


@dataclass(frozen=True, slots=True)
class TargetEvidence:
    """The target that was touched, in the mouth frame at the time it was chosen.

    ``point`` [m], ``normal`` unit, ``deviation`` [m] one standard deviation along each axis,
    ``confidence`` the calibrated probability that the point lies on its site, ``sightings`` the
    number of frames that were fused.
    """

    point: tuple[float, float, float]
    normal: tuple[float, float, float]
    deviation: tuple[float, float, float]
    confidence: float
    sightings: int


@dataclass(frozen=True, slots=True)
class SiteEvidence:
    """What was done at one site.

    ``coverage`` is the fraction of the planned wiping path that was travelled in contact;
    ``wiped_area`` [m²] that length times the tip's width. ``skipped`` says why a site was left
    out, empty when it was swabbed. ``pictures`` were taken while the tip pressed on something;
    ``confirmed`` of them show it on the site's own tissue, which the others may hide.
    """

    site: str
    strokes: int
    contact_s: float
    force: ForceStatistics
    coverage: float
    wiped_area: float
    attempts: int
    target: TargetEvidence | None = None
    skipped: str = ""
    pictures: int = 0
    confirmed: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.confirmed <= self.pictures:
            raise StationError(f"{self.confirmed} of {self.pictures} pictures confirm; recount")
        if not 0.0 <= self.coverage <= 1.0:
            raise StationError(f"coverage {self.coverage} is outside [0, 1]; recount it")
        if self.strokes < 0 or self.contact_s < 0.0:
            raise StationError(f"{self.strokes} strokes in {self.contact_s} s: neither can be < 0")


@dataclass(frozen=True, slots=True)
class Decision:
    """One entry of the decision trail: what happened, in which state, ``time_s`` into it."""

    time_s: float
    state: State
    event: str
    detail: str


@dataclass(frozen=True, slots=True)
class Provenance:
    """What ran: software, configuration, procedure and model, each by version or SHA-256."""

    software: str
    configuration: str
    procedure: str
    model: str
    packages: Mapping[str, str] = field(default_factory=dict)
    simulated: bool = False


@dataclass(frozen=True, slots=True)
class SamplingRecord:
    """Everything that is kept of one session. Holds no name and no identity number.

    ``started_at`` is UTC in ISO 8601; ``duration_s`` runs on the booth's monotonic clock from
    sitting down to the end.
    """

    booth: str
    session: str
    ticket: str
    outcome: Outcome
    reason: str
    started_at: str
    duration_s: float
    sites: tuple[SiteEvidence, ...]
    trail: tuple[Decision, ...]
    provenance: Provenance
    tube: str = ""
    late_cycles: int = 0
    schema: str = SCHEMA

    def __post_init__(self) -> None:
        if self.outcome is Outcome.SAMPLED and not self.tube:
            raise StationError("a sample without a tube code cannot be recorded; scan the tube")

    @property
    def strokes(self) -> int:
        """All strokes over all sites."""
        return sum(site.strokes for site in self.sites)

    @property
    def peak_force(self) -> float:
        """The highest force [N] over all sites."""
        return max((site.force.peak for site in self.sites), default=0.0)

    @property
    def swabbed(self) -> tuple[str, ...]:
        """The sites that were swabbed, in the order they were."""
        return tuple(site.site for site in self.sites if not site.skipped)

    def document(self) -> dict[str, Any]:
        """Return the record as plain JSON values."""
        return {name: _plain(value) for name, value in asdict(self).items()}


def _plain(value: object) -> Any:  # noqa: ANN401 - JSON values have no narrower type
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    if isinstance(value, StrEnum):
        return value.value
    return value
