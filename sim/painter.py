"""Paints what the eye-in-hand camera sees: the person, the swab, the gripper, the chin rest."""

import math
from collections.abc import Callable
from functools import partial
from typing import Self

import numpy as np
from numpy.typing import NDArray

from sim.cameras import D405, CameraModel
from sim.darkroom import Darkroom
from sim.eye import EyeModel
from sim.pictures import Look, Prop, Renderer, SceneView, chin_rest_mesh, gripper_mesh, swab_mesh
from sim.scene import Scene
from sim.snapshot import Snapshot
from spatial import Pose, vector
from vision.frame import Intrinsics

_DETAIL = 0.6  # of the meshes: finer than this, triangles are smaller than the camera's pixels
_CHIN = vector((0.0, 0.0, -0.055))  # from the nominal mouth to the middle of the rest's cup


class SimPainter:
    """Renders a snapshot and passes it through a model of a depth camera.

    Parameters
    ----------
    scene
        The booth, for the chin rest and the tool.
    camera
        The camera's model.
    width, height
        The picture's size [px].
    look
        The booth's light.
    """

    def __init__(
        self,
        scene: Scene,
        camera: CameraModel = D405,
        width: int = 640,
        height: int = 480,
        look: Look | None = None,
    ) -> None:
        self._scene = scene
        self._camera = camera
        self._look = look or Look()
        self._intrinsics = camera.intrinsics(width, height)
        self._renderer = Renderer(width, height)
        self._gripper = gripper_mesh()
        self._chin_rest = chin_rest_mesh()

    @classmethod
    def of(cls, scene: Scene, camera: CameraModel = D405) -> Callable[[], Self]:
        """Return what makes this painter when the first picture is wanted."""
        return lambda: cls(scene, camera)

    @property
    def intrinsics(self) -> Intrinsics:
        """The camera's intrinsics."""
        return self._intrinsics

    def view(self, snapshot: Snapshot) -> SceneView:
        """Return what there is to see at the snapshot's instant, the camera's own look at it."""
        optical_base = snapshot.base_camera.inverse()
        base_mouth = snapshot.base_mouth or self._scene.nominal_base_mouth
        optical_mouth = optical_base @ base_mouth
        mouth_base = optical_mouth.inverse() @ optical_base
        grip = Pose(translation=vector((0.0, 0.0, self._scene.tool_shape.grip_depth)))
        props = [Prop(self._gripper, mouth_base @ snapshot.base_hand @ grip)]
        if snapshot.base_tip is not None:
            bend = _bend(snapshot.base_hand, snapshot.base_tip)
            props.append(Prop(swab_mesh(bend), mouth_base @ snapshot.base_tip))
        if self._scene.chin_rest:
            rest = self._scene.nominal_base_mouth @ Pose(translation=_CHIN)
            props.append(Prop(self._chin_rest, mouth_base @ rest))
        return SceneView(
            snapshot.cavity, optical_mouth, self._intrinsics, self._look, tuple(props), _DETAIL
        )

    def paint(
        self, snapshot: Snapshot, rng: np.random.Generator
    ) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
        """Return colour (H, W, 3) and depth (H, W) [m], NaN where nothing was measured."""
        picture = self._renderer.render(self.view(snapshot))
        frame = self._camera.measure(picture, rng)
        return frame.rgb, frame.depth

    def close(self) -> None:
        """Release the renderer."""
        self._renderer.close()


def _bend(base_hand: Pose, base_tip: Pose) -> tuple[float, float]:
    """Return the angles [rad] about x and y of the shaft's joint, seen from the tip."""
    x, y, z = base_tip.rotation.T @ base_hand.rotation[:, 2]
    return -math.atan2(y, z), math.atan2(x, z)


def eye_of(
    scene: Scene,
    camera: CameraModel = D405,
    width: int = 640,
    height: int = 480,
    *,
    helpers: int = 0,
) -> EyeModel:
    """Return the eye that sees ``scene`` through a model of a depth camera.

    With ``helpers`` so many processes paint its pictures while the world goes on.
    """
    here = partial(SimPainter, scene, camera, width, height)
    return EyeModel(
        name=f"simulated {camera.name}",
        delay_s=camera.delay_s,
        painter=partial(Darkroom, here, helpers) if helpers else here,
    )
