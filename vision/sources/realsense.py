"""Intel RealSense cameras through pyrealsense2, which is imported here and nowhere else.

Live device, ``.db3`` recording and software device go through the same chain: disparity, spatial
and temporal filter before alignment, the raw depth aligned as well, and of the filtered depth only
what the raw one really measured. Filters that fill holes invent depth in a cavity.
"""

import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import pyrealsense2 as rs
from numpy.typing import NDArray

from vision.camera import CameraFault, NoFrame
from vision.errors import VisionError
from vision.frame import Frame, Intrinsics
from vision.settings import Bounded, bounded
from vision.sources.clock import DeviceClock


@dataclass(frozen=True, slots=True)
class RealSenseSettings(Bounded):
    """Mode and filters of a RealSense; the filters' numbers are librealsense's own units."""

    width: float = bounded(640, 424, 1280)
    height: float = bounded(480, 240, 720)
    rate_hz: float = bounded(30, 5, 90)
    spatial_alpha: float = bounded(0.6, 0.25, 1.0)
    spatial_delta: float = bounded(8.0, 1.0, 50.0)
    temporal_alpha: float = bounded(0.5, 0.05, 1.0)
    temporal_delta: float = bounded(20.0, 1.0, 100.0)
    max_skew_s: float = bounded(0.010, 0.0, 0.1)
    """Colour and depth farther apart than this are not one frame."""


class FrameChain:
    """Turns librealsense framesets into frames; keeps the temporal filter's and clock's state."""

    def __init__(self, settings: RealSenseSettings) -> None:
        self._settings = settings
        self._align = rs.align(rs.stream.color)
        spatial, temporal = rs.spatial_filter(), rs.temporal_filter()
        spatial.set_option(rs.option.filter_smooth_alpha, settings.spatial_alpha)
        spatial.set_option(rs.option.filter_smooth_delta, settings.spatial_delta)
        spatial.set_option(rs.option.holes_fill, 0)
        temporal.set_option(rs.option.filter_smooth_alpha, settings.temporal_alpha)
        temporal.set_option(rs.option.filter_smooth_delta, settings.temporal_delta)
        temporal.set_option(rs.option.holes_fill, 0)
        self._filters = (
            rs.disparity_transform(True),
            spatial,
            temporal,
            rs.disparity_transform(False),
        )
        self._clock = DeviceClock()

    def frame(self, frameset: Any, arrival_ns: int) -> Frame | NoFrame:  # noqa: ANN401 - untyped wheel
        """Return the frame of a frameset that arrived at ``arrival_ns`` [ns], or its fault."""
        depth, colour = frameset.get_depth_frame(), frameset.get_color_frame()
        if not depth or not colour:
            missing = "colour" if depth else "depth"
            return NoFrame(CameraFault.HALF_EMPTY, f"frameset without {missing}; check the cable")
        skew = abs(depth.get_timestamp() - colour.get_timestamp()) * 1e-3
        if skew > self._settings.max_skew_s:
            return NoFrame(
                CameraFault.UNSYNCHRONISED,
                f"colour and depth are {1e3 * skew:.1f} ms apart, bound "
                f"{1e3 * self._settings.max_skew_s:.1f} ms",
            )
        raw = _metres(self._align.process(frameset).get_depth_frame())
        filtered = frameset
        for each in self._filters:
            filtered = each.process(filtered)
        smooth = _metres(self._align.process(filtered.as_frameset()).get_depth_frame())
        smooth[(raw <= 0) | (smooth <= 0)] = np.nan
        return Frame(
            _rgb(colour),
            smooth,
            intrinsics_of(colour.profile),
            self._clock.monotonic_ns(colour.get_timestamp() * 1e-3, arrival_ns),
            int(colour.get_frame_number()),
        )


