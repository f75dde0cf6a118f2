"""Pictures for people: the whole booth from the side, and a throat with its labels."""

from dataclasses import replace
from enum import StrEnum

import cv2
import numpy as np
from numpy.typing import NDArray

from arm_control.model import ArmModel
from sim.anatomy import Anatomy, Articulation, Mesh, OralCavity, Part, Population
from sim.anatomy.blobs import superellipsoid
from sim.anatomy.mesh import blob_mesh
from sim.errors import SimError
from sim.pictures import (
    Look,
    Prop,
    Renderer,
    SceneView,
    chin_rest_mesh,
    gripper_mesh,
    look_at,
    swab_mesh,
)
from sim.pictures.robot import arm_meshes, box_mesh
from sim.scene import Scene
from spatial import Pose, Vector, vector
from vision.frame import Intrinsics
from vision.target import Site

Image = NDArray[np.uint8]

_FINER = 2  # drawn so many times larger, then averaged down

LABEL_COLOURS = {
    Part.SKIN: (205, 180, 160),
    Part.LIPS: (214, 110, 120),
    Part.TEETH: (240, 240, 225),
    Part.GUMS: (190, 90, 100),
    Part.TONGUE: (228, 128, 128),
    Part.HARD_PALATE: (120, 80, 150),
    Part.SOFT_PALATE: (150, 100, 190),
    Part.ARCH_RIGHT: (70, 130, 180),
    Part.ARCH_LEFT: (70, 150, 160),
    Part.UVULA: (245, 200, 60),
    Part.TONSIL_RIGHT: (60, 90, 220),
    Part.TONSIL_LEFT: (40, 190, 190),
    Part.POSTERIOR_WALL: (60, 170, 80),
    Part.CHEEK: (150, 70, 70),
    Part.PHARYNX: (100, 60, 60),
    Part.HAIR: (60, 60, 60),
    Part.EYES: (255, 255, 255),
    Part.SWAB: (250, 250, 250),
    Part.GRIPPER: (90, 90, 100),
    Part.CLOTHES: (110, 120, 140),
    Part.CHIN_REST: (200, 205, 210),
}


class Motif(StrEnum):
    """What to draw."""

    BOOTH = "booth"
    THROAT = "throat"


def portrait(motif: Motif, seed: int, width: int = 1280, height: int = 800) -> Image:
    """Return a picture (H, W, 3) RGB of the person with this seed.

    Raises
    ------
    SimError
        Where the size is out of bounds or no off-screen OpenGL is to be had.
    """
    if not (320 <= width <= 2560 and 240 <= height <= 1600):
        raise SimError(f"picture {width}x{height} px is outside 320x240 to 2560x1600")
    anatomy = _pleasant(Population.named("adult").sample(np.random.default_rng(seed)))
    draw = _booth if motif is Motif.BOOTH else _throat
    return draw(anatomy, width, height)


def colour_labels(labels: Image) -> Image:
    """Return a label image (H, W) in colours (H, W, 3)."""
    table = np.full((256, 3), 40, np.uint8)
    for part, colour in LABEL_COLOURS.items():
        table[part] = colour
    return np.asarray(table[labels])


def _pleasant(anatomy: Anatomy) -> Anatomy:
    return replace(anatomy, exudate=0.0, teeth_missing=0, mask=False, opening_max=0.052)


def _throat(anatomy: Anatomy, width: int, height: int) -> Image:
    """Return throat and labels side by side."""
    half = width // 2
    cavity = OralCavity(anatomy, Articulation(opening=0.052, tongue_height=0.0, velum=0.6))
    f = 2.9 * height * _FINER
    k = Intrinsics(half * _FINER, height * _FINER, f, f, half * _FINER / 2, height * _FINER / 2)
    wall = cavity.site(Site.LEFT_TONSIL).point
    mouth_tip = Pose.from_axes(
        wall - np.array([0.25, 0.0, -0.03]), (0.0, 0.0, -1.0), wall + np.array([0.028, 0.0, 0.0])
    )
    view = SceneView(
        cavity,
        look_at((0.27, 0.01, 0.012), (-0.02, 0.0, -0.002)),
        k,
        Look(lamp=(0.006, -0.02, 0.0), lamp_size=0.02, room=0.18, exposure=1.15, clutter=0.0),
        (Prop(swab_mesh(), mouth_tip),),
        detail=2.0,
    )
    with Renderer(k.width, k.height, fine=True) as renderer:
        picture = renderer.render(view)
    size = (half, height)
    rgb = cv2.resize(picture.rgb, size, interpolation=cv2.INTER_AREA)
    labels = cv2.resize(colour_labels(picture.labels), size, interpolation=cv2.INTER_AREA)
    return np.asarray(np.hstack([rgb, labels]), dtype=np.uint8)


