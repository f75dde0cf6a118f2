"""Which sites are seen surely enough to be approached, and what keeps the others."""

from collections import Counter
from collections.abc import Iterable, Mapping

import numpy as np

from arm_control.errors import ArmControlError
from arm_control.procedure import Procedure, SiteStep
from station.config import SessionSettings
from station.corridor import Way, way_to
from station.ports import Sight
from vision.target import Refusal, RefusalReason, Site
from vision.tracking import TrackedMouth


class Survey:
    """One look-out: collects ways to the sites, and counts the reasons for what is missing."""

    def __init__(self, sight: Sight, procedure: Procedure, settings: SessionSettings) -> None:
        self._sight = sight
        self._procedure = procedure
        self._settings = settings
        self._reasons: Counter[RefusalReason] = Counter()
        self.ways: dict[str, Way] = {}
        self.missing: Mapping[str, Refusal] = {}

    def judge(self, steps: Iterable[SiteStep], mouth: TrackedMouth | Refusal, now_ns: int) -> None:
        """Judge every step's site by the newest picture; fills ``ways`` and ``missing``."""
        missing: dict[str, Refusal] = {}
        self.ways = {}
        for step in steps:
            found = mouth if isinstance(mouth, Refusal) else self._judge_one(step, mouth, now_ns)
            if isinstance(found, Refusal):
                missing[step.site] = found
            else:
                self.ways[step.site] = found
        self.missing = missing
        self._reasons.update({refusal.reason for refusal in missing.values()})

    def verdict(self, steps: Iterable[SiteStep]) -> Refusal | None:
        """Return why no start can be made, the commonest reason; None when one can.

        A start can be made when every required site is sure; optional ones may be missing.
        """
        required = [step.site for step in steps if step.required]
        in_the_way = [self.missing[site] for site in required if site in self.missing]
        if not in_the_way:
            return None
        return max(in_the_way, key=lambda refusal: self._reasons[refusal.reason])

    def _judge_one(self, step: SiteStep, mouth: TrackedMouth, now_ns: int) -> Way | Refusal:
        limits = self._settings
        narrow = self._judge_mouth(mouth)
        if narrow is not None:
            return narrow
        target = self._sight.target(Site(step.site), now_ns)
        if isinstance(target, Refusal):
            return target
        if target.sightings < limits.sightings:
            detail = f"{target.sightings} sightings of {step.site}, wants {limits.sightings}"
            return Refusal(RefusalReason.MODEL_UNSURE, now_ns, detail)
        spread = float(np.sqrt(np.linalg.eigvalsh(target.covariance)[-1]))
        if spread > limits.agreement:
            detail = f"{step.site} is known to {spread * 1e3:.1f} mm, bound {limits.agreement} m"
            return Refusal(RefusalReason.MODEL_UNSURE, now_ns, detail)
        try:
            return way_to(target, mouth, self._sight.base_eye, limits.standoff)
        except ArmControlError as error:
            return Refusal(RefusalReason.OUT_OF_REACH, now_ns, str(error))

    def _judge_mouth(self, mouth: TrackedMouth) -> Refusal | None:
        if mouth.opening < self._procedure.minimum_opening:
            detail = (
                f"mouth opens {mouth.opening * 1e3:.0f} mm, the procedure wants "
                f"{self._procedure.minimum_opening * 1e3:.0f} mm"
            )
            return Refusal(RefusalReason.TOO_NARROW, mouth.stamp_ns, detail)
        speed = float(np.linalg.norm(mouth.twist.linear))
        if speed > self._settings.head_speed:
            detail = f"head moves at {speed:.3f} m/s, bound {self._settings.head_speed} m/s"
            return Refusal(RefusalReason.HEAD_MOVING, mouth.stamp_ns, detail)
        return None