class RealSenseCamera:
    """A live device or a recording, as a ``Camera``. One thread."""

    def __init__(self, config: Any, settings: RealSenseSettings) -> None:  # noqa: ANN401 - untyped wheel
        self._pipeline = rs.pipeline()
        try:
            profile = self._pipeline.start(config)
        except RuntimeError as error:
            raise VisionError(
                f"RealSense does not start ({error}); check cable, USB 3 port, udev rules and mode"
            ) from error
        device = profile.get_device()
        self._name = " ".join(
            device.get_info(key)
            for key in (rs.camera_info.name, rs.camera_info.serial_number)
            if device.supports(key)
        )
        if device.is_playback():
            device.as_playback().set_real_time(False)
        self._chain = FrameChain(settings)
        self._intrinsics = intrinsics_of(profile.get_stream(rs.stream.color))

    @classmethod
    def live(cls, settings: RealSenseSettings | None = None, serial: str | None = None) -> Self:
        """Open the device with this serial number, or the only one.

        Raises VisionError at once where it is not connected: the pipeline alone would wait 15 s.
        """
        _require_connected(serial)
        used, config = settings or RealSenseSettings(), rs.config()
        if serial is not None:
            config.enable_device(serial)
        width, height, rate = (int(v) for v in (used.width, used.height, used.rate_hz))
        config.enable_stream(rs.stream.depth, width, height, rs.format.z16, rate)
        config.enable_stream(rs.stream.color, width, height, rs.format.rgb8, rate)
        return cls(config, used)

    @classmethod
    def recording(cls, path: Path, settings: RealSenseSettings | None = None) -> Self:
        """Play a ``.db3`` recording once, every frame, as fast as it is asked for."""
        if not path.is_file():
            raise VisionError(f"recording {path} does not exist; give a .db3 file")
        config = rs.config()
        rs.config.enable_device_from_file(config, str(path), repeat_playback=False)
        return cls(config, settings or RealSenseSettings())

    @property
    def name(self) -> str:
        """The camera's model and serial number, for the record."""
        return self._name or "RealSense recording"

    @property
    def intrinsics(self) -> Intrinsics:
        """The device's own intrinsics of the colour stream."""
        return self._intrinsics

    def next_frame(self, timeout_s: float) -> Frame | NoFrame:
        """Return the newest frame not handed out before, waiting up to ``timeout_s`` [s]."""
        try:
            arrived, frameset = self._pipeline.try_wait_for_frames(max(1, int(1e3 * timeout_s)))
        except RuntimeError as error:
            return NoFrame(CameraFault.DISCONNECTED, f"{error}; check the cable")
        if not arrived:
            return NoFrame(CameraFault.TIMEOUT, f"no frame within {timeout_s} s; check the cable")
        return self._chain.frame(frameset, time.monotonic_ns())

    def close(self) -> None:
        """Release the device."""
        self._pipeline.stop()


def _require_connected(serial: str | None) -> None:
    found = [
        device.get_info(rs.camera_info.serial_number)
        for device in rs.context().query_devices()
        if device.supports(rs.camera_info.serial_number)
    ]
    if not found or (serial is not None and serial not in found):
        wanted = "" if serial is None else f" with serial number {serial}"
        raise VisionError(
            f"no RealSense{wanted} is connected (connected: {', '.join(found) or 'none'}); check "
            "cable, USB 3 port, udev rules and the serial number"
        )


