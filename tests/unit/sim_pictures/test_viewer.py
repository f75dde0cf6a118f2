import queue
import threading

import cv2
import httpx
import numpy as np
import pytest

from sim.errors import SimError
from sim.scenario import Scenario
from sim.scene import Scene
from sim.viewer import LiveFilm, server_of, show
from tests.unit.sim.pilots import StillPilot


def test_the_live_view_begins_when_somebody_looks_and_shows_the_camera() -> None:
    said: queue.Queue[str] = queue.Queue()
    scenario = Scenario(name="view/one", about="A <calm> person.", seed=1)
    flight = threading.Thread(
        target=show, args=(scenario, StillPilot(), 0, said.put, 600.0), daemon=True
    )
    flight.start()
    address = said.get(timeout=120).split()[1]
    assert "A &lt;calm&gt; person." in httpx.get(address, timeout=60).text
    assert said.empty()
    shown = b""
    with httpx.stream("GET", address + "stream", timeout=60) as stream:
        for piece in stream.iter_raw():
            shown += piece
    # the stream ends with the flight
    head, _, jpeg = shown.partition(b"\r\n\r\n")
    assert head == b"--booth-frame\r\nContent-Type: image/jpeg"
    assert said.get(timeout=120).startswith("sampled")
    flight.join(60)
    assert not flight.is_alive()
    picture = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    assert picture.shape == (360, 480, 3)
    assert picture.std() > 10.0


def test_a_taken_port_is_told() -> None:
    scenario, film = Scenario(name="x"), LiveFilm(Scene())
    with server_of(scenario, film, 0) as first, pytest.raises(SimError, match="choose another"):
        server_of(scenario, film, first.server_port)
