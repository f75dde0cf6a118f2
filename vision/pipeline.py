"""From a frame to a sighting, or a refusal: the locator."""

import numpy as np
from numpy.typing import NDArray

from vision.camera import CameraFault
from vision.frame import Frame
from vision.health import HealthSettings, picture_fault
from vision.mouth import Mouth, measure_mouth
from vision.person import find_mouth
from vision.preprocess import Crop
from vision.segmentation import Model
from vision.settings import LocatorSettings
from vision.sites import find_spot, measure_site
from vision.target import Refusal, RefusalReason, Sighting, Site, Target
from vision.view import View

COARSE_SIZE = 128
"""Side [px] at which the whole picture is looked at first."""
FINE_SIZE = 160
"""Side [px] at which the mouth is looked at."""


class ThroatLocator:
    """Finds mouth and sites in one RGB-D frame; the ``Locator`` of the booth.

    ``model`` is what ``vision.network.load_network()`` returns. Two looks: at the whole picture,
    for person and mouth, and at the mouth, for everything else. Stateless: the same frame gives
    the same sighting. Not thread-safe.
    """

    def __init__(
        self,
        model: Model,
        settings: LocatorSettings | None = None,
        health: HealthSettings | None = None,
    ) -> None:
        self._model = model
        self._settings = settings or LocatorSettings()
        self._health = health or HealthSettings()

    @property
    def digest(self) -> str:
        """The hash of the model's weights, for the record."""
        return self._model.digest

    def locate(self, frame: Frame) -> Sighting | Refusal:
        """Return what the frame shows; never raises on a picture, however bad."""
        return self.judge(self.look(frame), frame)

    def judge(self, view: View | Refusal, frame: Frame) -> Sighting | Refusal:
        """Return the sighting that a look at ``frame`` allows, or the refusal."""
        if isinstance(view, Refusal):
            return view
        mouth = measure_mouth(view, frame.intrinsics, self._settings, frame.stamp_ns)
        if isinstance(mouth, Refusal):
            return mouth
        return Sighting(
            frame.stamp_ns,
            mouth.optical_mouth,
            mouth.covariance,
            mouth.opening,
            {site: self._site(view, mouth, site, frame) for site in Site},
        )

    def look(self, frame: Frame) -> View | Refusal:
        """Return the second look, at the mouth, for those who draw or watch."""
        if fault := picture_fault(frame, self._health):
            lit = fault.fault not in (CameraFault.DARK, CameraFault.SATURATED)
            reason = RefusalReason.DEPTH_INVALID if lit else RefusalReason.LIGHT
            return Refusal(reason, frame.stamp_ns, fault.detail)
        return look_twice(self._model, frame.rgb, frame.depth, frame.stamp_ns)

    def _site(self, view: View, mouth: Mouth, site: Site, frame: Frame) -> Target | Refusal:
        spot = find_spot(view, site, self._settings, frame.stamp_ns)
        if isinstance(spot, Refusal):
            return spot
        return measure_site(
            view,
            spot,
            site,
            frame.intrinsics,
            mouth.optical_mouth,
            self._settings,
            self._model.confidence,
            frame.stamp_ns,
        )


def look_twice(
    model: Model, rgb: NDArray[np.uint8], depth: NDArray[np.float32] | None, stamp_ns: int
) -> View | Refusal:
    """Look at the whole picture (H, W, 3), then at its mouth; refuse where there is none."""
    height, width = rgb.shape[:2]
    first = View.look(model, rgb, depth, Crop.whole(width, height), COARSE_SIZE)
    crop = find_mouth(first, stamp_ns)
    if isinstance(crop, Refusal):
        return crop
    return View.look(model, rgb, depth, crop, FINE_SIZE)
