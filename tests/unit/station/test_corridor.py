import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arm_control.errors import ArmControlError
from spatial import Pose, Twist, unit, vector
from station.corridor import Way, way_to
from vision.target import Site
from vision.tracking import TrackedMouth, TrackedTarget

BASE_MOUTH = Pose.from_rotation_vector((0.1, -0.2, 3.0), (1.0, 0.1, 0.3))
UNIT = st.floats(-1.0, 1.0)


def way(
    point: tuple[float, float, float],
    eye: tuple[float, float, float] = (0.3, 0.0, 0.04),
    opening: float = 0.045,
    normal: tuple[float, float, float] = (1.0, 0.0, 0.0),
    site: Site = Site.POSTERIOR_WALL,
    bent: float = 0.0,
) -> Way:
    path = np.asarray(point) + np.array([[bent, 0.0, -0.005], [0.0, 0.0, 0.0], [bent, 0.0, 0.005]])
    target = TrackedTarget(
        site,
        0,
        vector(BASE_MOUTH.apply(point)),
        vector(BASE_MOUTH.rotate(normal)),
        BASE_MOUTH.apply(path),
        np.eye(3) * 1e-6,
        vector(np.zeros(3)),
        0.9,
        0.005,
        0.0,
        8,
    )
    mouth = TrackedMouth(0, BASE_MOUTH, Twist(), np.eye(6) * 1e-6, opening, 0.0)
    return way_to(target, mouth, vector(BASE_MOUTH.apply(eye)), standoff=0.01)


@given(y=UNIT, z=UNIT, ey=UNIT, ez=UNIT)
def test_the_corridor_ends_in_the_target_and_enters_between_the_teeth(
    y: float, z: float, ey: float, ez: float
) -> None:
    point = (-0.075, 0.015 * y, 0.012 * z)
    found = way(point, (0.3, 0.03 * ey, 0.06 * ez))
    corridor = found.corridor
    across = np.cross(corridor.axis, found.target.point - corridor.entry)
    assert float(np.linalg.norm(across)) < 1e-9
    assert corridor.entry[0] == 0.0
    assert np.abs(corridor.entry[1:]).max() <= 0.012
    assert found.target.point == pytest.approx(point, abs=1e-9)


def test_up_and_down_the_way_is_the_line_of_sight() -> None:
    eye, point = np.array((0.3, 0.0, 0.04)), np.array((-0.085, 0.0, 0.0))
    entry = way(tuple(point), tuple(eye)).corridor.entry
    sight = (eye - point) / np.linalg.norm(eye - point)
    assert np.cross(entry - point, sight) == pytest.approx(np.zeros(3), abs=1e-12)


@pytest.mark.parametrize("side", [-1.0, 1.0])
def test_a_tonsil_is_reached_across_the_mouth(side: float) -> None:
    """The shaft leans towards the tissue's normal: a thin shaft presses along itself alone."""
    normal = (0.83, -0.55 * side, 0.0)
    found = way((-0.067, 0.014 * side, 0.0), normal=normal)
    assert found.corridor.entry[1] * side < 0.0
    straight = unit(found.target.point)
    assert -found.corridor.axis @ found.target.normal > -straight @ found.target.normal


@given(x=st.floats(0.1, 1.0), y=UNIT, z=UNIT, side=st.sampled_from([-1.0, 1.0]))
def test_a_tonsil_faces_the_midline_whatever_the_depth_says(
    x: float, y: float, z: float, side: float
) -> None:
    """A seen normal that pointed up led the tip down, onto the tongue, when it looked further."""
    normal = unit(np.array((x, y, z)), "normal")
    site = Site.LEFT_TONSIL if side > 0.0 else Site.RIGHT_TONSIL
    found = way((-0.067, 0.012 * side, 0.005), normal=tuple(normal), site=site)
    back, pressed = -found.corridor.axis, found.target.normal
    sideways = pressed - (pressed @ back) * back
    assert sideways @ (0.0, -side, 0.0) > 0.9 * float(np.linalg.norm(sideways)) > 0.1


def test_the_path_along_a_tonsil_is_as_high_as_seen_and_straight() -> None:
    """Its ends were seen 10 mm beside it, on the palate and before it."""
    found = way((-0.067, 0.012, 0.005), site=Site.LEFT_TONSIL, bent=0.01)
    assert found.target.path[:, :2] == pytest.approx(np.tile((-0.067, 0.012), (3, 1)))
    assert found.target.path[:, 2] == pytest.approx((0.0, 0.005, 0.010))
    assert way((-0.085, 0.0, 0.0), bent=0.003).target.path[0, 0] == pytest.approx(-0.082)


def test_the_tip_stops_before_the_site_and_looks_along_the_corridor() -> None:
    found = way((-0.085, 0.005, 0.004))
    tip = found.mouth_tip(found.depth)
    gap = found.target.point - tip.translation
    assert float(np.linalg.norm(gap)) == pytest.approx(0.01)
    assert tip.rotation[:, 2] == pytest.approx(found.corridor.axis)


def test_without_an_eye_in_front_the_middle_is_entered() -> None:
    assert way((-0.085, 0.0, 0.0), (-0.2, 0.0, 0.0)).corridor.entry == pytest.approx(np.zeros(3))


def test_a_target_far_off_the_axis_is_out_of_reach() -> None:
    with pytest.raises(ArmControlError, match="45 degrees"):
        way((-0.02, 0.04, 0.0))


@given(x=st.floats(0.1, 1.0), y=UNIT, z=UNIT)
def test_what_is_pressed_is_pressed_nearly_along_the_shaft(x: float, y: float, z: float) -> None:
    """However wrong the normal: the tip goes on the way that the site was seen on."""
    normal = unit(np.array((x, y, z)), "normal")
    found = way((-0.07, 0.014, 0.005), normal=tuple(normal))
    back, pressed = -found.corridor.axis, found.target.normal
    assert float(pressed @ back) >= np.cos(0.4501)
    assert float(pressed @ back) >= float(normal @ back) - 1e-9
    assert float(np.cross(back, pressed) @ np.cross(back, normal)) >= -1e-12  # the same side
