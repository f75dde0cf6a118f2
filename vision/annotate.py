"""Draws what the vision saw onto its picture, for people."""

from collections.abc import Iterable, Mapping

import cv2
import numpy as np
from numpy.typing import NDArray

from vision.evaluation.boxes import KINDS
from vision.frame import Frame, Intrinsics
from vision.photo import Reading
from vision.pipeline import Looks
from vision.privacy import hide_face
from vision.sites import THROAT
from vision.structure import Structure
from vision.target import Refusal, Sighting, Site, Target
from vision.view import View

Picture = NDArray[np.uint8]

COLOURS: Mapping[Structure, tuple[int, int, int]] = {
    Structure.LIPS: (230, 120, 150),
    Structure.TEETH: (250, 250, 230),
    Structure.TONGUE: (120, 170, 255),
    Structure.HARD_PALATE: (190, 140, 255),
    Structure.SOFT_PALATE: (140, 90, 220),
    Structure.RIGHT_ARCH: (255, 180, 60),
    Structure.LEFT_ARCH: (210, 220, 70),
    Structure.UVULA: (40, 230, 230),
    Structure.RIGHT_TONSIL: (255, 90, 60),
    Structure.LEFT_TONSIL: (120, 230, 80),
    Structure.POSTERIOR_WALL: (60, 110, 230),
    Structure.MASK: (90, 200, 200),
    Structure.HAND: (200, 200, 90),
    Structure.DEPRESSOR: (160, 110, 60),
    Structure.SWAB: (255, 255, 255),
}
"""sRGB of every structure that is drawn."""

_IN_THROAT = (*THROAT, Structure.SOFT_PALATE, Structure.SWAB, Structure.DEPRESSOR)
_AROUND = tuple(s for s in COLOURS if s not in _IN_THROAT)

_SITE_COLOURS = {
    Site.RIGHT_TONSIL: (255, 90, 60),
    Site.LEFT_TONSIL: (120, 230, 80),
    Site.POSTERIOR_WALL: (60, 150, 255),
}


def draw_frame(
    frame: Frame, looks: Looks | Refusal, seen: Sighting | Refusal, face: bool = False
) -> Picture:
    """Return the frame's picture with structures, targets, paths and refusals drawn in.

    All but the mouth is hidden unless ``face`` asks for it, as for people who are only rendered.
    """
    picture = frame.rgb.copy() if face else hide_face(frame, seen)
    if isinstance(looks, Looks):
        draw_structures(picture, looks.mouth, _AROUND)
        draw_structures(picture, looks.throat, _IN_THROAT)
    if isinstance(seen, Refusal):
        _say(picture, [f"{seen.reason}: {seen.detail}"])
        return picture
    lines = [f"opening {1e3 * seen.opening:.0f} mm"]
    for site, found in seen.targets.items():
        if isinstance(found, Refusal):
            lines.append(f"{site}: {found.reason}")
            continue
        draw_target(picture, found, frame.intrinsics)
        lines.append(f"{site}: {found.confidence:.2f}")
    _say(picture, lines)
    return picture


def draw_photo(rgb: Picture, reading: Reading) -> Picture:
    """Return a photograph with structures, boxes, uvula and wall point drawn in."""
    picture = rgb.copy()
    thick = max(1, picture.shape[1] // 400)
    if reading.view is not None:
        draw_structures(picture, reading.view, COLOURS)
    for structure, ((left, top, right, bottom), _) in reading.boxes.items():
        corners = (round(left), round(top)), (round(right), round(bottom))
        cv2.rectangle(picture, *corners, COLOURS[structure], thick)
    if reading.uvula is not None:
        _cross(picture, reading.uvula, COLOURS[Structure.UVULA], thick)
    lines = [f"{KINDS[s]}: {score:.2f}" for s, (_, score) in reading.boxes.items()]
    if isinstance(reading.wall, Refusal):
        lines.append(f"wall target: {reading.wall.reason}")
    else:
        _cross(picture, reading.wall, _SITE_COLOURS[Site.POSTERIOR_WALL], thick)
        lines.append(f"wall target: {reading.confidence:.2f}")
    _say(picture, lines)
    return picture


def draw_structures(picture: Picture, view: View, structures: Iterable[Structure]) -> None:
    """Blend some structures of a view into the picture, in place."""
    height, width = view.shape
    rows = slice(view.top, min(picture.shape[0], view.top + height * view.step))
    columns = slice(view.left, min(picture.shape[1], view.left + width * view.step))
    part = picture[rows, columns]
    size = (width * view.step, height * view.step)
    labels = cv2.resize(view.labels, size, interpolation=cv2.INTER_NEAREST)
    labels = labels[: part.shape[0], : part.shape[1]]
    for structure in structures:
        colour = COLOURS[structure]
        mask = (labels == structure).astype(np.uint8)
        if not mask.any():
            continue
        part[mask > 0] = (0.75 * part[mask > 0] + 0.25 * np.array(colour)).astype(np.uint8)
        outlines, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
        for outline in outlines:
            where = outline.reshape(-1, 2)
            part[where[:, 1], where[:, 0]] = colour


def draw_target(picture: Picture, target: Target, intrinsics: Intrinsics) -> None:
    """Draw a target's wiping path, point and normal into the picture, in place."""
    colour = _SITE_COLOURS[target.site]
    path = np.round(intrinsics.project(target.path)).astype(np.int32)
    cv2.polylines(picture, [path.reshape(-1, 1, 2)], False, colour, 2, cv2.LINE_AA)
    ends = np.stack([target.point, target.point + 0.01 * target.normal])
    start, end = (tuple(int(v) for v in p) for p in np.round(intrinsics.project(ends)))
    cv2.arrowedLine(picture, start, end, (255, 255, 255), 1, cv2.LINE_AA, tipLength=0.3)
    cv2.circle(picture, start, 4, (255, 255, 255), -1, cv2.LINE_AA)
    cv2.circle(picture, start, 3, colour, -1, cv2.LINE_AA)


def _cross(
    picture: Picture, place: tuple[float, float], colour: tuple[int, int, int], thick: int
) -> None:
    u, v = round(place[0]), round(place[1])
    cv2.drawMarker(picture, (u, v), (0, 0, 0), cv2.MARKER_CROSS, 14 * thick, 3 * thick)
    cv2.drawMarker(picture, (u, v), colour, cv2.MARKER_CROSS, 12 * thick, thick)


def _say(picture: Picture, lines: list[str]) -> None:
    scale = max(0.35, picture.shape[1] / 1600)
    for number, line in enumerate(lines, start=1):
        place = (6, round(34 * scale * number))
        for colour, width in (((0, 0, 0), 3), ((255, 255, 255), 1)):
            cv2.putText(
                picture, line, place, cv2.FONT_HERSHEY_SIMPLEX, scale, colour, width, cv2.LINE_AA
            )