def _booth(anatomy: Anatomy, width: int, height: int) -> Image:
    """Return the booth from the side: the person on the chin rest, the arm with swab and camera."""
    scene = Scene()
    cavity = OralCavity(anatomy, Articulation(opening=0.050, tongue_height=0.0))
    base_mouth = scene.nominal_base_mouth
    base_tip = base_mouth @ Pose.from_axes((-1.0, 0.0, -0.06), (0.0, 1.0, 0.0), (0.022, 0.0, 0.004))
    model = scene.arm_model()
    position = reach(model, base_tip, scene.home)
    base_tip = model.base_tip(position)
    mouth_base = base_mouth.inverse()
    props = [
        Prop(mesh, mouth_base @ base_link) for mesh, base_link in arm_meshes(scene.arm, position)
    ]
    grip = base_tip @ Pose(translation=vector((0.0, 0.0, -scene.swab.length)))
    props += [
        Prop(swab_mesh(), mouth_base @ base_tip),
        Prop(gripper_mesh(), mouth_base @ grip),
        Prop(_camera_mesh(), mouth_base @ model.base_camera(position)),
        Prop(_hand_mesh(scene.tool_shape.grip_depth), mouth_base @ model.base_sensor(position)),
        Prop(chin_rest_mesh(), Pose(translation=vector((-0.030, 0.0, -0.0765)))),
        *_room(mouth_base, scene.pedestal),
    ]
    w, h = width * _FINER, height * _FINER
    k = Intrinsics(w, h, 1.5 * h, 1.5 * h, w / 2, h / 2)
    view = SceneView(
        cavity,
        look_at((0.55, -1.35, 0.32), (0.44, 0.02, -0.055)),
        k,
        Look(
            lamp=(-0.75, -0.9, 0.55),
            lamp_size=0.08,
            room=0.55,
            room_direction=(0.3, -0.3, 0.9),
            exposure=0.85,
            clutter=0.0,
            background=(0.80, 0.84, 0.86),
            background_depth=6.0,
        ),
        tuple(props),
        detail=2.0,
        shadow_radius=0.9,
    )
    with Renderer(w, h, fine=True) as renderer:
        picture = renderer.render(view)
    return np.asarray(cv2.resize(picture.rgb, (width, height), interpolation=cv2.INTER_AREA))


def reach(model: ArmModel, base_tip: Pose, start: Vector) -> Vector:
    """Return joints (n,) [rad] near ``start`` that bring the tip to ``base_tip``.

    Damped least squares (Wampler 1986, IEEE SMC 16(1)). Raises SimError where it ends more than
    2 mm or 0.02 rad away.
    """
    q = np.array(start)
    for _ in range(300):
        here = model.base_tip(vector(q, None))
        turn = Pose(base_tip.rotation @ here.rotation.T).rotation_vector()
        error = np.concatenate([base_tip.translation - here.translation, turn])
        if np.abs(error).max() < 1e-5:
            break
        J = model.jacobian(vector(q, None))
        step = J.T @ np.linalg.solve(J @ J.T + 1e-4 * np.eye(6), error)
        q = np.clip(q + 0.5 * step, model.lower, model.upper)
    if np.abs(error[:3]).max() > 0.002 or np.abs(error[3:]).max() > 0.02:
        raise SimError(f"the arm ends {np.round(error, 3)} from the pose; move the mouth closer")
    return vector(q, None)


def _camera_mesh() -> Mesh:
    """Return a depth camera in its optical frame: a bar with two eyes."""
    rows = [
        superellipsoid(Part.GRIPPER, (0.0, 0.0, -0.012), (0.045, 0.012, 0.011), 6.0),
        superellipsoid(Part.GRIPPER, (0.0, 0.035, -0.03), (0.012, 0.030, 0.004), 6.0),
        superellipsoid(Part.GLASSES, (-0.025, 0.0, -0.002), (0.007, 0.007, 0.003)),
        superellipsoid(Part.GLASSES, (0.025, 0.0, -0.002), (0.007, 0.007, 0.003)),
        superellipsoid(Part.ARM, (0.0, 0.0, -0.002), (0.005, 0.005, 0.003)),
    ]
    return blob_mesh(np.array(rows), 2.0)


def _hand_mesh(grip_depth: float) -> Mesh:
    """Return the wrist sensor and the gripper's body, in the sensor's frame (z out of it)."""
    body = grip_depth - 0.055
    rows = [
        superellipsoid(Part.ARM, (0.0, 0.0, 0.014), (0.038, 0.038, 0.014), 5.0),
        superellipsoid(
            Part.GRIPPER, (0.0, 0.0, 0.5 * body + 0.02), (0.026, 0.026, 0.5 * body), 5.0
        ),
    ]
    return blob_mesh(np.array(rows), 2.0)


def _room(mouth_base: Pose, pedestal: float) -> list[Prop]:
    """Floor, back wall, the table with its opening, and the arm's pedestal, in base coordinates."""
    boxes = [
        (Part.BOOTH, (0.4, 0.0, -pedestal - 0.01), (3.0, 3.0, 0.01)),
        (Part.BOOTH, (0.4, -1.15, 0.6), (3.0, 0.02, 2.0)),
        (Part.BOOTH, (0.0, 0.0, -0.5 * pedestal - 0.003), (0.14, 0.14, 0.5 * pedestal)),
        (Part.BOOTH, (0.62, 0.30, -0.115), (0.32, 0.30, 0.015)),
        (Part.CHIN_REST, (0.62, 0.30, -0.07), (0.10, 0.06, 0.030)),
    ]
    return [Prop(box_mesh(part, centre, semi), mouth_base) for part, centre, semi in boxes]
