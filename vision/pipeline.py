"""From a frame to a sighting, or a refusal: the locator."""

from dataclasses import dataclass
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from spatial import Matrix, Vector
from vision.camera import CameraFault
from vision.frame import Frame
from vision.health import HealthSettings, picture_fault
from vision.mouth import Mouth, measure_mouth
from vision.person import (
    find_mouth,
    find_rest,
    find_rest_of_throat,
    find_small_mouth,
    find_throat,
)
from vision.preprocess import Crop, Look
from vision.segmentation import Model
from vision.settings import LocatorSettings
from vision.sites import find_spot, measure_site
from vision.swab import SwabSighting, see_swab
from vision.target import Refusal, RefusalReason, Sighting, Site, Target
from vision.view import View
from vision.way import find_obstacles

_MADE_OUT_CLOSER = (RefusalReason.NO_FACE, RefusalReason.MASK)
"""What may be said of a picture whose mouth is too small to be made out."""


@dataclass(frozen=True, slots=True, eq=False)
class Looks:
    """The three looks at one picture: all of it, its mouth, and the throat in the mouth."""

    whole: View
    mouth: View
    throat: View


class Looker(Protocol):
    """A ``Locator`` in two steps, for those who want the looks as well as what follows from them.

    What ``ThroatLocator`` does, or what stands for it.
    """

    def look(self, frame: Frame) -> Looks | Refusal:
        """Return the looks at ``frame``, or why there is nothing to look at."""
        ...

    def judge(self, looks: Looks | Refusal, frame: Frame) -> Sighting | Refusal:
        """Return what the looks at ``frame`` show."""
        ...

    def see_swab(
        self, looks: Looks | Refusal, frame: Frame, optical_tip: Vector
    ) -> SwabSighting | None:
        """Return what the looks show of a swab whose tip should be at ``optical_tip`` (3,) [m].

        None where there is nothing to look at.
        """
        ...


class ThroatLocator:
    """Finds mouth and sites in one RGB-D frame; the ``Locator`` of the booth.

    ``model`` is what ``vision.network.load_network()`` returns. Three looks: at the whole picture,
    for the person, at the mouth, for its pose and opening, and at the throat, for the sites.
    Stateless: the same frame gives the same sighting. Not thread-safe. It keeps OpenCV to one
    thread: waking more for pictures this small takes longer than they do, and they compete with
    the network's.
    """

    def __init__(
        self,
        model: Model,
        settings: LocatorSettings | None = None,
        health: HealthSettings | None = None,
    ) -> None:
        cv2.setNumThreads(1)
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

    def judge(self, looks: Looks | Refusal, frame: Frame) -> Sighting | Refusal:
        """Return the sighting that the looks at ``frame`` allow, or the refusal."""
        if isinstance(looks, Refusal):
            return looks
        mouth = measure_mouth(looks.mouth, frame.intrinsics, self._settings, frame.stamp_ns)
        if isinstance(mouth, Refusal):
            return mouth
        obstacles = find_obstacles(looks.mouth, frame.intrinsics)
        return Sighting(
            frame.stamp_ns,
            mouth.optical_mouth,
            mouth.covariance,
            mouth.opening,
            {site: self._site(looks.throat, mouth, obstacles, site, frame) for site in Site},
        )

    def see_swab(
        self, looks: Looks | Refusal, frame: Frame, optical_tip: Vector
    ) -> SwabSighting | None:
        """Return what the looks show of a swab whose tip should be at ``optical_tip`` (3,) [m].

        None where there is nothing to look at.
        """
        if isinstance(looks, Refusal):
            return None
        return see_swab(looks.whole, looks.mouth, frame, optical_tip)

    def look(self, frame: Frame) -> Looks | Refusal:
        """Return the three looks, for those who draw or watch."""
        if fault := picture_fault(frame, self._health):
            lit = fault.fault not in (CameraFault.DARK, CameraFault.SATURATED)
            reason = RefusalReason.DEPTH_INVALID if lit else RefusalReason.LIGHT
            return Refusal(reason, frame.stamp_ns, fault.detail)
        return look_closer(self._model, self.glance(frame), frame)

    def glance(self, frame: Frame) -> View:
        """Return the first look alone, at the whole picture."""
        return look_at_whole(self._model, frame.rgb, frame.depth)

    def _site(
        self, view: View, mouth: Mouth, obstacles: Matrix, site: Site, frame: Frame
    ) -> Target | Refusal:
        spot = find_spot(view, site, self._settings, frame.stamp_ns)
        if isinstance(spot, Refusal):
            return spot
        return measure_site(
            view,
            spot,
            site,
            frame.intrinsics,
            mouth,
            obstacles,
            self._settings,
            self._model.confidence,
            frame.stamp_ns,
        )


def look_at_whole(model: Model, rgb: NDArray[np.uint8], depth: NDArray[np.float32] | None) -> View:
    """Look at a whole picture (H, W, 3)."""
    height, width = rgb.shape[:2]
    return View.look(model, rgb, depth, Crop.whole(width, height), Look.WHOLE.size)


def make_out_mouth(
    model: Model,
    whole: View,
    rgb: NDArray[np.uint8],
    depth: NDArray[np.float32] | None,
    stamp_ns: int,
) -> Crop | Refusal:
    """Return the square about the only mouth of a picture (H, W, 3), or why there is none.

    A mouth too small to be made out in ``whole``, the look at all of it, is looked for closer.
    """
    found = find_mouth(whole, stamp_ns)
    if not isinstance(found, Refusal) or found.reason not in _MADE_OUT_CLOSER:
        return found
    square = find_small_mouth(whole)
    if square is None:
        return found
    closer = find_mouth(View.look(model, rgb, depth, square, Look.WHOLE.size), stamp_ns)
    return found if isinstance(closer, Refusal) else closer


def look_closer(model: Model, whole: View, frame: Frame) -> Looks | Refusal:
    """Look at the mouth seen in ``whole`` and at its throat; refuse where there is no mouth."""
    crop = make_out_mouth(model, whole, frame.rgb, frame.depth, frame.stamp_ns)
    if isinstance(crop, Refusal):
        return crop
    mouth = View.look(model, frame.rgb, frame.depth, crop, Look.MOUTH.size)
    k = frame.intrinsics
    if (wider := find_rest(mouth, k.width, k.height)) is not None:
        mouth = View.look(model, frame.rgb, frame.depth, wider, Look.MOUTH.size)
    throat = View.look(model, frame.rgb, frame.depth, find_throat(mouth), Look.THROAT.size)
    if (wider := find_rest_of_throat(throat, k.width, k.height)) is not None:
        throat = View.look(model, frame.rgb, frame.depth, wider, Look.THROAT.size)
    return Looks(whole, mouth, throat)
