"""Scratch arrays on the stack, and what they are for: a cycle that takes nothing from the heap."""

from collections.abc import Callable

import numpy as np
import pytest
from numba.core.errors import TypingError
from numba.core.runtime import _nrt_python, rtsys

from arm_control import ArmModel, law
from arm_control.compiled import kernel
from arm_control.memory import INPUT, STATE, record
from arm_control.scratch import scratch, scratch_indices, scratch_matrix
from tests.unit.arm_control.rig import HOME

SIZE = 4


@kernel
def fill(a: np.ndarray, R: np.ndarray) -> None:
    """Fill both by what their shapes say."""
    for i in range(R.shape[0]):
        a[i] = 0.0
        for j in range(R.shape[1]):
            R[i, j] = 10.0 * i + j
            a[i] += R[i, j]


@kernel
def add_up(times: int) -> float:
    """Use all kinds of array in a loop."""
    total = 0.0
    for k in range(times):
        a = scratch(3)
        R = scratch_matrix(3, SIZE)
        chosen = scratch_indices(2)
        fill(a, R)
        chosen[0], chosen[1] = 2, k % 3
        total += a[chosen[0]] + R[chosen[1], SIZE - 1]
    return total


@kernel
def unbounded(size: int) -> float:
    """Ask for what no compiler can know."""
    return float(scratch(size)[0])


@kernel
def run_law(config: np.ndarray, inputs: np.ndarray, state: np.ndarray, times: int) -> None:
    """Run the law ``times`` in a row."""
    for _ in range(times):
        law.cycle(config, inputs, state)


def heap_blocks(work: Callable[[], object]) -> int:
    """Return how many blocks the kernels that ``work`` calls take from the heap."""
    before = rtsys.get_allocation_stats().alloc
    work()
    return int(rtsys.get_allocation_stats().alloc - before)


@pytest.fixture(autouse=True)
def _counted() -> None:
    _nrt_python.memsys_enable_stats()


def test_scratch_arrays_are_arrays_and_cost_no_heap() -> None:
    assert add_up(3) == pytest.approx(3 * 86.0 + 3.0 + 13.0 + 23.0)
    assert heap_blocks(lambda: add_up(100_000)) == 0


def test_a_size_must_be_known_to_the_compiler() -> None:
    with pytest.raises(TypingError, match="constants"):
        unbounded(3)


@pytest.mark.parametrize("mode", [law.HOLD, law.JOINT, law.TIP, law.WIPE, law.BRAKE])
def test_the_law_takes_nothing_from_the_heap(
    model: ArmModel, config: np.ndarray, mode: int
) -> None:
    inputs, state = record(INPUT), record(STATE)
    inputs["step"] = 1e-3
    inputs["q"][0, :7] = state["q"][0, :7] = state["rest"][0, :7] = HOME
    inputs["mouth_R"], inputs["mouth_known"] = np.eye(3), 1
    inputs["mouth_t"] = model.base_tip(HOME).translation
    state["rate"] = state["rate_wish"] = state["tared"] = 1
    state["path_points"], state["path_length"][0, 1] = 2, 0.01
    state["normal"] = state["surface"] = (1.0, 0.0, 0.0)
    state["start_R"], state["turn"], state["stiffness"] = np.eye(3), (0.0, 0.0, 1.0), 200.0
    state["mode"], state["phase"], state["fault"] = mode, 5, -1
    few = heap_blocks(lambda: run_law(config, inputs, state, 10))  # of the call from Python
    assert heap_blocks(lambda: run_law(config, inputs, state, 1_000)) == few
    assert np.isfinite(state["q"]).all()
