"""Checks the camera's intrinsics against board views: a refit must agree with what it was told."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares

from spatial import Matrix, Pose
from vision.calibration.board import BoardView
from vision.calibration.errors import CalibrationError
from vision.frame import Intrinsics

_MIN_VIEWS = 6
_TWO_SIDED_95 = 1.96  # standard deviations of a normal variable


@dataclass(frozen=True, slots=True)
class IntrinsicsCheck:
    """Intrinsics refitted to board views, beside those the camera was told.

    ``focal_error`` is told over found, less one; ``centre_error`` [px] the distance between the
    principal points; ``focal_95`` and ``centre_95`` [px] bound with 95 % confidence how wrong the
    refit itself can be. ``residual`` [px] is the refit's root mean square reprojection error.
    """

    found: Intrinsics
    focal_error: float
    centre_error: float
    focal_95: float
    centre_95: float
    residual: float


def check_intrinsics(
    views: Sequence[BoardView],
    told: Intrinsics,
    max_focal_error: float = 0.01,
    max_centre_error: float = 6.0,
) -> IntrinsicsCheck:
    """Refit focal lengths and principal point to board views and compare them with ``told``.

    All board poses and the four intrinsics are refined together (Zhang 2000, IEEE T-PAMI 22(11),
    section 3.3, without distortion: RealSense pictures come rectified). ``max_focal_error`` is a
    ratio, ``max_centre_error`` in px.

    Raises CalibrationError with fewer than 6 views, where the views cannot tell the bounds apart
    (all of them frontal), or where ``told`` is wrong by more than a bound and the refit's own
    uncertainty together.
    """
    if len(views) < _MIN_VIEWS:
        raise CalibrationError(f"{len(views)} views of the board, wants {_MIN_VIEWS}; take more")
    bounds = {"focal length": max_focal_error, "principal point [px]": max_centre_error}
    start = np.zeros(4 + 6 * len(views))
    noise = float(np.mean([view.residual**2 for view in views])) / 2
    # before the fit: where the views leave a direction free, it would run off along it
    _check_spread(_spread(_jacobian(start, views, told), noise, told), bounds)
    fit = least_squares(
        _residuals, start, jac=_jacobian, method="trf", x_scale="jac", args=(views, told)
    )
    variance = float(fit.fun @ fit.fun) / max(1, len(fit.fun) - len(fit.x))
    spread = _spread(_jacobian(fit.x, views, told), variance, told)
    _check_spread(spread, bounds)
    found = _moved(told, fit.x[:4])
    check = IntrinsicsCheck(
        found,
        _largest(told.fx / found.fx - 1.0, told.fy / found.fy - 1.0),
        float(np.hypot(told.cx - found.cx, told.cy - found.cy)),
        *spread,
        float(np.sqrt((fit.fun.reshape(-1, 2) ** 2).sum(axis=1).mean())),
    )
    errors = (abs(check.focal_error), check.centre_error)
    for (name, bound), error, unsure in zip(bounds.items(), errors, spread, strict=True):
        if error > bound + unsure:
            raise CalibrationError(
                f"{name} told by the camera is off by {error:.3g} +- {unsure:.3g}, bound {bound}; "
                "check the stream's mode, then the camera's factory calibration"
            )
    return check


def _spread(J: Matrix, variance: float, told: Intrinsics) -> tuple[float, float]:
    """Return the 95 % bounds of focal length (ratio) and principal point [px]."""
    information = J.T @ J
    # what the views say nothing of gets a variance that is huge, not one that is missing
    ridge = 1e-12 * float(np.trace(information)) * np.eye(len(information))
    sigma = np.sqrt(variance * np.diag(np.linalg.inv(information + ridge))[:4])
    centre = float(np.hypot(sigma[2], sigma[3])) * told.fx
    return _TWO_SIDED_95 * float(sigma[:2].max()), _TWO_SIDED_95 * centre


def _check_spread(spread: tuple[float, float], bounds: dict[str, float]) -> None:
    for (name, bound), unsure in zip(bounds.items(), spread, strict=True):
        if unsure > bound:
            raise CalibrationError(
                f"{name} is known to {unsure:.3g} only, bound {bound}; tilt the camera more, and "
                "let the board reach every corner of the picture"
            )


def _moved(told: Intrinsics, step: NDArray[np.float64]) -> Intrinsics:
    """Return intrinsics changed by a step (4,): logarithms of fx and fy, centre in focal lengths.

    The centre is kept within the picture, where ``Intrinsics`` wants it.
    """
    return replace(
        told,
        fx=told.fx * float(np.exp(step[0])),
        fy=told.fy * float(np.exp(step[1])),
        cx=float(np.clip(told.cx + told.fx * step[2], 0, told.width - 1)),
        cy=float(np.clip(told.cy + told.fx * step[3], 0, told.height - 1)),
    )


def _residuals(
    x: NDArray[np.float64], views: Sequence[BoardView], told: Intrinsics
) -> NDArray[np.float64]:
    k = _moved(told, x[:4])
    poses = x[4:].reshape(-1, 6)
    return np.concatenate(
        [_residual(k, view, step) for view, step in zip(views, poses, strict=True)]
    )


def _residual(k: Intrinsics, view: BoardView, step: NDArray[np.float64]) -> NDArray[np.float64]:
    optical_board = view.optical_board @ Pose.exp(step)
    return (k.project(optical_board.apply(view.points)) - view.pixels).ravel()


def _jacobian(
    x: NDArray[np.float64], views: Sequence[BoardView], told: Intrinsics
) -> NDArray[np.float64]:
    """Return the derivatives by central differences; a view's pose moves its own corners alone."""
    h, poses = 1e-6, x[4:].reshape(-1, 6)
    k = _moved(told, x[:4])
    rows = [2 * len(view.points) for view in views]
    J = np.zeros((sum(rows), len(x)))
    for column in range(4):
        step = np.zeros_like(x)
        step[column] = h
        J[:, column] = _residuals(x + step, views, told) - _residuals(x - step, views, told)
    first = 0
    for number, (view, count) in enumerate(zip(views, rows, strict=True)):
        for column in range(6):
            step = np.zeros(6)
            step[column] = h
            J[first : first + count, 4 + 6 * number + column] = _residual(
                k, view, poses[number] + step
            ) - _residual(k, view, poses[number] - step)
        first += count
    return J / (2 * h)


def _largest(a: float, b: float) -> float:
    return a if abs(a) >= abs(b) else b
