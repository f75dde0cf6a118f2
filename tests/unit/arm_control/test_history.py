import numpy as np
import pytest

from arm_control.errors import ArmControlError
from arm_control.history import PoseHistory


def test_positions_between_two_notes_are_interpolated() -> None:
    history = PoseHistory(100.0, 2)
    for k in range(10):
        history.add(k * 10, np.array([k, -k], dtype=float))
    assert history.at(35) == pytest.approx([3.5, -3.5])
    assert history.at(90) == pytest.approx([9.0, -9.0])


def test_old_and_future_stamps_are_refused() -> None:
    history = PoseHistory(10.0, 1)
    with pytest.raises(ArmControlError, match="no joint position"):
        history.at(0)
    for k in range(100):
        history.add(k, np.array([float(k)]))
    for stamp in (-1, 70, 100):
        with pytest.raises(ArmControlError, match="outside the positions kept"):
            history.at(stamp)
    assert history.at(90) == pytest.approx([90.0])


def test_a_repeated_stamp_changes_nothing() -> None:
    history = PoseHistory(10.0, 1)
    history.add(1, np.array([1.0]))
    history.add(2, np.array([2.0]))
    history.add(2, np.array([9.0]))
    assert history.at(2) == pytest.approx([2.0])
