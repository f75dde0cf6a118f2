"""Labelled triangle meshes, and the three kinds of them that heads are made of.

Grids of points, superellipsoids and round cones are written straight into the vertex buffer that
the renderer sends to the card, by compiled kernels: a data set makes some fifteen meshes a frame.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Self

import numpy as np
from numpy.typing import NDArray

from sim.anatomy.compiled import compiled
from sim.anatomy.parts import Part
from sim.anatomy.profile import Array

Buffer = NDArray[np.float32]
Faces = NDArray[np.int32]

_COLUMNS = 9  # position, normal, surface coordinates, part


@dataclass(frozen=True, slots=True, eq=False)
class Mesh:
    """A labelled triangle mesh in the mouth frame.

    ``buffer`` (n, 9) float32 holds a row for each vertex: position [m], normal out of the tissue,
    surface coordinates [m], part. ``faces`` (m, 3) int32; a face has the part of its last vertex.
    """

    buffer: Buffer
    faces: Faces

    @classmethod
    def of(
        cls, vertices: Array, normals: Array, uv: Array, parts: NDArray[np.uint8], faces: Faces
    ) -> Self:
        """Return the mesh of vertices (n, 3), normals (n, 3), uv (n, 2) and parts (n,)."""
        buffer = np.empty((len(vertices), _COLUMNS), np.float32)
        buffer[:, :3], buffer[:, 3:6], buffer[:, 6:8], buffer[:, 8] = vertices, normals, uv, parts
        return cls(buffer, faces)

    @classmethod
    def joined(cls, meshes: Sequence[Self]) -> Self:
        """Return one mesh of all triangles."""
        faces = np.empty((sum(len(m.faces) for m in meshes), 3), np.int32)
        face = vertex = 0
        for mesh in meshes:
            np.add(mesh.faces, vertex, out=faces[face : face + len(mesh.faces)])
            face, vertex = face + len(mesh.faces), vertex + len(mesh.buffer)
        return cls(np.concatenate([m.buffer for m in meshes]), faces)

    @property
    def vertices(self) -> Buffer:
        """The positions (n, 3) [m]."""
        return self.buffer[:, :3]

    @property
    def normals(self) -> Buffer:
        """The unit normals (n, 3)."""
        return self.buffer[:, 3:6]

    @property
    def uv(self) -> Buffer:
        """The surface coordinates (n, 2) [m]."""
        return self.buffer[:, 6:8]

    @property
    def parts(self) -> NDArray[np.uint8]:
        """The part of each vertex (n,)."""
        return self.buffer[:, 8].astype(np.uint8)


@cache
def _grid_faces(rows: int, columns: int, flip: bool) -> Faces:
    """Return the two triangles of every cell of a grid, (2 (rows - 1) (columns - 1), 3)."""
    index = np.arange(rows * columns, dtype=np.int32).reshape(rows, columns)
    a, b, c, d = index[:-1, :-1], index[:-1, 1:], index[1:, :-1], index[1:, 1:]
    first, second = np.stack([a, c, b], -1), np.stack([b, c, d], -1)
    faces = np.concatenate([first.reshape(-1, 3), second.reshape(-1, 3)])
    return _kept(np.ascontiguousarray(faces[:, [0, 2, 1]]) if flip else faces)


@cache
def _copies(rows: int, columns: int, count: int, flip: bool) -> Faces:
    """Return the triangles of ``count`` grids whose vertices stand one grid after the other."""
    one = _grid_faces(rows, columns, flip)
    shifts = rows * columns * np.arange(count, dtype=np.int32)
    return _kept((one[None] + shifts[:, None, None]).reshape(-1, 3))


def _kept(faces: Faces) -> Faces:
    faces.setflags(write=False)
    return faces


def grid_mesh(
    points: Array, parts: NDArray[np.uint8] | Part, uv: Array | None = None, flip: bool = False
) -> Mesh:
    """Return the mesh of a grid of points (r, c, 3); ``flip`` turns its outside around.

    A grid whose first and last column coincide is closed, and its normals are made equal there.
    """
    rows, columns = points.shape[:2]
    buffer = np.empty((rows * columns, _COLUMNS), np.float32)
    buffer[:, 8] = parts if isinstance(parts, Part) else parts.ravel()
    _lay_grid(
        points,
        points[..., 1:] if uv is None else uv,
        -1.0 if flip else 1.0,
        buffer.reshape(rows, columns, _COLUMNS),
    )
    return Mesh(buffer, _grid_faces(rows, columns, flip))


@compiled
def _lay_grid(points: Array, uv: Array, outside: float, out: Buffer) -> None:
    """Fill ``out`` (r, c, 9) but for the parts; normals are those of central differences."""
    rows, columns = points.shape[0], points.shape[1]
    across, along, normal = np.empty(3), np.empty(3), np.empty(3)
    seam = 0.0
    for i in range(rows):
        for k in range(3):
            seam = max(seam, abs(points[i, 0, k] - points[i, columns - 1, k]))
    for i in range(rows):
        above, below = max(i - 1, 0), min(i + 1, rows - 1)
        for j in range(columns):
            left, right = max(j - 1, 0), min(j + 1, columns - 1)
            if seam < 1e-9 and (j in (0, columns - 1)):
                left, right = columns - 2, 1
            for k in range(3):
                across[k] = points[below, j, k] - points[above, j, k]
                along[k] = points[i, right, k] - points[i, left, k]
            normal[0] = across[1] * along[2] - across[2] * along[1]
            normal[1] = across[2] * along[0] - across[0] * along[2]
            normal[2] = across[0] * along[1] - across[1] * along[0]
            length = np.sqrt(normal[0] ** 2 + normal[1] ** 2 + normal[2] ** 2)
            if length > 1e-15:
                normal /= length
            else:
                normal[0], normal[1], normal[2] = 1.0, 0.0, 0.0
            for k in range(3):
                out[i, j, k] = points[i, j, k]
                out[i, j, 3 + k] = outside * normal[k]
            out[i, j, 6], out[i, j, 7] = uv[i, j, 0], uv[i, j, 1]


def signed_power(value: Array, exponent: Array | float) -> Array:
    """Return |value| to the power of ``exponent``, with the sign of ``value``."""
    return np.asarray(np.sign(value) * np.abs(value) ** exponent)


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
    return local, signed_power(local, exponent - 1.0)


def blob_mesh(rows: Array, detail: float = 1.0) -> Mesh:
    """Return the mesh of superellipsoids, rows (n, 18) as in `Surfaces.blobs`."""
    n_polar, n_round = max(round(9 * detail), 5), max(round(13 * detail), 7)
    count = n_polar * n_round
    buffer = np.empty((len(rows) * count, _COLUMNS), np.float32)
    buffer[:, 8] = np.repeat(rows[:, 0], count)
    for exponent in set(rows[:, 16].tolist()):
        local, slope = _unit_blob(n_polar, n_round, exponent)
        _lay_blobs(rows, exponent, local, slope, buffer)
    return Mesh(buffer, _copies(n_polar, n_round, len(rows), False))


@compiled
def _lay_blobs(rows: Array, exponent: float, local: Array, slope: Array, out: Buffer) -> None:
    """Fill ``out`` (n k, 9) but for the parts, for the rows of one exponent."""
    count = len(local)
    turned = np.empty(3)
    for n in range(len(rows)):
        row = rows[n]
        if row[16] != exponent:
            continue
        for i in range(count):
            v = out[n * count + i]
            length2 = 0.0
            for k in range(3):
                place, turned[k] = 0.0, 0.0
                for j in range(3):
                    place += local[i, j] * row[13 + j] * row[4 + 3 * j + k]
                    turned[k] += slope[i, j] / row[13 + j] * row[4 + 3 * j + k]
                v[k] = place + row[1 + k]
                length2 += turned[k] * turned[k]
            for k in range(3):
                v[3 + k] = turned[k] / np.sqrt(length2)
            # metal has surface coordinates of its own, by which the shader knows it
            v[6] = local[i, 1] * row[14] + row[2] + 9.0 * row[17]
            v[7] = local[i, 2] * row[15] + row[3]


@cache
def _cone_lines(detail: float) -> tuple[Array, Array, Array]:
    """Return cosines and sines (2, p) of a cap, shares (b,) of the body, the same (2, a) around."""
    cap = np.linspace(0.0, np.pi / 2, max(round(4 * detail), 3))
    body = np.linspace(0.0, 1.0, max(round(4 * detail), 3))[1:-1]
    around = np.linspace(-np.pi, np.pi, max(round(13 * detail), 8))
    return np.stack([np.cos(cap), np.sin(cap)]), body, np.stack([np.cos(around), np.sin(around)])


def cone_mesh(rows: Array, detail: float = 1.0) -> Mesh:
    """Return the mesh of round cones, rows (n, 9) as in `Surfaces.cones`."""
    cap, body, around = _cone_lines(detail)
    rings, columns = 2 * cap.shape[1] + len(body), around.shape[1]
    buffer = np.empty((len(rows) * rings * columns, _COLUMNS), np.float32)
    buffer[:, 8] = np.repeat(rows[:, 0], rings * columns)
    _lay_cones(np.asarray(rows, np.float64), cap, body, around, buffer)
    # counter-clockwise seen from outside
    return Mesh(buffer, _copies(rings, columns, len(rows), True))


@compiled
def _lay_cones(rows: Array, cap: Array, body: Array, around: Array, out: Buffer) -> None:
    """Fill ``out`` but for the parts; ``cap`` and ``around`` hold cosines, then sines."""
    caps, bodies, columns = cap.shape[1], len(body), around.shape[1]
    axis, across, third, ring = np.empty(3), np.empty(3), np.empty(3), np.empty(3)
    at = 0
    for n in range(len(rows)):
        row = rows[n]
        r1, r2 = row[7], row[8]
        for k in range(3):
            axis[k] = row[4 + k] - row[1 + k]
        length = np.sqrt(axis[0] ** 2 + axis[1] ** 2 + axis[2] ** 2)
        axis /= length
        # across the axis and across x, or across y where the axis runs along x
        if abs(axis[0]) < 0.8:
            across[0], across[1], across[2] = 0.0, axis[2], -axis[1]
        else:
            across[0], across[1], across[2] = -axis[2], 0.0, axis[0]
        across /= np.sqrt(across[0] ** 2 + across[1] ** 2 + across[2] ** 2)
        third[0] = axis[1] * across[2] - axis[2] * across[1]
        third[1] = axis[2] * across[0] - axis[0] * across[2]
        third[2] = axis[0] * across[1] - axis[1] * across[0]
        for i in range(2 * caps + bodies):
            if i < caps:
                along, radius, tilt = -r1 * cap[0, i], r1 * cap[1, i], -cap[0, i]
            elif i < caps + bodies:
                share = body[i - caps]
                along, radius = length * share, r1 + (r2 - r1) * share
                tilt = (r1 - r2) / length
            else:
                c = i - caps - bodies
                along, radius, tilt = length + r2 * cap[1, c], r2 * cap[0, c], cap[1, c]
            level = np.sqrt(max(1.0 - tilt * tilt, 0.0))
            for j in range(columns):
                v = out[at]
                at += 1
                for k in range(3):
                    ring[k] = around[0, j] * across[k] + around[1, j] * third[k]
                    v[k] = row[1 + k] + along * axis[k] + radius * ring[k]
                    v[3 + k] = tilt * axis[k] + level * ring[k]
                v[6], v[7] = v[1], v[2]
