"""Follows the mouth in the base frame, so that a target is known at the arm's rate."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from spatial import Matrix, Pose, Twist, Vector, age_s, matrix, seconds, unit, vector
from spatial.pose import skew
from vision.settings import TrackerSettings
from vision.target import Refusal, RefusalReason, Sighting, Site, Target


@dataclass(frozen=True, slots=True, eq=False)
class Innovation:
    """How a sighting differed from what was expected of it.

    ``difference`` (6,): translation [m] then rotation [rad], base axes; ``distance`` the squared
    Mahalanobis distance (chi-squared with 6 degrees of freedom when all is well); ``accepted``
    false when the sighting lay outside the gate and was not used.
    """

    difference: Vector
    distance: float
    accepted: bool


@dataclass(frozen=True, slots=True, eq=False)
class TrackedMouth:
    """The mouth at ``stamp_ns``, predicted from the last sighting ``age_s`` [s] earlier.

    ``twist`` is the velocity of the mouth's origin in base axes. ``covariance`` (6, 6): translation
    [m²] then rotation vector [rad²], base axes. ``opening`` [m] as last seen.
    """

    stamp_ns: int
    base_mouth: Pose
    twist: Twist
    covariance: Matrix
    opening: float
    age_s: float


@dataclass(frozen=True, slots=True, eq=False)
class TrackedTarget:
    """A target carried by the tracked mouth: the fields of ``Target``, in base coordinates.

    ``velocity`` (3,) [m/s] of the point; ``age_s`` [s] since the site itself was last seen;
    ``sightings`` the number fused into it.
    """

    site: Site
    stamp_ns: int
    point: Vector
    normal: Vector
    path: Matrix
    covariance: Matrix
    velocity: Vector
    confidence: float
    clearance: float
    age_s: float
    sightings: int


@dataclass(slots=True)
class _Estimate:
    """State of the error-state filter: pose, velocities, and the error covariance (12, 12)."""

    stamp_ns: int
    pose: Pose
    velocity: Vector  # linear then angular (6,), base axes
    covariance: Matrix


@dataclass(slots=True)
class _SiteEstimate:
    """One site's target in mouth coordinates, fused over sightings."""

    target: Target
    point: Vector
    covariance: Matrix
    confidence: float
    stamp_ns: int
    sightings: int


