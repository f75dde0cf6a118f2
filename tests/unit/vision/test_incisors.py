import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spatial import Pose
from tests.unit.vision.painted import Scene
from vision.errors import VisionError
from vision.incisors import incisal_edges, opening_between

TURN = st.floats(-0.4, 0.4)


@given(st.floats(0.0, 0.07), TURN, TURN, TURN, st.floats(0.1, 0.5))
def test_the_opening_is_that_whose_edges_are_seen(
    opening: float, roll: float, pitch: float, yaw: float, distance: float
) -> None:
    away = Pose(Scene().optical_mouth.rotation, (0.02, -0.01, distance))
    optical_mouth = away @ Pose.from_rotation_vector((roll, pitch, yaw))
    upper, lower = optical_mouth.apply(incisal_edges(opening))
    measured = opening_between(optical_mouth, 2.0 * upper, lower / lower[2])
    assert measured == pytest.approx(opening, abs=1e-9)


def test_edges_stand_behind_the_lips_and_open_with_the_jaw() -> None:
    for opening in (0.0, 0.03, 0.06):
        upper, lower = incisal_edges(opening)
        assert upper[2] - lower[2] == pytest.approx(opening)
        assert lower[0] < upper[0] < 0.0
    assert incisal_edges(0.06)[1, 0] < incisal_edges(0.0)[1, 0]


def test_a_ray_along_the_incisors_plane_is_refused() -> None:
    optical_mouth = Pose(np.eye(3), (0.0, 0.0, 0.3))  # the mouth seen exactly from its side
    with pytest.raises(VisionError, match="front"):
        opening_between(optical_mouth, np.array([0.0, 0.1, 1.0]), np.array([0.0, 0.0, 1.0]))
