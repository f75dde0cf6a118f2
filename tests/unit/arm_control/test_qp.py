import numpy as np
import quadprog

from arm_control.qp import INFEASIBLE, SOLVED, factor, minimise

RNG = np.random.default_rng(11)


def problem(n: int, rows: int, tight: float) -> tuple[np.ndarray, ...]:
    J = RNG.normal(size=(6, n))
    H = J.T @ J + 1e-3 * np.eye(n)
    g = RNG.normal(size=n) * 5.0
    low, top = -RNG.uniform(0.1, 2.0, n) * tight, RNG.uniform(0.1, 2.0, n) * tight
    A, b = RNG.normal(size=(rows, n)), RNG.uniform(-0.3, 1.0, rows)
    return H, g, low, top, A, b


def ours(*problem: np.ndarray) -> tuple[int, np.ndarray]:
    H, g, low, top, A, b = problem
    L, x = H.copy(), g.copy()
    assert factor(L, len(g))
    return minimise(L, x, low, top, A, b, len(g), len(b)), x


def test_it_agrees_with_quadprog_on_thousands_of_problems() -> None:
    solved = infeasible = bound = 0
    for _ in range(4_000):
        n = int(RNG.integers(2, 8))
        H, g, low, top, A, b = problem(n, int(RNG.integers(0, 4)), RNG.choice([0.3, 3.0]))
        C = np.vstack([np.eye(n), -np.eye(n), -A]).T
        d = np.concatenate([low, -top, -b])
        code, x = ours(H, g, low, top, A, b)
        try:
            expected = quadprog.solve_qp(H, g, C, d)[0]
        except ValueError:
            assert code == INFEASIBLE
            infeasible += 1
            continue
        assert code == SOLVED
        scale = 1.0 + np.abs(expected).max()
        assert np.abs(x - expected).max() < 1e-7 * scale
        solved += 1
        bound += bool((np.abs(x - top) < 1e-9).any() or (np.abs(x - low) < 1e-9).any())
    assert solved > 2_000
    assert bound > 1_000
    assert infeasible > 10


def test_without_a_binding_constraint_it_is_the_plain_minimum() -> None:
    H, g, *_ = problem(7, 0, 1.0)
    wide = np.full(7, 1e9)
    code, x = ours(H, g, -wide, wide, np.zeros((0, 7)), np.zeros(0))
    assert code == SOLVED
    assert np.abs(x - np.linalg.solve(H, g)).max() < 1e-8


def test_contradicting_constraints_are_told() -> None:
    H, g, low, top, *_ = problem(5, 0, 1.0)
    A = np.vstack([np.ones(5), -np.ones(5)])
    code, _ = ours(H, g, low, top, A, np.array([-1.0, -1.0]))
    assert code == INFEASIBLE
