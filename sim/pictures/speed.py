"""How long a picture takes, for benchmarks/sim_speed.py."""

import time

import numpy as np
from numpy.typing import NDArray

from sim.anatomy import Anatomy, Articulation, OralCavity
from sim.cameras import D405
from sim.pictures.figure import swab_mesh
from sim.pictures.look import Look
from sim.pictures.renderer import Renderer, look_at
from sim.pictures.view import Prop, SceneView
from spatial import Pose, vector


def frame_times(width: int, height: int, frames: int) -> NDArray[np.float64]:
    """Return the seconds (frames,) that RGB, depth and labels of an open mouth take, one by one.

    The head stays the same and the camera moves, as between two frames of the booth; the first
    pictures, which compile shaders and tessellate the head, are not counted. Set LP_NUM_THREADS=1
    to hold Mesa to one core.
    """
    cavity = OralCavity(Anatomy(), Articulation(opening=0.05))
    mouth_tip = Pose.from_axes((-1.0, 0.0, 0.0), (0.0, 0.0, -1.0), vector((-0.03, 0.0, 0.0)))
    props = (Prop(swab_mesh(), mouth_tip),)
    k = D405.intrinsics(width, height)
    seconds = []
    with Renderer(width, height) as renderer:
        for i in range(frames + 3):
            eye = (0.25 + 0.0005 * i, 0.0, 0.03)
            view = SceneView(cavity, look_at(eye, (-0.03, 0.0, 0.0)), k, Look(), props)
            start = time.perf_counter()
            renderer.render(view)
            seconds.append(time.perf_counter() - start)
    return np.array(seconds[3:])
