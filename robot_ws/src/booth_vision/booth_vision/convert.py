"""Sightings, pictures and intrinsics to messages, and sightings back."""

from array import array
from dataclasses import dataclass
from typing import Any

import numpy as np
from booth_common.convert import (
    header_message,
    point_message,
    points_from_message,
    pose_from_message,
    pose_message,
    vector_from_message,
    vector_message,
)
from booth_interfaces.msg import Sighting as SightingMessage
from booth_interfaces.msg import SwabSighting as SwabMessage
from booth_interfaces.msg import SwabTarget
from sensor_msgs.msg import CameraInfo, Image

from spatial import Pose, Vector, vector
from vision.errors import VisionError
from vision.frame import Frame, Intrinsics
from vision.structure import Structure
from vision.swab import SwabSighting, TipSighting
from vision.target import Refusal, RefusalReason, Sighting, Site, Target

_NEAR = ("face", "mouth")  # zones of the arm in which a swab is looked for


def sighting_message(
    seen: Sighting | Refusal, header: Any, locate_s: float, swab: SwabSighting | None = None
) -> Any:
    """Return what a frame gave; ``header`` has the frame's stamp and the optical frame's name."""
    message = SightingMessage(header=header, locate_duration=locate_s)
    if swab is not None:
        message.swab = [swab_message(swab)]
    if isinstance(seen, Refusal):
        message.refusal_reason = seen.reason.value
        message.refusal_detail = seen.detail
        return message
    message.mouth = pose_message(seen.optical_mouth)
    message.mouth_covariance = seen.covariance.ravel()
    message.opening = float(seen.opening)
    message.targets = [target_message(site, found) for site, found in seen.targets.items()]
    return message


def sighting_from_message(message: Any, stamp_ns: int) -> Sighting | Refusal:
    """Return what a message of a frame taken at ``stamp_ns`` [ns] says.

    Raises VisionError or SpatialError where its numbers make no sense, ValueError where a name is
    unknown.
    """
    if message.refusal_reason:
        reason = RefusalReason(message.refusal_reason)
        return Refusal(reason, stamp_ns, message.refusal_detail)
    return Sighting(
        stamp_ns,
        pose_from_message(message.mouth),
        np.array(message.mouth_covariance).reshape(6, 6),
        float(message.opening),
        {Site(entry.site): target_from_message(entry, stamp_ns) for entry in message.targets},
    )


def swab_message(swab: SwabSighting) -> Any:
    """Return what a frame shows of the swab."""
    message = SwabMessage(
        tip=point_message(swab.optical_tip), area=float(swab.area), covered=float(swab.covered)
    )
    if (tip := swab.tip) is not None:
        message.tip_seen = True
        message.pixel, message.offset = np.asarray(tip.pixel, dtype=float), float(tip.offset)
        message.beside = [structure.name.lower() for structure in tip.distances]
        message.distances = [float(distance) for distance in tip.distances.values()]
    return message


def swab_from_message(message: Any) -> SwabSighting | None:
    """Return what the frame of a sighting's message shows of the swab, None where nothing is told.

    Raises VisionError where a structure is unknown, SpatialError where a number makes no sense.
    """
    if not message.swab:
        return None
    (swab,) = message.swab
    tip = None
    if swab.tip_seen:
        unknown = [name for name in swab.beside if name.upper() not in Structure.__members__]
        if unknown or len(swab.beside) != len(swab.distances):
            raise VisionError(
                f"{len(swab.distances)} distances for {list(swab.beside)}; give one for each "
                f"structure, of {[one.name.lower() for one in Structure]}"
            )
        names = (Structure[name.upper()] for name in swab.beside)
        distances = dict(zip(names, map(float, swab.distances), strict=True))
        tip = TipSighting(vector(swab.pixel, 2, "tip pixel"), float(swab.offset), distances)
    return SwabSighting(vector_from_message(swab.tip), float(swab.area), float(swab.covered), tip)


@dataclass(frozen=True, slots=True, eq=False)
class ArmGlimpse:
    """What pictures want to know of the arm, as of ``stamp_ns`` [ns].

    ``near`` the face, where its camera is, and where its swab's tip is (3,) [m] in that camera's
    optical frame.
    """

    stamp_ns: int
    near: bool
    base_camera: Pose
    optical_tip: Vector


