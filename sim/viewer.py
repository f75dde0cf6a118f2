"""A live view in the browser: the eye-in-hand camera as a stream of pictures, on this machine."""

import html
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import cv2
import numpy as np

from sim.episode import run
from sim.errors import SimError
from sim.film import Film
from sim.pilot import Pilot
from sim.scenario import Scenario
from sim.scene import Scene
from sim.snapshot import Snapshot
from sim.world import World

_BOUNDARY = "booth-frame"
_PAGE = (
    "<!doctype html><meta charset='utf-8'><title>{name}</title>"
    "<body style='background:#222;color:#ddd;font:15px sans-serif;text-align:center'>"
    "<p>{name}: {about}</p><img src='/stream' style='width:min(96vw,960px)'></body>"
)


class LiveFilm:
    """Paints at the pace of life and keeps the newest picture for whoever looks.

    ``wanted`` is set as soon as somebody looks, ``ended`` when there will be no more pictures.

    Parameters
    ----------
    scene
        The booth.
    period_s
        Between pictures [s].
    """

    def __init__(self, scene: Scene, period_s: float = 0.1) -> None:
        self.period_s = period_s
        self._film = Film(scene, period_s, 480, 360)
        self._changed = threading.Condition()
        self._jpeg = b""
        self._number = 0
        self._began: float | None = None
        self.wanted, self.ended = threading.Event(), threading.Event()

    def take(self, world: World, snapshot: Snapshot) -> None:
        """Paint one instant, and wait until it is due."""
        picture = self._film.take(world, snapshot)
        self._film.frames.clear()
        done, jpeg = cv2.imencode(".jpg", np.ascontiguousarray(picture[..., ::-1]))
        if not done:
            raise SimError("a picture could not be encoded as JPEG; reinstall OpenCV")
        with self._changed:
            self._jpeg, self._number = jpeg.tobytes(), self._number + 1
            self._changed.notify_all()
        now, at = time.monotonic(), snapshot.stamp_ns * 1e-9
        if self._began is None:
            self._began = now - at
        time.sleep(max(0.0, at - (now - self._began)))

    def newer_than(self, number: int) -> tuple[bytes, int]:
        """Return the newest JPEG and its number, waiting a second for one newer than ``number``."""
        with self._changed:
            self._changed.wait_for(lambda: self._number > number, timeout=1.0)
            return self._jpeg, self._number

    def close(self) -> None:
        """Release the renderers; the newest picture stays."""
        self._film.close()
        self.ended.set()


def server_of(scenario: Scenario, film: LiveFilm, port: int) -> ThreadingHTTPServer:
    """Return a server of the page and the stream on 127.0.0.1; SimError where the port is taken."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path == "/stream":
                self._stream()
                return
            name, about = html.escape(scenario.name), html.escape(scenario.about)
            page = _PAGE.format(name=name, about=about).encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(page)))
            self.end_headers()
            self.wfile.write(page)

        def _stream(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", f"multipart/x-mixed-replace; boundary={_BOUNDARY}")
            self.end_headers()
            film.wanted.set()
            number = 0
            try:
                while True:
                    jpeg, newest = film.newer_than(number)
                    if newest > number:
                        head = f"--{_BOUNDARY}\r\nContent-Type: image/jpeg\r\n\r\n".encode()
                        self.wfile.write(head + jpeg + b"\r\n")
                        number = newest
                    elif film.ended.is_set():
                        return
            except (BrokenPipeError, ConnectionResetError):
                return  # whoever looked has closed the page

        def log_message(self, *_: object) -> None:
            """Say nothing: the terminal belongs to the command."""

    try:
        server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    except OSError as error:
        raise SimError(f"port {port} cannot be had ({error}); choose another, or 0") from error
    server.daemon_threads = True
    return server


def show(
    scenario: Scenario,
    pilot: Pilot,
    port: int,
    say: Callable[[str], None],
    patience_s: float = 30.0,
) -> None:
    """Fly ``scenario`` once at the pace of life, serving what the camera sees.

    It begins when somebody looks, or after ``patience_s`` [s].
    """
    film = LiveFilm(Scene(arm_name=scenario.arm))
    server = server_of(scenario, film, port)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    say(f"{scenario.name}: http://127.0.0.1:{server.server_port}/ (begins when you look)")
    try:
        film.wanted.wait(patience_s)
        episode = run(scenario, pilot, film)
        say(f"{episode.verdict} {episode.reason} in {episode.seconds:.1f} s")
    finally:
        film.close()
        server.shutdown()
        server.server_close()
