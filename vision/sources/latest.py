"""Hands over the newest healthy frame of any camera, and notices when there is none."""

import threading
import time
from collections.abc import Callable

from vision.camera import Camera, CameraFault, NoFrame
from vision.frame import Frame, Intrinsics
from vision.health import FrameWatch, HealthSettings


class LatestCamera:
    """A camera read by a thread of its own, so that its reader never gets an old frame.

    The thread keeps only the newest frame; ``next_frame`` waits for one not handed out before,
    checks it, and hands it over or its fault. One reader thread at a time; ``close`` from any.
    """

    def __init__(
        self,
        camera: Camera,
        settings: HealthSettings | None = None,
        now_ns: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self._camera, self._now_ns = camera, now_ns
        self._watch = FrameWatch(settings)
        self._ready = threading.Condition()
        self._newest: Frame | NoFrame | None = None
        self._closed = False
        self._thread = threading.Thread(target=self._read, name="camera", daemon=True)
        self._thread.start()

    @property
    def name(self) -> str:
        """The camera's own."""
        return self._camera.name

    @property
    def intrinsics(self) -> Intrinsics:
        """The camera's own."""
        return self._camera.intrinsics

    def next_frame(self, timeout_s: float) -> Frame | NoFrame:
        """Return the newest frame not handed out before, waiting up to ``timeout_s`` [s]."""
        with self._ready:
            self._ready.wait_for(lambda: self._newest is not None or self._closed, timeout_s)
            newest, self._newest = self._newest, None
        if self._closed:
            return NoFrame(CameraFault.DISCONNECTED, "camera is closed; open it again")
        if newest is None:
            return NoFrame(CameraFault.TIMEOUT, f"no frame within {timeout_s} s; check the cable")
        if isinstance(newest, NoFrame):
            return newest
        return self._watch.check(newest, self._now_ns()) or newest

    def close(self) -> None:
        """Stop reading and release the device."""
        with self._ready:
            self._closed = True
            self._ready.notify_all()
        self._thread.join(timeout=2.0)
        self._camera.close()

    def _read(self) -> None:
        while not self._closed:
            got = self._camera.next_frame(0.1)
            if isinstance(got, NoFrame) and got.fault is CameraFault.TIMEOUT:
                continue  # silence is the reader's to time
            with self._ready:
                self._newest = got
                self._ready.notify()
            if isinstance(got, NoFrame) and got.fault is CameraFault.DISCONNECTED:
                time.sleep(0.05)  # a camera that is gone answers at once: do not spin
