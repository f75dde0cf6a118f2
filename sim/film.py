"""Films: an episode flown once more with somebody watching through the eye-in-hand camera."""

import io
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from sim.episode import Episode, run
from sim.errors import SimError
from sim.painter import SimPainter
from sim.pictures import Renderer
from sim.pilot import Pilot
from sim.scenario import Scenario
from sim.scene import Scene
from sim.snapshot import Snapshot
from sim.world import World

_TEXT = (255, 255, 255)


@dataclass(slots=True)
class Film:
    """Pictures of an episode, one every ``period_s`` [s], with time, phase and force written in.

    ``width`` and ``height`` [px]; ``frames`` (H, W, 3) each, colour.
    """

    scene: Scene
    period_s: float = 0.4
    width: int = 320
    height: int = 240
    frames: list[NDArray[np.uint8]] = field(default_factory=list)
    _painter: SimPainter | None = None
    _renderer: Renderer | None = None

    def take(self, world: World, snapshot: Snapshot) -> NDArray[np.uint8]:
        """Paint one instant of ``world``, keep and return it."""
        if self._painter is None or self._renderer is None:
            self._painter = SimPainter(self.scene, width=self.width, height=self.height)
            self._renderer = Renderer(self.width, self.height)
        picture = self._renderer.render(self._painter.view(snapshot)).rgb.copy()
        force = float(np.linalg.norm(world.contact_force))
        caption = f"{snapshot.stamp_ns * 1e-9:5.1f} s  {world.phase or 'seated'}  {force:.2f} N"
        cv2.putText(picture, caption, (6, 14), cv2.FONT_HERSHEY_SIMPLEX, 0.42, (0, 0, 0), 3)
        cv2.putText(picture, caption, (6, 14), cv2.FONT_HERSHEY_SIMPLEX, 0.42, _TEXT, 1)
        self.frames.append(picture)
        return picture

    def close(self) -> None:
        """Release the renderers; the frames stay."""
        for thing in (self._painter, self._renderer):
            if thing is not None:
                thing.close()
        self._painter = self._renderer = None

    def webp(self) -> bytes:
        """Return the film as an animated WebP, at twice the pace of life."""
        if not self.frames:
            raise SimError("the film is empty; the episode ended before its first picture")
        images = [Image.fromarray(frame) for frame in self.frames]
        out = io.BytesIO()
        images[0].save(
            out,
            format="WEBP",
            save_all=True,
            append_images=images[1:],
            duration=round(500 * self.period_s),
            loop=0,
            quality=60,
        )
        return out.getvalue()


def shoot(scenario: Scenario, pilot: Pilot, period_s: float = 0.4) -> tuple[Episode, Film]:
    """Fly a scenario once more and film it; the same seeds make it the same episode."""
    film = Film(Scene(arm_name=scenario.arm), period_s)
    try:
        return run(scenario, pilot, film), film
    finally:
        film.close()
