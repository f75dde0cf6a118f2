"""Triangle meshes of the surfaces of a `Shape`: every vertex lies on the surface it shows."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from sim.anatomy.distance import cavity_parts, skin_x
from sim.anatomy.parts import Part
from sim.anatomy.profile import Array, Profile
from sim.anatomy.shape import Shape


@dataclass(frozen=True, slots=True, eq=False)
class Mesh:
    """A labelled triangle mesh in the mouth frame.

    ``vertices`` (n, 3) [m], ``normals`` (n, 3) out of the tissue, ``uv`` (n, 2) surface
    coordinates [m], ``parts`` (n,) uint8 and ``faces`` (m, 3) int32. A face has the part of its
    last vertex.
    """

    vertices: NDArray[np.float32]
    normals: NDArray[np.float32]
    uv: NDArray[np.float32]
    parts: NDArray[np.uint8]
    faces: NDArray[np.int32]

    @classmethod
    def joined(cls, meshes: Sequence["Mesh"]) -> "Mesh":
        """Return one mesh of all triangles."""
        offsets = np.cumsum([0] + [len(m.vertices) for m in meshes[:-1]])
        return cls(
            np.concatenate([m.vertices for m in meshes]),
            np.concatenate([m.normals for m in meshes]),
            np.concatenate([m.uv for m in meshes]),
            np.concatenate([m.parts for m in meshes]),
            np.concatenate([m.faces + o for m, o in zip(meshes, offsets, strict=True)]).astype(
                np.int32
            ),
        )


@cache
def _grid_faces(rows: int, columns: int) -> NDArray[np.int32]:
    """Return the two triangles of every cell of a grid, (2 (rows - 1) (columns - 1), 3)."""
    index = np.arange(rows * columns, dtype=np.int32).reshape(rows, columns)
    a, b, c, d = index[:-1, :-1], index[:-1, 1:], index[1:, :-1], index[1:, 1:]
    first, second = np.stack([a, c, b], -1), np.stack([b, c, d], -1)
    return np.concatenate([first.reshape(-1, 3), second.reshape(-1, 3)])


def grid_mesh(
    points: Array, parts: NDArray[np.uint8] | Part, uv: Array | None = None, flip: bool = False
) -> Mesh:
    """Return the mesh of a grid of points (r, c, 3); ``flip`` turns its outside around.

    A grid whose first and last column coincide is closed, and its normals are made equal there.
    """
    rows, columns = points.shape[:2]
    across, along = _slope(points), _slope(points.swapaxes(0, 1)).swapaxes(0, 1)
    if np.abs(points[:, 0] - points[:, -1]).max() < 1e-9:
        seam = points[:, 1] - points[:, -2]
        along[:, 0] = along[:, -1] = seam
    normals = _cross(across, along)
    length = np.linalg.norm(normals, axis=2, keepdims=True)
    normals = np.where(length > 1e-15, normals / np.maximum(length, 1e-15), (1.0, 0.0, 0.0))
    if flip:
        normals = -normals
    faces = _grid_faces(rows, columns)
    if flip:
        faces = faces[:, [0, 2, 1]]
    labels = np.full(rows * columns, parts, np.uint8) if isinstance(parts, Part) else parts.ravel()
    if uv is None:
        uv = points[..., 1:]
    return Mesh(
        points.reshape(-1, 3).astype(np.float32),
        normals.reshape(-1, 3).astype(np.float32),
        uv.reshape(-1, 2).astype(np.float32),
        labels.astype(np.uint8),
        faces.astype(np.int32),
    )


def _slope(points: Array) -> Array:
    """Central differences along the first axis, one-sided at the ends."""
    out = np.empty_like(points)
    out[1:-1] = points[2:] - points[:-2]
    out[0], out[-1] = points[1] - points[0], points[-1] - points[-2]
    return out


def _cross(a: Array, b: Array) -> Array:
    out = np.empty_like(a)
    for i, j, k in ((0, 1, 2), (1, 2, 0), (2, 0, 1)):
        out[..., i] = a[..., j] * b[..., k] - a[..., k] * b[..., j]
    return out


def _signed_power(value: Array, exponent: Array | float) -> Array:
    return np.asarray(np.sign(value) * np.abs(value) ** exponent)


def _tube_points(profile: Profile, s: Array, angle: Array) -> tuple[Array, Array]:
    """Return the points (r, c, 3) of a generalised cylinder and its sections (r, 5)."""
    section = profile.at(s)
    width, top, bottom, exponent, groove = section.T
    power = (2.0 / exponent)[:, None]
    y = width[:, None] * _signed_power(np.cos(angle)[None], power)
    z = (0.5 * (top + bottom))[:, None] + (0.5 * (top - bottom))[:, None] * _signed_power(
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
    angle = np.linspace(-np.pi, np.pi, 2 * round(24 * detail) + 1)
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
    t = np.linspace(0.0, 1.0, round(30 * detail))
    s = first + (last - first) * t**1.7
    angle = np.linspace(-np.pi, np.pi, 2 * round(20 * detail) + 1)
    points, _ = _tube_points(shape.tongue, s, angle)
    tip = np.broadcast_to(points[:1].mean(axis=1, keepdims=True), points[:1].shape)
    points = np.concatenate([tip, points])
    points[..., 1] += shape.surfaces.tongue_shift
    return grid_mesh(points, Part.TONGUE, points[..., :2])


def _lip_mesh(shape: Shape, detail: float) -> Mesh:
    width, height, r, tilt, taper = shape.surfaces.lip
    a, b = width + r, height + r
    phi = np.linspace(-np.pi, np.pi, 2 * round(32 * detail) + 1)
    psi = np.linspace(-np.pi, np.pi, 2 * round(6 * detail) + 1)
    cos, sin = np.cos(phi), np.sin(phi)
    gradient = np.hypot(cos / a, sin / b)
    radius = r * (taper + (1.0 - taper) * sin**2)
    q = 1.0 + radius[:, None] * np.cos(psi)[None] * gradient[:, None]
    y, z = a * q * cos[:, None], b * q * sin[:, None]
    x = tilt * z - 7.0 * y**2 + 1.35 * radius[:, None] * np.sin(psi)[None]
    uv = np.stack(np.broadcast_arrays(0.03 * phi[:, None], r * psi[None]), -1)
    return grid_mesh(np.stack([x, y, z], -1), Part.LIPS, uv)


@cache
def _unit_blob(n_polar: int, n_round: int, exponent: float) -> tuple[Array, Array]:
    """Return a grid of points (k, 3) of the unit superellipsoid, and its gradients (k, 3) there."""
    polar = np.linspace(0.0, np.pi, n_polar)
    around = np.linspace(-np.pi, np.pi, n_round)
    direction = np.stack(
        [
            np.sin(polar)[:, None] * np.cos(around)[None],
            np.sin(polar)[:, None] * np.sin(around)[None],
            np.broadcast_to(np.cos(polar)[:, None], (n_polar, n_round)),
        ],
        -1,
    ).reshape(-1, 3)
    norm = (np.abs(direction) ** exponent).sum(-1, keepdims=True) ** (1.0 / exponent)
    local = direction / norm
    return local, _signed_power(local, exponent - 1.0)


def blob_mesh(rows: Array, detail: float = 1.0) -> Mesh:
    """Return the mesh of superellipsoids, rows (n, 18) as in `Surfaces.blobs`."""
    n_polar, n_round = max(round(9 * detail), 5), max(round(13 * detail), 7)
    units = [_unit_blob(n_polar, n_round, float(exponent)) for exponent in rows[:, 16]]
    local, slope = np.array([u[0] for u in units]), np.array([u[1] for u in units])
    axes = rows[:, 4:13].reshape(-1, 3, 3)
    semi = rows[:, 13:16]
    vertices = (local * semi[:, None]) @ axes + rows[:, None, 1:4]
    normals = (slope / semi[:, None]) @ axes
    normals /= np.sqrt((normals * normals).sum(-1, keepdims=True))
    count = local.shape[1]
    one = _grid_faces(n_polar, n_round)
    faces = (one[None] + count * np.arange(len(rows))[:, None, None]).reshape(-1, 3)
    uv = local[..., 1:] * semi[:, None, 1:] + rows[:, None, 2:4]
    uv[..., 0] += 9.0 * rows[:, 17, None]
    return Mesh(
        vertices.reshape(-1, 3).astype(np.float32),
        normals.reshape(-1, 3).astype(np.float32),
        uv.reshape(-1, 2).astype(np.float32),
        np.repeat(rows[:, 0].astype(np.uint8), count),
        faces.astype(np.int32),
    )


def cone_mesh(rows: Array, detail: float = 1.0) -> Mesh:
    """Return the mesh of round cones, rows (n, 9) as in `Surfaces.cones`."""
    first, second = rows[:, None, 1:4], rows[:, None, 4:7]
    r1, r2 = rows[:, 7, None], rows[:, 8, None]
    length = np.linalg.norm(second - first, axis=-1)
    axis = (second - first) / length[..., None]
    helper = np.where(np.abs(axis[..., :1]) < 0.8, (1.0, 0.0, 0.0), (0.0, 1.0, 0.0))
    across = _cross(axis, np.broadcast_to(helper, axis.shape))
    across /= np.linalg.norm(across, axis=-1, keepdims=True)
    third = _cross(axis, across)
    cap = np.linspace(0.0, np.pi / 2, max(round(4 * detail), 3))[None]
    body = np.linspace(0.0, 1.0, max(round(4 * detail), 3))[None, 1:-1]
    along = np.concatenate([-r1 * np.cos(cap), length * body, length + r2 * np.sin(cap)], axis=1)
    radius = np.concatenate([r1 * np.sin(cap), r1 + (r2 - r1) * body, r2 * np.cos(cap)], axis=1)
    n = len(rows)
    tilt = np.concatenate(
        [
            np.broadcast_to(-np.cos(cap), (n, cap.shape[1])),
            np.broadcast_to((r1 - r2) / length, (n, body.shape[1])),
            np.broadcast_to(np.sin(cap), (n, cap.shape[1])),
        ],
        axis=1,
    )
    angle = np.linspace(-np.pi, np.pi, max(round(13 * detail), 8))[None, :, None]
    ring = np.cos(angle) * across + np.sin(angle) * third
    vertices = (
        first[:, None]
        + along[..., None, None] * axis[:, None]
        + radius[..., None, None] * ring[:, None]
    )
    normals = (
        tilt[..., None, None] * axis[:, None]
        + np.sqrt(np.maximum(1.0 - tilt**2, 0.0))[..., None, None] * ring[:, None]
    )
    n_rows, n_columns = vertices.shape[1:3]
    faces = _grid_faces(n_rows, n_columns)[:, [0, 2, 1]]  # counter-clockwise seen from outside
    count = n_rows * n_columns
    return Mesh(
        vertices.reshape(-1, 3).astype(np.float32),
        normals.reshape(-1, 3).astype(np.float32),
        vertices[..., 1:].reshape(-1, 2).astype(np.float32),
        np.repeat(rows[:, 0].astype(np.uint8), count),
        (faces[None] + count * np.arange(n)[:, None, None]).reshape(-1, 3).astype(np.int32),
    )


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
    phi = np.linspace(-np.pi, np.pi, 2 * round(40 * detail) + 1)
    t = np.linspace(0.0, 1.0, round(42 * detail))[:, None] ** 1.35
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
