"""The arm as a thing to look at: its makers' meshes, placed by its joints."""

import warnings

import numpy as np

from sim.anatomy import Mesh, Part
from sim.anatomy.profile import Array
from sim.arms import ArmDescription
from spatial import Pose, Vector

_CREASE = np.cos(np.deg2rad(40.0))


def arm_meshes(description: ArmDescription, position: Vector) -> list[tuple[Mesh, Pose]]:
    """Return the meshes of the arm's links and ``base_link`` of each at joints (n,) [rad]."""
    import pinocchio  # noqa: PLC0415 - heavy, and only portraits need it

    model = pinocchio.buildModelFromUrdf(str(description.urdf))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # its overloads warn of each other
        looks = pinocchio.buildGeomFromUrdf(
            model,
            str(description.urdf),
            pinocchio.GeometryType.VISUAL,
            [str(description.package_root), str(description.package_root.parent)],
        )
    q = pinocchio.neutral(model)
    for name, angle in zip(description.joint_names, position, strict=True):
        q[model.joints[model.getJointId(name)].idx_q] = angle
    data, placed = model.createData(), looks.createData()
    pinocchio.forwardKinematics(model, data, q)
    pinocchio.updateGeometryPlacements(model, data, looks, placed, q)
    base = data.oMf[model.getFrameId(description.base_link)]
    pinocchio.updateFramePlacements(model, data)
    meshes = []
    for index, thing in enumerate(looks.geometryObjects):
        soup = thing.geometry
        triangles = [[soup.tri_indices(i)[j] for j in range(3)] for i in range(soup.num_tris)]
        vertices = np.asarray(soup.vertices()) * np.asarray(thing.meshScale)
        base_link = base.inverse() * placed.oMg[index]
        meshes.append(
            (
                creased(vertices, np.array(triangles), Part.ARM),
                Pose(base_link.rotation, base_link.translation),
            )
        )
    return meshes


def creased(vertices: Array, faces: np.ndarray, part: Part) -> Mesh:
    """Return a mesh of triangles (m, 3) over vertices (n, 3), smooth except over sharp edges."""
    corners = vertices[faces]
    flat = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    # vertices that coincide share their normal, whatever the file says
    _, same = np.unique(np.round(vertices, 6), axis=0, return_inverse=True)
    smooth = np.zeros((same.max() + 1, 3))
    for corner in range(3):
        np.add.at(smooth, same[faces[:, corner]], flat)
    unit_flat = flat / np.maximum(np.linalg.norm(flat, axis=1, keepdims=True), 1e-15)
    normals = smooth[same[faces]]
    normals /= np.maximum(np.linalg.norm(normals, axis=2, keepdims=True), 1e-15)
    sharp = (normals * unit_flat[:, None]).sum(axis=2) < _CREASE
    normals = np.where(sharp[..., None], unit_flat[:, None], normals)
    count = 3 * len(faces)
    return Mesh.of(
        corners.reshape(-1, 3),
        normals.reshape(-1, 3),
        corners.reshape(-1, 3)[:, 1:],
        np.full(count, part, np.uint8),
        np.arange(count, dtype=np.int32).reshape(-1, 3),
    )


def box_mesh(
    part: Part, centre: tuple[float, float, float], semi: tuple[float, float, float]
) -> Mesh:
    """Return a box of half lengths ``semi`` [m] about ``centre`` [m]."""
    corners = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)], float)
    quads = [(0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3)]
    faces = np.array([t for a, b, c, d in quads for t in ((a, b, c), (a, c, d))])
    return creased(corners * semi + centre, faces, part)
