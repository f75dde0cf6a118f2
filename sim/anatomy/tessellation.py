"""The meshes of a `Shape`: every vertex lies on the surface it shows."""

from functools import cache

import numpy as np

from sim.anatomy.distance import cavity_parts, skin_x
from sim.anatomy.mesh import Mesh, blob_mesh, cone_mesh, grid_mesh, signed_power
from sim.anatomy.parts import Part
from sim.anatomy.profile import Array, Profile
from sim.anatomy.shape import Shape


@cache
def _around(half: int) -> Array:
    """Return the angles (2 half + 1,) [rad] of the lines of a closed grid, the last the first."""
    return _kept(np.linspace(-np.pi, np.pi, 2 * half + 1))


@cache
def _shares(count: int) -> Array:
    """Return ``count`` even shares from 0 to 1."""
    return _kept(np.linspace(0.0, 1.0, count))


def _kept(values: Array) -> Array:
    values.setflags(write=False)
    return values


def _tube_points(profile: Profile, s: Array, angle: Array) -> tuple[Array, Array]:
    """Return the points (r, c, 3) of a generalised cylinder and its sections (r, 5)."""
    section = profile.at(s)
    width, top, bottom, exponent, groove = section.T
    power = (2.0 / exponent)[:, None]
    y = width[:, None] * signed_power(np.cos(angle)[None], power)
    z = (0.5 * (top + bottom))[:, None] + (0.5 * (top - bottom))[:, None] * signed_power(
        np.sin(angle)[None], power
    )
    z = z - groove[:, None] * np.exp(-((y / 0.0035) ** 2))
    x = np.broadcast_to(-s[:, None], y.shape)
    return np.stack([x, y, z], axis=-1), section


def _cavity_mesh(shape: Shape, detail: float) -> Mesh:
    palate_end, velum, arch, wall = shape.surfaces.marks[:4]
    s = np.unique(
        np.concatenate(
            [
                np.linspace(0.002, palate_end, round(16 * detail)),
                np.linspace(palate_end, velum - 0.004, round(8 * detail)),
                np.linspace(velum - 0.004, arch + 0.004, round(18 * detail)),
                np.linspace(arch + 0.004, wall + 0.008, 5),
            ]
        )
    )
    angle = _around(round(24 * detail))
    points, section = _tube_points(shape.cavity, s, angle)
    parts = np.empty(points.shape[:2], np.uint8)
    cavity_parts(shape.surfaces.marks, section, points, parts)
    uv = np.stack(np.broadcast_arrays(s[:, None], 0.022 * angle[None]), -1)
    return grid_mesh(points, parts, uv, flip=True)


def _wall_mesh(shape: Shape, detail: float) -> Mesh:
    depth, radius, slope = shape.surfaces.wall
    velum_z, tongue_z = shape.surfaces.marks[4:6]
    y = np.linspace(-0.030, 0.030, round(20 * detail))
    z = np.linspace(tongue_z - 0.025, velum_z + 0.030, round(20 * detail))
    yy, zz = np.meshgrid(y, z, indexing="ij")
    xx = -depth + 0.5 * yy**2 / radius - slope * zz
    return grid_mesh(np.stack([xx, yy, zz], -1), Part.POSTERIOR_WALL)


def _tongue_mesh(shape: Shape, detail: float) -> Mesh:
    first, last = shape.tongue.knots[0], shape.tongue.knots[-1]
    t = _shares(round(30 * detail))
    s = first + (last - first) * t**1.7
    angle = _around(round(20 * detail))
    points, _ = _tube_points(shape.tongue, s, angle)
    tip = np.broadcast_to(points[:1].mean(axis=1, keepdims=True), points[:1].shape)
    points = np.concatenate([tip, points])
    points[..., 1] += shape.surfaces.tongue_shift
    return grid_mesh(points, Part.TONGUE, points[..., :2])


def _lip_mesh(shape: Shape, detail: float) -> Mesh:
    width, height, r, tilt, taper = shape.surfaces.lip
    a, b = width + r, height + r
    phi = _around(round(32 * detail))
    psi = _around(round(6 * detail))
    cos, sin = np.cos(phi), np.sin(phi)
    gradient = np.hypot(cos / a, sin / b)
    radius = r * (taper + (1.0 - taper) * sin**2)
    q = 1.0 + radius[:, None] * np.cos(psi)[None] * gradient[:, None]
    y, z = a * q * cos[:, None], b * q * sin[:, None]
    x = tilt * z - 7.0 * y**2 + 1.35 * radius[:, None] * np.sin(psi)[None]
    uv = np.stack(np.broadcast_arrays(0.03 * phi[:, None], r * psi[None]), -1)
    return grid_mesh(np.stack([x, y, z], -1), Part.LIPS, uv)


def face_outline(face: Array, phi: Array) -> tuple[Array, Array]:
    """Return y and z (n,) [m] of the head's outline seen from the front, at angles ``phi`` (n,)."""
    cos, sin = np.cos(phi), np.sin(phi)
    semi = np.where(sin > 0.0, face[3], face[4] + 2.0 * face[0])
    edge = np.where(sin > 0.0, 2.2, 3.5)
    share = np.sign(sin) * np.minimum(np.abs(sin), 0.9999)
    jaw = np.where(share > 0.0, 1.0, 1.0 - 0.22 * share**2)
    rest = np.clip(0.998 - np.abs(share) ** edge, 0.0, None)
    side = face[1] * jaw * np.sign(cos) * rest ** (1.0 / 2.4)
    return side, semi * share + face[2] + face[0]


def face_points(shape: Shape, phi: Array, t: Array) -> Array:
    """Return points (r, c, 3) of the skin between the lips (t = 0) and the outline (t = 1).

    ``t`` broadcasts against ``phi`` (c,): (r, 1) or (r, c).
    """
    lip = shape.surfaces.lip
    out_y, out_z = face_outline(shape.surfaces.face, phi)
    y = (lip[0] + lip[2]) * np.cos(phi)[None] * (1.0 - t) + out_y[None] * t
    z = (lip[1] + lip[2]) * np.sin(phi)[None] * (1.0 - t) + out_z[None] * t
    return np.stack([skin_x(shape.surfaces.face, y, z), y, z], -1)


def _face_mesh(shape: Shape, detail: float) -> Mesh:
    face = shape.surfaces.face
    phi = _around(round(40 * detail))
    t = _shares(round(42 * detail))[:, None] ** 1.35
    points = face_points(shape, phi, t)
    y, z = points[..., 1], points[..., 2]
    return grid_mesh(points, Part.SKIN, np.stack([y, z - np.clip(z, -face[0], face[0])], -1))


def tessellate(shape: Shape, detail: float = 1.0) -> tuple[Mesh, Mesh]:
    """Return the meshes of the face and of everything from the lips inwards (and a hand)."""
    inner = [
        _lip_mesh(shape, detail),
        _tongue_mesh(shape, detail),
        blob_mesh(shape.surfaces.blobs, detail),
        cone_mesh(shape.surfaces.cones, detail),
        _cavity_mesh(shape, detail),
        _wall_mesh(shape, detail),
    ]
    return _face_mesh(shape, detail), Mesh.joined(inner)