class SoftwareCamera:
    """librealsense's software device, fed with frames, read through the real syncer and chain.

    ``unit`` [m] is the depth of one count, ``record`` a ``.db3`` file to write as well.
    """

    def __init__(
        self,
        intrinsics: Intrinsics,
        unit: float = 1e-4,
        record: Path | None = None,
        settings: RealSenseSettings | None = None,
    ) -> None:
        self._intrinsics, self._unit = intrinsics, unit
        self._device = rs.software_device()
        depth, colour = self._device.add_sensor("Stereo Module"), self._device.add_sensor("RGB")
        self._depth_sensor, self._colour_sensor = depth, colour
        self._depth = depth.add_video_stream(self._stream(rs.stream.depth, 0, rs.format.z16, 2))
        self._colour = colour.add_video_stream(self._stream(rs.stream.color, 1, rs.format.rgb8, 3))
        depth.add_read_only_option(rs.option.depth_units, unit)
        depth.add_read_only_option(rs.option.stereo_baseline, 18.0)  # mm, a D405's
        self._depth.register_extrinsics_to(self._colour, _identity())
        self._device.create_matcher(rs.matchers.dlr_c)
        self._recorder = None if record is None else rs.recorder(str(record), self._device)
        source = self._device if self._recorder is None else self._recorder
        self._sensors: Any = source.query_sensors()
        self._syncer = rs.syncer()
        for sensor, stream in zip(self._sensors, (self._depth, self._colour), strict=True):
            sensor.open(stream)
            sensor.start(self._syncer)
        self._chain = FrameChain(settings or RealSenseSettings())
        self._alive: list[Any] = []  # pixels librealsense still points at

    @property
    def name(self) -> str:
        """What the record calls it."""
        return "librealsense software device"

    @property
    def intrinsics(self) -> Intrinsics:
        """What it was made with."""
        return self._intrinsics

    def feed(
        self,
        rgb: NDArray[np.uint8],
        depth: NDArray[np.float32],
        device_s: float,
        number: int,
        skew_s: float = 0.0,
    ) -> None:
        """Hand in one picture (H, W, 3) and depth (H, W) [m], stamped ``device_s`` [s].

        ``skew_s`` [s] stamps the depth that much later, as an unsynchronised camera would.
        """
        counts = np.nan_to_num(depth / self._unit, nan=0.0)
        pixels = np.ascontiguousarray(np.clip(np.round(counts), 0, 65535).astype(np.uint16))
        picture = np.ascontiguousarray(rgb)
        made = []
        for data, profile, size, stamp in (
            (pixels, self._depth, 2, device_s + skew_s),
            (picture, self._colour, 3, device_s),
        ):
            frame = rs.software_video_frame()
            frame.stride, frame.bpp = data.shape[1] * size, size
            frame.timestamp, frame.frame_number = 1e3 * stamp, number
            frame.domain = rs.timestamp_domain.hardware_clock
            frame.profile, frame.pixels = profile.as_video_stream_profile(), data
            made.append(frame)
        made[0].depth_units = self._unit
        self._alive = [*self._alive[-8:], (made, pixels, picture)]
        self._depth_sensor.on_video_frame(made[0])
        self._colour_sensor.on_video_frame(made[1])

    def next_frame(self, timeout_s: float) -> Frame | NoFrame:
        """Return the next frame that has both colour and depth, waiting up to ``timeout_s`` [s]."""
        deadline = time.monotonic() + timeout_s
        while (left := deadline - time.monotonic()) > 0:
            arrived, frameset = self._syncer.try_wait_for_frames(max(1, int(1e3 * left)))
            if arrived and frameset.size() == 2:
                return self._chain.frame(frameset, time.monotonic_ns())
        return NoFrame(CameraFault.TIMEOUT, f"no pair of frames within {timeout_s} s; feed one")

    def close(self) -> None:
        """Stop the streams and finish the recording."""
        for sensor in self._sensors:
            sensor.stop()
            sensor.close()
        self._sensors, self._recorder = (), None

    def _stream(self, kind: Any, uid: int, form: Any, size: int) -> Any:  # noqa: ANN401 - untyped wheel
        stream, k = rs.video_stream(), self._intrinsics
        stream.type, stream.index, stream.uid, stream.fmt = kind, 0, uid, form
        stream.width, stream.height, stream.fps, stream.bpp = k.width, k.height, 30, size
        lens = rs.intrinsics()
        lens.width, lens.height, lens.fx, lens.fy = k.width, k.height, k.fx, k.fy
        lens.ppx, lens.ppy, lens.model, lens.coeffs = k.cx, k.cy, rs.distortion.none, [0.0] * 5
        stream.intrinsics = lens
        return stream


def record(camera: SoftwareCamera, frames: Iterable[Frame]) -> int:
    """Feed frames to a software camera, stamps and all; return how many."""
    count = 0
    for frame in frames:
        camera.feed(frame.rgb, frame.depth, frame.stamp_ns * 1e-9, frame.sequence)
        count += 1
    return count


def intrinsics_of(profile: Any) -> Intrinsics:  # noqa: ANN401 - untyped wheel
    """Return the pinhole intrinsics of a stream profile.

    Raises VisionError where the stream is not rectified, for nothing downstream undistorts.
    """
    k = profile.as_video_stream_profile().get_intrinsics()
    if any(abs(c) > 1e-6 for c in k.coeffs) and k.model != rs.distortion.none:
        raise VisionError(
            f"colour stream has distortion {k.model} {list(k.coeffs)}; choose a rectified mode"
        )
    return Intrinsics(k.width, k.height, k.fx, k.fy, k.ppx, k.ppy)


def _metres(frame: Any) -> NDArray[np.float32]:  # noqa: ANN401 - untyped wheel
    # the unit differs between models (D405: 0.1 mm) and is never assumed
    counts = np.asanyarray(frame.get_data()).astype(np.float32)
    return np.asarray(counts * np.float32(frame.get_units()), dtype=np.float32)


def _rgb(frame: Any) -> NDArray[np.uint8]:  # noqa: ANN401 - untyped wheel
    form = frame.profile.format()
    pixels = np.asanyarray(frame.get_data())
    if form == rs.format.rgb8:
        return np.array(pixels, dtype=np.uint8)
    if form == rs.format.bgr8:
        return np.array(pixels[:, :, ::-1], dtype=np.uint8)
    raise VisionError(f"colour comes as {form}, wants rgb8 or bgr8; record it anew")


def _identity() -> Any:  # noqa: ANN401 - untyped wheel
    extrinsics = rs.extrinsics()
    extrinsics.rotation = [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0]
    extrinsics.translation = [0.0, 0.0, 0.0]
    return extrinsics
