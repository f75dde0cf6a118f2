"""Tool tip by pivoting, and the depth camera's scale against a board."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import chi2

from spatial import Pose, Vector, vector
from vision.calibration.board import BoardView
from vision.calibration.errors import CalibrationError
from vision.frame import Frame

_MIN_POSES = 6
_MAX_CONDITION = 40.0


@dataclass(frozen=True, slots=True, eq=False)
class ToolTip:
    """The swab's tip ``flange_tip`` (3,) [m], seen from the flange, and the ``pivot`` it stood in.

    ``residual`` [m] root mean square; ``position_95`` [m] bounds the error with 95 % confidence.
    """

    flange_tip: Vector
    pivot: Vector
    residual: float
    position_95: float


def solve_tip(base_flange: Sequence[Pose]) -> ToolTip:
    """Return the tip from flange poses that all held it in the same, unknown pivot.

    Linear least squares of R_i p + t_i = c (Yaniv 2015, SPIE 9415, algebraic two step). Raises
    CalibrationError with fewer than 6 poses or where they turn too little about some axis.
    """
    if len(base_flange) < _MIN_POSES:
        raise CalibrationError(
            f"{len(base_flange)} poses, wants {_MIN_POSES} or more; tilt the tool about the pivot"
        )
    A = np.vstack([np.hstack([p.rotation, -np.eye(3)]) for p in base_flange])
    b = -np.concatenate([p.translation for p in base_flange])
    condition = float(np.linalg.cond(A))
    if not condition < _MAX_CONDITION:
        raise CalibrationError(
            f"poses turn too little: condition {condition:.0f}, bound {_MAX_CONDITION:.0f}; tilt "
            "the tool by 20 degrees or more about two axes"
        )
    solution, *_ = np.linalg.lstsq(A, b, rcond=None)
    error = A @ solution - b
    variance = float(error @ error) / (len(b) - 6)
    covariance = variance * np.linalg.inv(A.T @ A)[:3, :3]
    return ToolTip(
        vector(solution[:3]),
        vector(solution[3:]),
        float(np.sqrt((error.reshape(-1, 3) ** 2).sum(axis=1).mean())),
        float(np.sqrt(chi2.ppf(0.95, 3) * np.linalg.eigvalsh(covariance)[-1])),
    )


@dataclass(frozen=True, slots=True)
class DepthScale:
    """True depth over measured depth, and the residual [m] once that is put right."""

    scale: float
    residual: float
    pixels: int


def solve_depth_scale(
    frames: Sequence[Frame], views: Sequence[BoardView], min_corners: int = 30
) -> DepthScale:
    """Return the depth scale by which measured depth at the board's corners meets its pose.

    Raises CalibrationError with fewer than ``min_corners`` corners with depth.
    """
    true, measured = [], []
    for frame, view in zip(frames, views, strict=True):
        depth = view.optical_board.apply(view.points)[:, 2]
        columns, rows = np.round(view.pixels).astype(int).T
        inside = (rows >= 0) & (rows < frame.depth.shape[0])
        inside &= (columns >= 0) & (columns < frame.depth.shape[1])
        found = np.full(len(depth), np.nan)
        found[inside] = frame.depth[rows[inside], columns[inside]]
        good = np.isfinite(found) & (found > 0)
        true.append(depth[good])
        measured.append(found[good])
    z, m = np.concatenate(true), np.concatenate(measured)
    if len(z) < min_corners:
        raise CalibrationError(
            f"{len(z)} corners have depth, wants {min_corners} or more; come nearer, or add light"
        )
    ratio = z / m
    near = np.abs(ratio - np.median(ratio)) < 0.03
    scale = float((z[near] @ m[near]) / (m[near] @ m[near]))
    residual = float(np.sqrt(np.mean((scale * m[near] - z[near]) ** 2)))
    return DepthScale(scale, residual, int(near.sum()))
