"""The rest of a person, and the things of the booth: hair, ears, neck, swab, gripper, chin rest."""

from functools import cache
from itertools import pairwise

import numpy as np

from sim.anatomy import Mesh, OralCavity, Part
from sim.anatomy.blobs import superellipsoid
from sim.anatomy.mesh import blob_mesh, cone_mesh, grid_mesh
from sim.anatomy.tessellation import face_outline, face_points

SWAB_LENGTH = 0.150
SWAB_SHAFT = 0.0025
SWAB_TIP = 0.005


def _plain(mesh: Mesh) -> Mesh:
    """Mark a new mesh as skin without a painted face: its surface coordinates lie above 5."""
    mesh.uv[:] += np.float32(9.0)
    return mesh


def _skull(cavity: OralCavity, detail: float) -> Mesh:
    """Return the back of the head: the face's outline drawn backwards, hair above the nape."""
    face = cavity.shape.surfaces.face
    phi = np.linspace(-np.pi, np.pi, 2 * round(34 * detail) + 1)
    y, z = face_outline(face, phi)
    middle = face[2] + face[0]
    u = np.linspace(0.0, 1.0, round(18 * detail))[:, None]
    hairy = np.clip((z - 0.0) / 0.03, 0.0, 1.0)
    scale = np.sqrt(np.maximum(1.0 - u**2.4, 0.0)) * (1.0 + 0.045 * hairy[None])
    x = face[6] + 0.005 + 0.012 * hairy * (1.0 - u) - 1.08 * face[5] * u
    points = np.stack([x, y * scale, middle + (z - middle) * scale], -1)
    hair = points[..., 2] > middle - 0.035 - 0.05 * u
    return _plain(grid_mesh(points, np.where(hair, Part.HAIR, Part.SKIN).astype(np.uint8)))


def _fringe(cavity: OralCavity, hairline: float) -> Mesh:
    """Hair over the forehead and the temples, thickening from the hairline to the outline."""
    phi = np.linspace(-0.02, np.pi + 0.02, 41)
    sine = np.clip(np.sin(phi), 0.0, 1.0)
    inner = 0.975 - hairline * sine**0.8
    s = np.linspace(0.0, 1.0, 9)[:, None]
    points = face_points(cavity.shape, phi, inner[None] * (1 - s) + s)
    thick = 0.045 * np.sqrt(s)
    middle = cavity.shape.surfaces.face[2] + cavity.shape.surfaces.face[0]
    points[..., 0] += 0.006 * np.sqrt(s) - 0.0005
    points[..., 1] *= 1.0 + thick
    points[..., 2] = middle + (points[..., 2] - middle) * (1.0 + thick)
    return _plain(grid_mesh(points, Part.HAIR))


def figure_meshes(cavity: OralCavity, detail: float = 1.0, hairline: float = 0.30) -> list[Mesh]:
    """Return hair, ears, neck and shoulders, glasses and mask of a person, in the mouth frame.

    ``detail`` scales the number of grid lines; ``hairline`` is how far the hair reaches from the
    crown towards the lips, as a share.
    """
    face = cavity.shape.surfaces.face
    half_height, half_width, centre, _, lower, _, base, _, _, k = face
    ears = [
        superellipsoid(
            Part.SKIN,
            (base + 0.004, side * (half_width + 0.001), half_height + 0.046 * k),
            (0.012 * k, 0.006 * k, 0.029 * k),
            yaw=side * 0.5,
        )
        for side in (-1.0, 1.0)
    ]
    chin = centre - lower - half_height
    throat = np.array([base - 0.050, 0.0, chin + 0.010])
    chest = np.array([base - 0.045, 0.0, chin - 0.10])
    torso = superellipsoid(
        Part.CLOTHES,
        (base - 0.055, 0.0, chin - 0.075 - 0.24 * k),
        (0.105 * k, 0.215 * k, 0.24 * k),
        2.6,
    )
    meshes = [
        _skull(cavity, detail),
        _fringe(cavity, hairline),
        _plain(blob_mesh(np.array(ears), detail)),
        _plain(cone_mesh(np.array([[float(Part.SKIN), *throat, *chest, 0.048 * k, 0.058 * k]]))),
        blob_mesh(np.array([torso]), 2.0 * detail),
    ]
    if cavity.anatomy.glasses:
        meshes.extend(_glasses(cavity))
    if cavity.anatomy.mask:
        meshes.append(_mask(cavity))
    return meshes


