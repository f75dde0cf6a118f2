"""Rigid-body geometry, wrenches and stamps: the one package every room may import.

Units are SI (m, rad, s, N, N·m). Frames are right-handed (ROS REP 103 and 105). A transform is
named ``destination_source``: ``base_camera`` maps camera coordinates to base coordinates.
"""

from spatial.errors import SpatialError
from spatial.pose import Pose
from spatial.stamp import NANOSECONDS_PER_SECOND, age_s, seconds, stamp_ns
from spatial.twist import Twist
from spatial.vector import Matrix, Vector, matrix, unit, vector
from spatial.wrench import Wrench

__all__ = [
    "NANOSECONDS_PER_SECOND",
    "Matrix",
    "Pose",
    "SpatialError",
    "Twist",
    "Vector",
    "Wrench",
    "age_s",
    "matrix",
    "seconds",
    "stamp_ns",
    "unit",
    "vector",
]
