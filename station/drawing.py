"""Pictures with what was understood of them drawn in: mouth axes, targets, paths, a caption."""

import cv2
import numpy as np

from spatial import Pose
from station.errors import StationError
from vision.frame import Frame
from vision.privacy import hide_face
from vision.target import Refusal, Sighting, Site, Target

_COLOURS = {
    Site.RIGHT_TONSIL: (255, 176, 0),
    Site.LEFT_TONSIL: (0, 158, 255),
    Site.POSTERIOR_WALL: (120, 94, 240),
}
_AXIS = 0.02  # m of the drawn mouth axes


def draw(frame: Frame, seen: Sighting | Refusal, title: str) -> np.ndarray:
    """Return the frame's colours (H, W, 3) with mouth axes, targets, paths and a caption.

    The face is taken out: these pictures are kept, and shown on screens.
    """
    picture = hide_face(frame, seen)
    caption = title
    if isinstance(seen, Refusal):
        caption = f"{title} | refused: {seen.reason.value}"
    else:
        _draw_mouth(picture, frame, seen.optical_mouth)
        for target in seen.targets.values():
            if isinstance(target, Target):
                _draw_target(picture, frame, target)
        caption = f"{title} | mouth {seen.opening * 1e3:.0f} mm"
    height, width = picture.shape[:2]
    cv2.rectangle(picture, (0, height - 22), (width, height), (0, 0, 0), cv2.FILLED)
    at, font = (6, height - 7), cv2.FONT_HERSHEY_SIMPLEX
    cv2.putText(picture, caption, at, font, 0.45, (255, 255, 255), 1, cv2.LINE_AA)
    return picture


def _draw_mouth(picture: np.ndarray, frame: Frame, optical_mouth: Pose) -> None:
    tips = np.vstack([np.zeros((1, 3)), np.eye(3) * _AXIS])
    points = optical_mouth.apply(tips)
    if (points[:, 2] <= 0.01).any():
        return
    pixels = frame.intrinsics.project(points)
    for end, colour in zip(pixels[1:], ((230, 60, 60), (60, 200, 60), (60, 90, 240)), strict=True):
        cv2.line(picture, _pixel(pixels[0]), _pixel(end), colour, 1, cv2.LINE_AA)


def _draw_target(picture: np.ndarray, frame: Frame, target: Target) -> None:
    colour = _COLOURS[target.site]
    path = frame.intrinsics.project(target.path)
    cv2.polylines(picture, [path.round().astype(np.int32)], False, colour, 2, cv2.LINE_AA)
    here = _pixel(frame.intrinsics.project(target.point[None])[0])
    cv2.circle(picture, here, 7, colour, 2, cv2.LINE_AA)
    label, at = f"{target.site.value} {target.confidence:.2f}", (here[0] + 10, here[1] - 6)
    cv2.putText(picture, label, at, cv2.FONT_HERSHEY_SIMPLEX, 0.4, colour, 1, cv2.LINE_AA)


def _pixel(point: np.ndarray) -> tuple[int, int]:
    return round(float(point[0])), round(float(point[1]))


def encode(picture: np.ndarray, suffix: str) -> bytes:
    """Return ``picture`` (H, W, 3) as the bytes of a ``.png`` or ``.jpg`` file."""
    encoded, data = cv2.imencode(suffix, cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
    if not encoded:
        raise StationError(f"a picture of shape {picture.shape} cannot be encoded as {suffix}")
    return data.tobytes()