def _glasses(cavity: OralCavity) -> list[Mesh]:
    face = cavity.shape.surfaces.face
    half_height, half_width, k = face[0], face[1], face[9]
    x, z = face[7] * 0.45 + 0.004, half_height + 0.060 * k
    angle = np.linspace(0.0, 2 * np.pi, 13)
    rods = [((x, -0.008, z + 0.006), (x, 0.008, z + 0.006))]
    for side in (-1.0, 1.0):
        ring = np.stack(
            [
                x - 0.004 * side * np.cos(angle),
                side * 0.033 * k + 0.026 * k * np.cos(angle),
                z + 0.020 * k * np.sin(angle),
            ],
            -1,
        )
        rods.extend((tuple(a), tuple(b)) for a, b in pairwise(ring))
        rods.append(
            ((x, side * 0.059 * k, z + 0.004), (face[6], side * (half_width + 0.001), z + 0.004))
        )
    rows = [[float(Part.GLASSES), *a, *b, 0.0012, 0.0012] for a, b in rods]
    return [cone_mesh(np.array(rows), 0.6)]


def _mask(cavity: OralCavity) -> Mesh:
    """Return a pleated mask from the bridge of the nose to below the chin."""
    face = cavity.shape.surfaces.face
    half_height, k = face[0], face[9]
    u, v = np.meshgrid(np.linspace(-1, 1, 25), np.linspace(-1, 1, 21), indexing="ij")
    y = 0.068 * k * u
    z = v * (half_height + 0.042 * k)
    bulge = 0.030 * k * (1 - u**2) ** 0.7 * (1 - 0.5 * v**2)
    x = -0.035 * k * np.abs(u) ** 2.2 + bulge + 0.0015 * np.sin(18.0 * v)
    return grid_mesh(np.stack([x, y, z], -1), Part.MASK)


def swab_mesh(bend: tuple[float, float] = (0.0, 0.0)) -> Mesh:
    """Return a swab in the tip frame (z out of the tip), tip at the origin.

    ``bend`` [rad] are the angles about x and y of the flexible joint at 0.15 of the length from
    the gripper.
    """
    joint = -0.85 * SWAB_LENGTH
    pivot = np.array([0.0, 0.0, joint])
    direction = np.array([-np.sin(bend[1]), np.sin(bend[0]), -1.0])
    direction /= np.linalg.norm(direction)
    end = pivot + 0.15 * SWAB_LENGTH * direction
    shaft, tip = SWAB_SHAFT / 2, SWAB_TIP / 2
    rows = [
        [float(Part.SWAB), 0.0, 0.0, -tip, 0.0, 0.0, -0.015, tip, SWAB_TIP / 2.4],
        [float(Part.SWAB), 0.0, 0.0, -0.012, *pivot, shaft, shaft],
        [float(Part.SWAB), *pivot, *end, shaft, shaft],
    ]
    return cone_mesh(np.array(rows))


@cache
def gripper_mesh() -> Mesh:
    """Return two fingers and a palm in the frame of the grip: z towards the swab's tip."""
    rows = [
        superellipsoid(Part.GRIPPER, (side * 0.007, 0.0, -0.012), (0.005, 0.009, 0.022), 6.0)
        for side in (-1.0, 1.0)
    ]
    rows.append(superellipsoid(Part.GRIPPER, (0.0, 0.0, -0.055), (0.030, 0.024, 0.026), 6.0))
    return blob_mesh(np.array(rows))


@cache
def chin_rest_mesh() -> Mesh:
    """Return a chin rest in its own frame: origin in the middle of the cup, z up, x to the arm."""
    rows = [
        superellipsoid(Part.CHIN_REST, (0.0, 0.0, -0.010), (0.022, 0.045, 0.010), 4.0),
        superellipsoid(Part.CHIN_REST, (0.0, 0.0, -0.16), (0.012, 0.012, 0.15), 4.0),
        superellipsoid(Part.CHIN_REST, (0.0, 0.13, 0.05), (0.007, 0.007, 0.30), 5.0),
        superellipsoid(Part.CHIN_REST, (0.0, -0.13, 0.05), (0.007, 0.007, 0.30), 5.0),
    ]
    return blob_mesh(np.array(rows))
