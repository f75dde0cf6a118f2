"""Random scenes for training and evaluating the vision: who, from where, with what in front."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from sim.anatomy import Anatomy, Articulation, OralCavity, Population
from sim.cameras import CAMERAS, CameraModel
from sim.pictures.figure import chin_rest_mesh, gripper_mesh, swab_mesh
from sim.pictures.look import Look
from sim.pictures.view import Prop, SceneView
from spatial import Pose, vector
from vision.frame import Intrinsics
from vision.target import Site

_POPULATIONS = ("adult", "child", "elderly")
_SHARES = (0.6, 0.2, 0.2)


@dataclass(frozen=True, slots=True)
class Sample:
    """One random scene: the view, the camera that sees it, and how it came about.

    ``cavity`` is the person the scene is about, who in an "empty" one is not in the view.

    ``kind`` is "booth" (face at 20 to 45 cm), "close" (the throat fills the picture), "hard"
    (closed, masked, covered or turned away) or "empty" (nobody there).
    """

    view: SceneView
    cavity: OralCavity
    camera: CameraModel
    kind: str
    population: str


def sample_scene(rng: np.random.Generator, width: int, height: int) -> Sample:
    """Draw one scene for a picture of ``width`` x ``height`` px."""
    kind = str(rng.choice(["booth", "close", "hard", "empty"], p=[0.52, 0.28, 0.18, 0.02]))
    population = str(rng.choice(_POPULATIONS, p=_SHARES))
    anatomy = _varied(Population.named(population).sample(rng), kind, rng)
    cavity = OralCavity(anatomy, _articulation(anatomy, kind, rng))
    camera, intrinsics = _camera(kind, rng, width, height)
    optical_mouth = _pose(kind, rng)
    look = Look.sample(rng)
    props = _props(cavity, optical_mouth, kind, rng)
    seated = None if kind == "empty" else cavity
    view = SceneView(seated, optical_mouth, intrinsics, look, props, detail=0.6)
    return Sample(view, cavity, camera, kind, population)


def _varied(anatomy: Anatomy, kind: str, rng: np.random.Generator) -> Anatomy:
    """Widen the population's tones and illnesses: a network must not rely on a healthy booth."""
    changes: dict[str, Any] = {}
    if rng.random() < 0.3:
        changes["tonsil_right"] = changes["tonsil_left"] = float(rng.uniform(0.0, 4.0))
    if rng.random() < 0.2:
        changes["exudate"] = float(rng.uniform(0.2, 1.0))
    if rng.random() < 0.25:
        changes["wall_cobbles"] = float(rng.random())
    if rng.random() < 0.4:
        changes["mucosa_redness"] = float(rng.random())
    if rng.random() < 0.4:
        changes["skin_tone"] = float(rng.random())
    if kind == "hard" and rng.random() < 0.25:
        changes["mask"] = True
    return replace(anatomy, **changes)


def _articulation(anatomy: Anatomy, kind: str, rng: np.random.Generator) -> Articulation:
    widest = anatomy.opening_max
    if kind == "hard":
        opening = float(rng.choice([rng.uniform(0.0, 0.008), rng.uniform(0.008, widest), widest]))
        tongue = float(rng.beta(2.0, 1.3))
        hand = float(rng.uniform(0.3, 1.0)) if rng.random() < 0.3 else 0.0
    else:
        opening = float(widest * rng.uniform(0.72, 1.0))
        tongue = float(rng.beta(0.8, 3.0))
        hand = 0.0
    pressed = rng.random() < (0.3 if kind == "close" else 0.1)
    depressor = float(rng.uniform(0.4, 1.0)) if pressed else 0.0
    return Articulation(
        opening=opening,
        tongue_height=tongue,
        tongue_protrusion=float(rng.uniform(-0.005, 0.03)) if rng.random() < 0.3 else 0.0,
        tongue_sideways=float(rng.normal(0.0, 0.002)),
        velum=float(rng.random()),
        swallow=float(rng.random()) if kind == "hard" and rng.random() < 0.15 else 0.0,
        depressor=depressor,
        hand=hand,
    )


