"""Hand-eye calibration: where the camera sits on the flange (AX = XB).

Three closed-form solvers must agree, then all reprojections together are refined, and the
covariance of that refinement says how far the result can be trusted.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares
from scipy.stats import chi2

from spatial import Matrix, Pose
from spatial.pose import skew
from vision.calibration.board import BoardView
from vision.calibration.errors import CalibrationError
from vision.frame import Intrinsics

_MIN_VIEWS = 6
MIN_TURN = float(np.radians(12.0))
"""By how much views must turn about a second axis [rad], root mean square over their pairs."""


@dataclass(frozen=True, slots=True, eq=False)
class HandEye:
    """Where the camera sits, and how well that is known.

    ``flange_camera`` and ``base_board``. ``residual`` [px] is the root mean square reprojection
    error. ``position_95`` [m] and ``angle_95`` [rad] bound the error of ``flange_camera`` with
    95 % confidence. ``closed_forms`` holds each solver's answer.
    """

    flange_camera: Pose
    base_board: Pose
    residual: float
    position_95: float
    angle_95: float
    closed_forms: Mapping[str, Pose]


def solve_hand_eye(
    base_flange: Sequence[Pose], views: Sequence[BoardView], intrinsics: Intrinsics
) -> HandEye:
    """Return the hand-eye calibration of flange poses and the board views taken at them.

    Raises CalibrationError with fewer than 6 views, or where they turn too little (12 degrees
    about two axes) to fix the answer.
    """
    if len(base_flange) != len(views) or len(views) < _MIN_VIEWS:
        raise CalibrationError(
            f"{len(base_flange)} poses and {len(views)} views, wants {_MIN_VIEWS} or more of "
            "each; take more"
        )
    optical_board = [view.optical_board for view in views]
    pairs = _motions(base_flange, optical_board)
    _check_turns(base_flange)
    closed = {name: solve(pairs) for name, solve in SOLVERS.items()}
    start = min(closed.values(), key=lambda x: _disagreement(x, pairs))
    board = _mean_board(base_flange, start, optical_board)

    def residuals(step: NDArray[np.float64]) -> NDArray[np.float64]:
        camera, where = start @ Pose.exp(step[:6]), board @ Pose.exp(step[6:])
        parts = []
        for flange, view in zip(base_flange, views, strict=True):
            optical = (flange @ camera).inverse() @ where
            parts.append((intrinsics.project(optical.apply(view.points)) - view.pixels).ravel())
        return np.concatenate(parts)

    fit = least_squares(residuals, np.zeros(12), method="lm", x_scale=1.0)
    variance = float(fit.fun @ fit.fun) / (len(fit.fun) - 12)
    jacobian = np.asarray(fit.jac, dtype=np.float64)
    covariance = variance * np.linalg.inv(jacobian.T @ jacobian)
    reach = float(np.sqrt(chi2.ppf(0.95, 3)))
    flange_camera = start @ Pose.exp(fit.x[:6])
    return HandEye(
        flange_camera,
        board @ Pose.exp(fit.x[6:]),
        float(np.sqrt((fit.fun.reshape(-1, 2) ** 2).sum(axis=1).mean())),
        reach * float(np.sqrt(np.linalg.eigvalsh(covariance[:3, :3])[-1])),
        reach * float(np.sqrt(np.linalg.eigvalsh(covariance[3:6, 3:6])[-1])),
        closed,
    )


Motions = Sequence[tuple[Pose, Pose]]
"""Pairs of relative motions (A, B) of hand and eye with A X = X B."""


def park_martin(pairs: Motions) -> Pose:
    """Solve by the logarithms of the rotations (Park and Martin 1994, IEEE T-RA 10(5), eq. 21)."""
    M = sum(
        (np.outer(b.rotation_vector(), a.rotation_vector()) for a, b in pairs), np.zeros((3, 3))
    )
    values, vectors = np.linalg.eigh(M.T @ M)
    R = vectors @ np.diag(values**-0.5) @ vectors.T @ M.T
    return _with_translation(_nearest_rotation(R), pairs)


def chou_kamel(pairs: Motions) -> Pose:
    """Solve by quaternions (Chou and Kamel 1991, IJRR 10(3)), by singular values."""
    rows = [_left(a.quaternion()) - _right(b.quaternion()) for a, b in pairs]
    quaternion = np.linalg.svd(np.vstack(rows))[2][-1]
    return _with_translation(Pose.from_quaternion(quaternion).rotation, pairs)


def daniilidis(pairs: Motions) -> Pose:
    """Solve by dual quaternions (Daniilidis 1999, IJRR 18(3), eq. 31 to 35)."""
    rows = []
    for a, b in pairs:
        (qa, da), (qb, db) = _dual(a), _dual(b)
        top = np.hstack([(qa - qb)[1:, None], skew((qa + qb)[1:]), np.zeros((3, 4))])
        low = np.hstack(
            [
                (da - db)[1:, None],
                skew((da + db)[1:]),
                (qa - qb)[1:, None],
                skew((qa + qb)[1:]),
            ]
        )
        rows += [top, low]
    _, _, vectors = np.linalg.svd(np.vstack(rows))
    u1, v1, u2, v2 = vectors[-2, :4], vectors[-2, 4:], vectors[-1, :4], vectors[-1, 4:]
    # the two null vectors are mixed so that the result is a unit dual quaternion
    roots = np.roots([u1 @ v1, u1 @ v2 + u2 @ v1, u2 @ v2]).real
    s = max(roots, key=lambda r: r * r * (u1 @ u1) + 2 * r * (u1 @ u2) + u2 @ u2)
    scale = 1.0 / np.sqrt(s * s * (u1 @ u1) + 2 * s * (u1 @ u2) + u2 @ u2)
    q, d = scale * (s * u1 + u2), scale * (s * v1 + v2)
    conjugate = q * (1, -1, -1, -1)
    return Pose.from_quaternion(q, 2.0 * (_left(d) @ conjugate)[1:])


SOLVERS: Mapping[str, Callable[[Motions], Pose]] = {
    "park_martin": park_martin,
    "chou_kamel": chou_kamel,
    "daniilidis": daniilidis,
}


def _motions(base_flange: Sequence[Pose], optical_board: Sequence[Pose]) -> Motions:
    n = len(base_flange)
    return [
        (
            base_flange[i].inverse() @ base_flange[j],
            optical_board[i] @ optical_board[j].inverse(),
        )
        for i in range(n)
        for j in range(i + 1, n)
    ]


def second_turn(base_flange: Sequence[Pose]) -> float:
    """Return by how much flange poses turn about a second axis [rad], root mean square of pairs."""
    turns = np.array([(a.inverse() @ b).rotation_vector() for a, b in combinations(base_flange, 2)])
    return float(np.linalg.svd(turns, compute_uv=False)[1] / np.sqrt(len(turns)))


def _check_turns(base_flange: Sequence[Pose]) -> None:
    if (turn := second_turn(base_flange)) < MIN_TURN:
        raise CalibrationError(
            f"views turn by {np.degrees(turn):.1f} deg about a second axis, wants "
            f"{np.degrees(MIN_TURN):.0f} deg; tilt the camera more between views"
        )


def _with_translation(rotation: Matrix, pairs: Motions) -> Pose:
    """Solve (R_A - I) t = R_X t_B - t_A for the translation."""
    C = np.vstack([a.rotation - np.eye(3) for a, _ in pairs])
    d = np.concatenate([rotation @ b.translation - a.translation for a, b in pairs])
    return Pose(rotation, np.linalg.lstsq(C, d, rcond=None)[0])


def _disagreement(flange_camera: Pose, pairs: Motions) -> float:
    steps = [((a @ flange_camera).inverse() @ (flange_camera @ b)).log() for a, b in pairs]
    scale = np.array([1.0, 1.0, 1.0, 0.2, 0.2, 0.2])  # rad to m at a typical lever of 0.2 m
    return float(np.linalg.norm(np.array(steps) * scale))


def _mean_board(
    base_flange: Sequence[Pose], flange_camera: Pose, optical_board: Sequence[Pose]
) -> Pose:
    seen = [
        flange @ flange_camera @ board
        for flange, board in zip(base_flange, optical_board, strict=True)
    ]
    offset = np.mean([(seen[0].inverse() @ s).log() for s in seen], axis=0)
    return seen[0] @ Pose.exp(offset)


def _nearest_rotation(R: Matrix) -> Matrix:
    left, _, right = np.linalg.svd(R)
    flip = np.diag([1.0, 1.0, float(np.linalg.det(left @ right))])
    return np.asarray(left @ flip @ right)


def _left(q: NDArray[np.float64]) -> Matrix:
    """Return the matrix (4, 4) of multiplication by ``q`` = (w, x, y, z) from the left."""
    w, v = q[0], q[1:]
    M = np.empty((4, 4))
    M[0, 0], M[0, 1:], M[1:, 0] = w, -v, v
    M[1:, 1:] = w * np.eye(3) + skew(v)
    return M


def _right(q: NDArray[np.float64]) -> Matrix:
    w, v = q[0], q[1:]
    M = np.empty((4, 4))
    M[0, 0], M[0, 1:], M[1:, 0] = w, -v, v
    M[1:, 1:] = w * np.eye(3) - skew(v)
    return M


def _dual(pose: Pose) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    q = pose.quaternion()
    d = 0.5 * _left(np.concatenate([[0.0], pose.translation])) @ q
    return q, d