class MouthTracker:
    """Fuses sightings over time; one person, one tracker.

    An error-state Kalman filter with constant velocity on SE(3): rotation errors live in the
    tangent space at the estimate (Sola 2017, arXiv 1711.02508, section 5), and white acceleration
    drives both velocities. Targets are fused in mouth coordinates, where they hardly move.
    Not thread-safe: one thread updates and asks.
    """

    def __init__(self, settings: TrackerSettings | None = None) -> None:
        self._settings = settings or TrackerSettings()
        self._estimate: _Estimate | None = None
        self._sites: dict[Site, _SiteEstimate] = {}
        self._opening = 0.0
        self._rejected = 0
        self._innovation: Innovation | None = None

    @property
    def innovation(self) -> Innovation | None:
        """The last sighting's innovation; None before the second sighting of a track."""
        return self._innovation

    def reset(self) -> None:
        """Forget the person."""
        self._estimate, self._innovation, self._rejected = None, None, 0
        self._sites.clear()

    def update(self, sighting: Sighting, base_camera: Pose) -> Innovation | None:
        """Take in a sighting and the camera's pose when its frame was taken.

        Returns the innovation, or None where this sighting starts the track. A sighting older than
        the last is ignored. After ``lost_after`` sightings in a row outside the gate the track
        starts anew from the last of them, and the targets fused before are forgotten.
        """
        R = base_camera.rotation
        measured = base_camera @ sighting.optical_mouth
        turn = np.kron(np.eye(2), R)
        noise = turn @ sighting.covariance @ turn.T
        before = self._estimate
        if before is not None and sighting.stamp_ns <= before.stamp_ns:
            return self._innovation
        if before is None or seconds(sighting.stamp_ns - before.stamp_ns) > max(
            1.0, 4 * self._settings.max_age_s
        ):
            self._start(sighting, measured, noise)
            return None
        predicted = self._predict(before, sighting.stamp_ns)
        difference = np.concatenate(
            [
                measured.translation - predicted.pose.translation,
                Pose(measured.rotation @ predicted.pose.rotation.T).rotation_vector(),
            ]
        )
        S = predicted.covariance[:6, :6] + noise
        distance = float(difference @ np.linalg.solve(S, difference))
        accepted = distance <= self._settings.gate
        self._innovation = Innovation(vector(difference, 6), distance, accepted)
        if not accepted:
            self._rejected += 1
            if self._rejected >= self._settings.lost_after:
                self._start(sighting, measured, noise)
            else:
                # a head that was seen elsewhere is not led on at a speed it may have lost
                before.velocity = vector(np.zeros(6), 6)
            return self._innovation
        self._rejected = 0
        gain = np.linalg.solve(S, predicted.covariance[:6, :]).T  # (12, 6)
        correction = gain @ difference
        keep = np.eye(12)
        keep[:, :6] -= gain
        # Joseph form keeps the covariance symmetric and positive (Bucy and Joseph 1968)
        covariance = keep @ predicted.covariance @ keep.T + gain @ noise @ gain.T
        pose = Pose(
            Pose.from_rotation_vector(correction[3:6]).rotation @ predicted.pose.rotation,
            predicted.pose.translation + correction[:3],
        )
        self._estimate = _Estimate(
            sighting.stamp_ns, pose, predicted.velocity + correction[6:], covariance
        )
        self._opening = sighting.opening
        self._fuse(sighting.targets, sighting.optical_mouth, sighting.stamp_ns)
        return self._innovation

    def mouth(self, stamp_ns: int) -> TrackedMouth | Refusal:
        """Return the mouth as expected at ``stamp_ns`` [ns], or why it is not known."""
        estimate = self._estimate
        if estimate is None:
            return Refusal(RefusalReason.NO_FACE, stamp_ns, "no sighting yet")
        age = age_s(estimate.stamp_ns, stamp_ns)
        if abs(age) > self._settings.max_age_s:
            return Refusal(
                RefusalReason.NO_FACE,
                stamp_ns,
                f"last sighting is {age:.3f} s old, bound {self._settings.max_age_s} s",
            )
        now = self._predict(estimate, stamp_ns)
        return TrackedMouth(
            stamp_ns,
            now.pose,
            Twist(now.velocity[:3], now.velocity[3:]),
            matrix(now.covariance[:6, :6], (6, 6)),
            self._opening,
            age,
        )

    def moving(self, stamp_ns: int) -> Refusal | None:
        """Return a refusal where the head moves faster than ``max_speed``, else None."""
        mouth = self.mouth(stamp_ns)
        if isinstance(mouth, Refusal):
            return mouth
        speed = float(np.linalg.norm(mouth.twist.linear))
        if speed > self._settings.max_speed:
            return Refusal(
                RefusalReason.HEAD_MOVING,
                stamp_ns,
                f"head moves at {speed:.3f} m/s, bound {self._settings.max_speed} m/s",
            )
        return None

    def target(self, site: Site, stamp_ns: int) -> TrackedTarget | Refusal:
        """Return a site's target as expected at ``stamp_ns`` [ns], or why it is not known."""
        mouth = self.mouth(stamp_ns)
        if isinstance(mouth, Refusal):
            return mouth
        known = self._sites.get(site)
        reason = (
            RefusalReason.WALL_NOT_SEEN
            if site is Site.POSTERIOR_WALL
            else RefusalReason.TONSIL_NOT_SEEN
        )
        if known is None:
            return Refusal(reason, stamp_ns, f"{site} was not seen yet")
        age = age_s(known.stamp_ns, stamp_ns)
        if age > self._settings.target_memory_s:
            return Refusal(
                reason,
                stamp_ns,
                f"{site} was last seen {age:.2f} s ago, bound {self._settings.target_memory_s} s",
            )
        pose = mouth.base_mouth
        lever = pose.rotate(known.point)
        R = pose.rotation
        # point = p + exp(theta) lever, so an error theta moves it by theta x lever
        J = np.hstack([np.eye(3), -skew(lever)])
        covariance = R @ known.covariance @ R.T + J @ mouth.covariance @ J.T
        shift = known.point - known.target.point
        return TrackedTarget(
            site,
            stamp_ns,
            vector(pose.apply(known.point)),
            unit(pose.rotate(known.target.normal)),
            matrix(pose.apply(known.target.path + shift), (-1, 3)),
            matrix(0.5 * (covariance + covariance.T), (3, 3)),
            vector(mouth.twist.linear + np.cross(mouth.twist.angular, lever)),
            known.confidence,
            known.target.clearance,
            age,
            known.sightings,
        )

    def _start(self, sighting: Sighting, measured: Pose, noise: Matrix) -> None:
        covariance = np.zeros((12, 12))
        covariance[:6, :6] = noise
        covariance[6:9, 6:9] = 0.05**2 * np.eye(3)  # heads come in at rest: 50 mm/s, 0.2 rad/s
        covariance[9:, 9:] = 0.2**2 * np.eye(3)
        self._estimate = _Estimate(sighting.stamp_ns, measured, vector(np.zeros(6), 6), covariance)
        self._innovation, self._rejected = None, 0
        self._opening = sighting.opening
        self._sites.clear()
        self._fuse(sighting.targets, sighting.optical_mouth, sighting.stamp_ns)

    def _predict(self, estimate: _Estimate, stamp_ns: int) -> _Estimate:
        dt = age_s(estimate.stamp_ns, stamp_ns)
        velocity = estimate.velocity
        pose = Pose(
            Pose.from_rotation_vector(velocity[3:] * dt).rotation @ estimate.pose.rotation,
            estimate.pose.translation + velocity[:3] * dt,
        )
        F = np.eye(12)
        F[:6, 6:] = dt * np.eye(6)
        s = self._settings
        drive = np.repeat([s.acceleration**2, s.angular_acceleration**2], 3)
        # white acceleration held over the step, so the gain on position is dt²/2; |dt| because
        # looking back is as uncertain as looking ahead
        G = np.vstack([0.5 * dt * dt * np.eye(6), abs(dt) * np.eye(6)])
        covariance = F @ estimate.covariance @ F.T + G @ np.diag(drive) @ G.T
        return _Estimate(stamp_ns, pose, velocity, covariance)

    def _fuse(
        self, targets: Mapping[Site, Target | Refusal], optical_mouth: Pose, stamp_ns: int
    ) -> None:
        mouth_optical = optical_mouth.inverse()
        R = mouth_optical.rotation
        for site, target in targets.items():
            if isinstance(target, Refusal):
                continue
            seen = Target(
                site,
                vector(mouth_optical.apply(target.point)),
                unit(mouth_optical.rotate(target.normal)),
                matrix(mouth_optical.apply(target.path), (-1, 3)),
                matrix(R @ target.covariance @ R.T, (3, 3)),
                target.confidence,
                target.clearance,
            )
            known = self._sites.get(site)
            if known is None:
                self._sites[site] = _SiteEstimate(
                    seen, seen.point, seen.covariance, seen.confidence, stamp_ns, 1
                )
                continue
            # tissue breathes and the segmentation drifts: let the old estimate fade with time
            dt = seconds(stamp_ns - known.stamp_ns)
            prior = known.covariance + (_TISSUE_DRIFT**2 * dt) * np.eye(3)
            S = prior + seen.covariance
            gain = np.linalg.solve(S, prior).T
            point = known.point + gain @ (seen.point - known.point)
            keep = np.eye(3) - gain
            covariance = keep @ prior @ keep.T + gain @ seen.covariance @ gain.T
            self._sites[site] = _SiteEstimate(
                _steadied(known.target, seen, max(1.0 / (known.sightings + 1), _NEWEST)),
                vector(point),
                matrix(covariance, (3, 3)),
                0.7 * known.confidence + 0.3 * seen.confidence,
                stamp_ns,
                known.sightings + 1,
            )


_TISSUE_DRIFT = 0.002  # m per square root of a second: how far a site wanders in the mouth frame

_NEWEST = 0.1  # least share of the newest sighting in a site's normal and in its path's course


def _steadied(known: Target, seen: Target, share: float) -> Target:
    """Return what was ``seen`` (mouth frame) with its normal and its path's course averaged.

    One picture tells the normal of a few square millimetres of noisy depth to some tens of
    degrees. ``share`` is the newest sighting's; one that faces away from all before stands alone.
    """
    if float(known.normal @ seen.normal) <= 0.0:
        return seen
    course = seen.path - seen.point
    if known.path.shape == seen.path.shape:
        course = (1.0 - share) * (known.path - known.point) + share * course
    return replace(
        seen,
        normal=(1.0 - share) * known.normal + share * seen.normal,
        path=seen.point + course,
    )
