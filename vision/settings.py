"""What the locator and the tracker are told: every threshold, typed, bounded and declared once."""

from dataclasses import dataclass, field, fields

from vision.errors import VisionError


def bounded(default: float, low: float, high: float) -> float:
    """Declare a number whose value must lie in [``low``, ``high``]."""
    return field(default=default, metadata={"low": low, "high": high})


class Bounded:
    """Checks every declared bound when the value object is made."""

    __slots__ = ()

    def __post_init__(self) -> None:
        for item in fields(self):  # type: ignore[arg-type]  # subclasses are dataclasses
            value = getattr(self, item.name)
            low, high = item.metadata["low"], item.metadata["high"]
            if not low <= value <= high:
                raise VisionError(
                    f"{item.name} = {value} is outside {low} to {high}; correct the configuration"
                )


@dataclass(frozen=True, slots=True)
class LocatorSettings(Bounded):
    """Thresholds of the locator; lengths in metres, angles in radians, shares in [0, 1]."""

    min_opening: float = bounded(0.035, 0.02, 0.06)
    """Below this the swab cannot pass tongue and teeth: 35 mm (assumed)."""
    opening_margin: float = bounded(0.0025, 0.0, 0.005)
    """By how much the opening measured must exceed it, for the error of measuring (of 587 mouths
    too narrow, on frames of calibration, 9 were measured wider than this, 23 than 1.5 mm)."""
    closed_opening: float = bounded(0.012, 0.0, 0.02)
    """Below this the mouth counts as closed, so that the person is asked to open it."""
    min_range: float = bounded(0.07, 0.03, 0.3)
    """Nearest depth trusted (D405: 7 cm)."""
    max_range: float = bounded(0.60, 0.2, 1.0)
    """Farthest mouth the booth's arm is meant to reach from its look-out pose."""
    max_head_turn: float = bounded(0.61, 0.1, 1.2)
    """Largest angle between the mouth's axis and the line of sight (35 degrees)."""
    corridor_radius: float = bounded(0.045, 0.02, 0.08)
    """Largest distance of a target from the mouth's axis, across it."""
    min_valid_depth: float = bounded(0.25, 0.05, 1.0)
    """Smallest share of a site's pixels with a raw measured depth."""
    min_site_pixels: float = bounded(24, 4, 100_000)
    """Smallest area of a site, in pixels of the camera's picture."""
    min_site_area: float = bounded(30e-6, 1e-6, 400e-6)
    """Smallest visible tissue [m²] of a site around its target; the swab's tip covers 20 mm²."""
    min_confidence: float = bounded(0.5, 0.0, 1.0)
    """Smallest calibrated probability that the point lies on its site; the model's own threshold
    holds where it is higher."""
    path_length: float = bounded(0.010, 0.002, 0.03)
    """Length of the wiping path."""


@dataclass(frozen=True, slots=True)
class TrackerSettings(Bounded):
    """How the mouth is followed; standard deviations of a white-acceleration motion model."""

    max_age_s: float = bounded(0.25, 0.02, 2.0)
    """A pose predicted further than this from the last sighting is refused."""
    acceleration: float = bounded(0.6, 0.01, 20.0)
    """Head acceleration [m/s²], one standard deviation (sway 6 mm/s at 0.35 Hz, and gags)."""
    angular_acceleration: float = bounded(2.0, 0.01, 50.0)
    """Head angular acceleration [rad/s²], one standard deviation."""
    gate: float = bounded(30.0, 5.0, 200.0)
    """Largest squared Mahalanobis innovation (6 degrees of freedom) taken as the same head."""
    lost_after: float = bounded(3, 1, 30)
    """Sightings in a row outside the gate after which the track starts anew."""
    max_speed: float = bounded(0.05, 0.005, 0.5)
    """Head speed [m/s] above which the head counts as moving."""
    target_memory_s: float = bounded(2.0, 0.1, 10.0)
    """How long a target not seen any more (swab in front) stays known, carried by the head."""