def _camera(
    kind: str, rng: np.random.Generator, width: int, height: int
) -> tuple[CameraModel, Intrinsics]:
    """Return a camera model with its lens and noise varied, and a random crop of its picture."""
    model = CAMERAS[str(rng.choice(["D405", "D435"], p=[0.65, 0.35]))]
    zoom = float(np.exp(rng.uniform(0.5, 1.45) if kind == "close" else rng.uniform(0.0, 1.2)))
    varied = replace(
        model,
        focal=min(model.focal * zoom, 3.9),
        disparity_noise=model.disparity_noise * float(np.exp(rng.normal(0.0, 0.4))),
        holes=float(np.clip(model.holes * np.exp(rng.normal(0.0, 0.6)), 0.0, 0.9)),
        blur=float(rng.gamma(2.0, 0.35)),
        shake=float(rng.gamma(1.5, 1.5)) if rng.random() < 0.3 else 0.0,
        read_noise=float(rng.uniform(0.3, 5.0)),
        shot_noise=float(rng.uniform(0.05, 0.6)),
        min_range=model.min_range if kind != "close" else 0.05,
    )
    k = varied.intrinsics(width, height)
    shift = rng.normal(0.0, 0.01, 2)
    return varied, replace(k, cx=k.cx + width * shift[0], cy=k.cy + height * shift[1])


def _pose(kind: str, rng: np.random.Generator) -> Pose:
    """Return ``optical_mouth`` of a camera somewhere before the mouth."""
    if kind == "close":
        distance = float(rng.uniform(0.10, 0.26))
        spread, off = 0.16, 0.008
    elif kind == "hard":
        distance = float(rng.uniform(0.16, 0.5))
        spread, off = 0.40, 0.05
    else:
        distance = float(rng.uniform(0.19, 0.46))
        spread, off = 0.17, 0.02
    azimuth, elevation = rng.normal(0.0, spread), rng.normal(0.08, spread)
    direction = np.array(
        [
            np.cos(elevation) * np.cos(azimuth),
            np.cos(elevation) * np.sin(azimuth),
            np.sin(elevation),
        ]
    )
    target = np.array([-0.03, 0.0, 0.0]) + rng.normal(0.0, off, 3) * (0.3, 1.0, 1.0)
    mouth_optical = Pose.from_axes(
        -direction,
        np.cross(-direction, (0.0, 0.0, 1.0)),
        target + distance * direction,
    )
    roll = float(rng.normal(0.0, 0.15)) if rng.random() < 0.95 else float(rng.uniform(-3.1, 3.1))
    turned = mouth_optical @ Pose.from_rotation_vector((0.0, 0.0, roll))
    return turned.inverse()


def _props(
    cavity: OralCavity, optical_mouth: Pose, kind: str, rng: np.random.Generator
) -> tuple[Prop, ...]:
    props: list[Prop] = []
    if kind == "empty" or rng.random() < 0.5:
        chin = Pose(translation=vector((-0.02, 0.0, -0.075 - cavity.opening / 2)))
        props.append(Prop(chin_rest_mesh(), chin))
    if rng.random() < 0.55:
        mouth_tip = _swab_pose(cavity, optical_mouth, rng)
        if cavity.signed_distance(mouth_tip.translation)[0][0] > 0.0:
            bend = rng.normal(0.0, 0.04, 2)
            grip = mouth_tip @ Pose(translation=vector((0.0, 0.0, -0.150)))
            props.append(Prop(swab_mesh((float(bend[0]), float(bend[1]))), mouth_tip))
            props.append(Prop(gripper_mesh(), grip))
    return tuple(props)


def _swab_pose(cavity: OralCavity, optical_mouth: Pose, rng: np.random.Generator) -> Pose:
    """Return ``mouth_tip`` of a swab held under the lens, before the mouth or inside it."""
    mouth_optical = optical_mouth.inverse()
    down = mouth_optical.rotation @ np.array([0.0, 1.0, 0.0])
    if rng.random() < 0.6 and np.linalg.norm(mouth_optical.translation) < 0.26:
        site = cavity.site(Site(str(rng.choice([s.value for s in Site]))))
        tip = site.point * float(rng.uniform(0.3, 1.0)) + site.normal * 0.004
        grip = np.array([rng.normal(0.0, 0.006), 0.055, 0.05])
        start = np.asarray(mouth_optical.apply(grip))
    else:
        ahead = float(rng.uniform(0.16, 0.24))
        tip = np.asarray(
            mouth_optical.apply((rng.normal(0.0, 0.006), rng.uniform(0.005, 0.05), ahead))
        )
        start = np.asarray(mouth_optical.apply((rng.normal(0.0, 0.006), 0.055, ahead - 0.15)))
    return Pose.from_axes(tip - start, down, tip)
