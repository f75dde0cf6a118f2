"""A recording read back: frames with what was said of them, and how a new answer differs.

MCAP files carry their message definitions, so no ROS is needed to read them.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from mcap.exceptions import McapError
from mcap.reader import make_reader
from mcap_ros2.decoder import DecoderFactory

from spatial import NANOSECONDS_PER_SECOND, Pose
from station.errors import StationError
from vision.frame import Frame, Intrinsics
from vision.target import Refusal, RefusalReason, Sighting, Site, Target

_COLOUR, _DEPTH = "/vision/color/image_raw", "/vision/depth/image_raw"
_INFO, _SIGHTING = "/vision/color/camera_info", "/vision/sighting"
_WANTED = (_COLOUR, _DEPTH, _INFO, _SIGHTING)
_KEPT = 64  # pictures waiting for their other parts; a part that is lost must not fill the memory

Seen = Sighting | Refusal


def read_frames(path: Path) -> Iterator[tuple[Frame, Seen]]:
    """Yield each complete picture with the sighting recorded for it, in the order of their stamps.

    Raises StationError where the file is no recording, or none of its pictures is complete.
    """
    parts: dict[int, dict[str, Any]] = {}
    count = 0
    try:
        with path.open("rb") as file:
            reader = make_reader(file, decoder_factories=[DecoderFactory()])
            for _, channel, _, message in reader.iter_decoded_messages():
                kind = next((end for end in _WANTED if channel.topic.endswith(end)), None)
                if kind is None:
                    continue
                stamp = message.header.stamp
                at = stamp.sec * NANOSECONDS_PER_SECOND + stamp.nanosec
                found = parts.setdefault(at, {})
                found[kind] = message
                if len(found) == len(_WANTED):
                    count += 1
                    yield _frame(parts.pop(at), at, count)
                while len(parts) > _KEPT:
                    del parts[min(parts)]
    except OSError as error:
        raise StationError(f"cannot read {path}: {error.strerror}") from error
    except McapError as error:
        raise StationError(f"{path} is no whole MCAP recording: {error}") from error
    if count == 0:
        raise StationError(f"{path} holds no complete picture with its sighting; record them")


def compare(before: Seen, after: Seen, tolerance: float) -> list[str]:
    """Return what differs between two answers to one picture, one line each.

    ``tolerance`` [m] is the shift of the mouth or of a target that does not count.
    """
    if isinstance(before, Refusal) or isinstance(after, Refusal):
        if isinstance(before, Refusal) and isinstance(after, Refusal):
            same = before.reason is after.reason
            return [] if same else [f"refused {before.reason}, now {after.reason}"]
        return [f"was {_name(before)}, now {_name(after)}"]
    lines = []
    shift, _ = before.optical_mouth.distance_to(after.optical_mouth)
    if shift > tolerance:
        lines.append(f"mouth moved by {shift * 1e3:.1f} mm")
    for site in Site:
        lines += _compare_site(site, before.targets.get(site), after.targets.get(site), tolerance)
    return lines


def _compare_site(
    site: Site, before: Target | Refusal | None, after: Target | Refusal | None, tolerance: float
) -> list[str]:
    if isinstance(before, Target) and isinstance(after, Target):
        shift = float(np.linalg.norm(after.point - before.point))
        return [f"{site} moved by {shift * 1e3:.1f} mm"] if shift > tolerance else []
    first, second = _name(before), _name(after)
    return [f"{site} was {first}, now {second}"] if first != second else []


def _name(seen: Seen | Target | None) -> str:
    if seen is None:
        return "not asked for"
    return f"refused {seen.reason}" if isinstance(seen, Refusal) else "found"


def _frame(parts: dict[str, Any], stamp_ns: int, sequence: int) -> tuple[Frame, Seen]:
    colour, depth, info = parts[_COLOUR], parts[_DEPTH], parts[_INFO]
    size = (colour.height, colour.width)
    frame = Frame(
        np.frombuffer(bytes(colour.data), np.uint8).reshape(*size, 3),
        np.frombuffer(bytes(depth.data), np.float32).reshape(size),
        Intrinsics(info.width, info.height, info.k[0], info.k[4], info.k[2], info.k[5]),
        stamp_ns,
        sequence,
    )
    return frame, _sighting(parts[_SIGHTING], stamp_ns)


def _sighting(message: Any, stamp_ns: int) -> Seen:  # noqa: ANN401 - decoded messages have no type
    if message.refusal_reason:
        return Refusal(RefusalReason(message.refusal_reason), stamp_ns, message.refusal_detail)
    p, q = message.mouth.position, message.mouth.orientation
    return Sighting(
        stamp_ns,
        Pose.from_quaternion((q.w, q.x, q.y, q.z), (p.x, p.y, p.z)),
        np.array(message.mouth_covariance).reshape(6, 6),
        message.opening,
        {Site(entry.site): _target(entry, stamp_ns) for entry in message.targets},
    )


def _target(message: Any, stamp_ns: int) -> Target | Refusal:  # noqa: ANN401 - the same
    if message.refusal_reason:
        return Refusal(RefusalReason(message.refusal_reason), stamp_ns, message.refusal_detail)
    return Target(
        Site(message.site),
        (message.point.x, message.point.y, message.point.z),  # type: ignore[arg-type] # made a vector when the target is made
        (message.normal.x, message.normal.y, message.normal.z),  # type: ignore[arg-type] # the same
        np.array([(point.x, point.y, point.z) for point in message.path]),
        np.array(message.covariance).reshape(3, 3),
        message.confidence,
        message.clearance,
    )
