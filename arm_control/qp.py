"""An exact solver for the small quadratic programs of the control law, compiled.

Goldfarb and Idnani 1983, A numerically stable dual method for solving strictly convex quadratic
programs, Mathematical Programming 27. It starts from the unconstrained minimum, which is the answer
in nearly every cycle, and adds violated constraints one at a time. The active set is refactored at
each change: with at most seven variables that is cheaper than updating.
"""

import math

import numpy as np

from arm_control.compiled import kernel
from arm_control.scratch import scratch, scratch_indices, scratch_matrix

MOST = 7  # variables
SOLVED = 0
INFEASIBLE = 1
TOO_LONG = 2
_MULTIPLIERS = MOST + 1
_TOLERANCE = 1e-10


@kernel
def factor(H: np.ndarray, n: int) -> bool:
    """Replace the lower triangle of ``H`` (n, n) by its Cholesky factor; False if not definite."""
    for r in range(n):
        for col in range(r + 1):
            h = H[r, col]
            for k in range(col):
                h -= H[r, k] * H[col, k]
            if r == col:
                if not h > 0.0:
                    return False
                H[r, r] = math.sqrt(h)
            else:
                H[r, col] = h / H[col, col]
    return True


@kernel
def solve(L: np.ndarray, x: np.ndarray, n: int) -> None:
    """Replace ``x`` (n,) by the solution y of L Lᵀ y = x."""
    for r in range(n):
        h = x[r]
        for k in range(r):
            h -= L[r, k] * x[k]
        x[r] = h / L[r, r]
    for r in range(n - 1, -1, -1):
        h = x[r]
        for k in range(r + 1, n):
            h -= L[k, r] * x[k]
        x[r] = h / L[r, r]


@kernel
def minimise(
    L: np.ndarray,
    x: np.ndarray,
    low: np.ndarray,
    top: np.ndarray,
    A: np.ndarray,
    b: np.ndarray,
    n: int,
    rows: int,
) -> int:
    """Minimise ½ xᵀ L Lᵀ x - gᵀ x subject to low <= x <= top and A x <= b; ``x`` holds g, then x.

    ``L`` (n, n) is the factor of the Hessian, ``A`` (rows, n), ``b`` (rows,). Return SOLVED,
    INFEASIBLE or TOO_LONG; in the last two cases ``x`` is no answer. Constraints are numbered:
    x_k <= top_k as k, x_k >= low_k as n + k, row i as 2 n + i.
    """
    solve(L, x, n)
    active = scratch_indices(MOST)
    u = scratch(_MULTIPLIERS)
    for k in range(_MULTIPLIERS):
        u[k] = 0.0
    count = 0
    normal = scratch(MOST)
    back = scratch(MOST)  # H⁻¹ times the violated constraint's normal
    N = scratch_matrix(MOST, MOST)  # active normals, by row
    V = scratch_matrix(MOST, MOST)  # H⁻¹ times them
    S = scratch_matrix(MOST, MOST)
    r = scratch(MOST)
    for _ in range(8 * (n + rows)):
        p, violation = _worst(x, low, top, A, b, n, rows)
        if p < 0:
            return SOLVED
        _normal(p, A, n, normal)
        for k in range(n):
            back[k] = normal[k]
        solve(L, back, n)
        u_p = 0.0
        while True:
            # r solves (N H⁻¹ Nᵀ) r = N H⁻¹ n
            for i in range(count):
                r[i] = 0.0
                for k in range(n):
                    r[i] += N[i, k] * back[k]
                for j in range(i + 1):
                    h = 0.0
                    for k in range(n):
                        h += N[i, k] * V[j, k]
                    S[i, j] = h
            if count > 0:
                if not factor(S, count):
                    return INFEASIBLE
                solve(S, r, count)
            curve = 0.0
            for k in range(n):
                z = back[k]
                for i in range(count):
                    z -= V[i, k] * r[i]
                curve += normal[k] * z
            full = violation / curve if curve > 1e-12 else math.inf
            partial = math.inf
            blocking = -1
            for i in range(count):
                if r[i] > 1e-12 and u[i] / r[i] < partial:
                    partial = u[i] / r[i]
                    blocking = i
            step = min(full, partial)
            if math.isinf(step):
                return INFEASIBLE
            for i in range(count):
                u[i] -= step * r[i]
            u_p += step
            if not math.isinf(full):
                for k in range(n):
                    z = back[k]
                    for i in range(count):
                        z -= V[i, k] * r[i]
                    x[k] -= step * z
                violation -= step * curve
            if full <= partial:
                if count >= n:
                    return INFEASIBLE
                active[count] = p
                u[count] = u_p
                for k in range(n):
                    N[count, k] = normal[k]
                    V[count, k] = back[k]
                count += 1
                break
            for i in range(blocking, count - 1):
                active[i] = active[i + 1]
                u[i] = u[i + 1]
                for k in range(n):
                    N[i, k] = N[i + 1, k]
                    V[i, k] = V[i + 1, k]
            count -= 1
    return TOO_LONG


@kernel
def _worst(
    x: np.ndarray,
    low: np.ndarray,
    top: np.ndarray,
    A: np.ndarray,
    b: np.ndarray,
    n: int,
    rows: int,
) -> tuple[int, float]:
    """Return the most violated constraint, -1 if none, and by how much."""
    which = -1
    worst = _TOLERANCE
    for k in range(n):
        scale = 1.0 + abs(x[k]) * 1e-3
        if x[k] - top[k] > worst * scale:
            worst = x[k] - top[k]
            which = k
        if low[k] - x[k] > worst * scale:
            worst = low[k] - x[k]
            which = n + k
    for i in range(rows):
        h = -b[i]
        for k in range(n):
            h += A[i, k] * x[k]
        if h > worst:
            worst = h
            which = 2 * n + i
    return which, worst


@kernel
def _normal(p: int, A: np.ndarray, n: int, normal: np.ndarray) -> None:
    """Fill the outward normal (n,) of constraint ``p``."""
    for k in range(n):
        normal[k] = 0.0
    if p < n:
        normal[p] = 1.0
    elif p < 2 * n:
        normal[p - n] = -1.0
    else:
        for k in range(n):
            normal[k] = A[p - 2 * n, k]