def glimpse_from_message(message: Any, stamp_ns: int) -> ArmGlimpse:
    """Return what pictures want to know of an arm's state, measured at ``stamp_ns`` [ns]."""
    tip = pose_from_message(message.base_tip).translation
    base_camera = pose_from_message(message.base_camera)
    optical_tip = base_camera.inverse().apply(tip)
    return ArmGlimpse(stamp_ns, message.zone in _NEAR, base_camera, optical_tip)


def target_message(site: Site, found: Target | Refusal) -> Any:
    """Return one site's target, or why there is none."""
    if isinstance(found, Refusal):
        return SwabTarget(
            site=site.value, refusal_reason=found.reason.value, refusal_detail=found.detail
        )
    return SwabTarget(
        site=site.value,
        point=point_message(found.point),
        normal=vector_message(found.normal),
        path=[point_message(point) for point in found.path],
        covariance=found.covariance.ravel(),
        confidence=float(found.confidence),
        clearance=float(found.clearance),
    )


def target_from_message(message: Any, stamp_ns: int) -> Target | Refusal:
    """Return a message's target, or its refusal."""
    if message.refusal_reason:
        reason = RefusalReason(message.refusal_reason)
        return Refusal(reason, stamp_ns, message.refusal_detail)
    return Target(
        Site(message.site),
        vector_from_message(message.point),
        vector_from_message(message.normal),
        points_from_message(message.path),
        np.array(message.covariance).reshape(3, 3),
        float(message.confidence),
        float(message.clearance),
    )


def colour_message(frame: Frame, header: Any) -> Any:
    """Return the colour picture, rgb8."""
    height, width, _ = frame.rgb.shape
    return Image(
        header=header, height=height, width=width, encoding="rgb8", step=3 * width,
        data=_bytes(frame.rgb),
    )  # fmt: skip


def depth_message(frame: Frame, header: Any) -> Any:
    """Return the depth picture, 32FC1 in metres as REP 118 has it, NaN where unknown."""
    height, width = frame.depth.shape
    return Image(
        header=header, height=height, width=width, encoding="32FC1", step=4 * width,
        data=_bytes(frame.depth),
    )  # fmt: skip


def camera_info_message(intrinsics: Intrinsics, header: Any) -> Any:
    """Return the intrinsics of a rectified picture: no distortion is left in it."""
    k = intrinsics
    return CameraInfo(
        header=header,
        height=k.height,
        width=k.width,
        distortion_model="plumb_bob",
        d=[0.0] * 5,
        k=[k.fx, 0.0, k.cx, 0.0, k.fy, k.cy, 0.0, 0.0, 1.0],
        r=[1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0],
        p=[k.fx, 0.0, k.cx, 0.0, 0.0, k.fy, k.cy, 0.0, 0.0, 0.0, 1.0, 0.0],
    )


def frame_from_messages(colour: Any, depth: Any, info: Any, stamp_ns: int, sequence: int) -> Frame:
    """Return the frame of a colour and a depth picture of one instant."""
    size = (colour.height, colour.width)
    k = info.k
    return Frame(
        np.frombuffer(bytes(colour.data), np.uint8).reshape(*size, 3),
        np.frombuffer(bytes(depth.data), np.float32).reshape(size),
        Intrinsics(int(info.width), int(info.height), k[0], k[4], k[2], k[5]),
        stamp_ns,
        sequence,
    )


def _bytes(pixels: np.ndarray[Any, Any]) -> Any:
    # rclpy checks each element of a list, but takes an array of bytes as it is
    data = array("B")
    data.frombytes(np.ascontiguousarray(pixels).tobytes())
    return data


__all__ = [
    "ArmGlimpse",
    "camera_info_message",
    "colour_message",
    "depth_message",
    "frame_from_messages",
    "glimpse_from_message",
    "header_message",
    "sighting_from_message",
    "sighting_message",
    "swab_from_message",
    "swab_message",
    "target_from_message",
    "target_message",
]
