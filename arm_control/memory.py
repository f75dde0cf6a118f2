"""The records the compiled kernels work on: configuration, input, state, output.

They are flat NumPy records of fixed size, so that the loop allocates nothing, a record is copied
into shared memory or into the black box by one assignment, and every field has a name. Arrays are
sized for ``MAX_JOINTS``; with fewer joints the rest stays zero. Units are SI; frames are named in
the comments: b base, m mouth, f flange, s wrist sensor, t nominal (unbent) tip.
"""

from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

import numpy as np

# One element of a record array as the kernels see it: every field is an attribute. NumPy's typing
# knows no such thing, and the kernels are type-checked by Numba when they are compiled.
Record: TypeAlias = Any

MAX_JOINTS = 7
MAX_SEGMENTS = 24  # of two joined Ruckig profiles: brake, seven phases and final brake each
TIP_DOFS = 4  # three of translation and one along the turn
MAX_PATH = 16
DELAY_SLOTS = 64  # of past tool accelerations, to match the arm's delay

_J = MAX_JOINTS


def _profile(dofs: int) -> np.dtype:
    """Declare a jerk-limited profile: ``start`` [s] of each segment, and its p, v, a, j there."""
    return np.dtype(
        [
            ("duration", "f8"),
            ("start", "f8", (dofs, MAX_SEGMENTS)),
            ("state", "f8", (dofs, MAX_SEGMENTS, 4)),
        ]
    )


JOINT_PROFILE = _profile(_J)
TIP_PROFILE = _profile(TIP_DOFS)
STROKE_PROFILE = _profile(1)

CONFIG = np.dtype(
    [
        ("joints", "i8"),
        ("period", "f8"),  # nominal [s]
        # chain, as arm_control.model.Chain
        ("place_R", "f8", (_J, 3, 3)),
        ("place_t", "f8", (_J, 3)),
        ("axis", "f8", (_J, 3)),
        ("mass", "f8", (_J,)),
        ("center", "f8", (_J, 3)),
        ("inertia", "f8", (_J, 3, 3)),
        ("flange_R", "f8", (3, 3)),
        ("flange_t", "f8", (3,)),
        ("tip_R", "f8", (3, 3)),  # flange_tip
        ("tip_t", "f8", (3,)),
        ("sensor_R", "f8", (3, 3)),  # flange_sensor
        ("sensor_t", "f8", (3,)),
        ("tool_mass", "f8"),
        ("tool_center", "f8", (3,)),
        ("gravity", "f8", (3,)),
        ("segment", "f8"),  # bending centre to tip [m]
        ("shaft_stiffness", "f8"),  # lateral, at the tip [N/m]
        # limits
        ("lower", "f8", (_J,)),
        ("upper", "f8", (_J,)),
        ("velocity", "f8", (_J,)),
        ("acceleration", "f8", (_J,)),
        ("jerk", "f8", (_J,)),
        ("torque", "f8", (_J,)),
        ("speed", "f8", (3,)),  # by zone
        ("leaving_speed", "f8"),  # out of the mouth, as planned
        ("retreat_speed", "f8"),  # out of the mouth, from too much force
        ("bending_speed", "f8"),  # what a pressing tip's shaft may add, unbent
        ("face_distance", "f8"),
        ("mouth_margin", "f8"),
        ("tip_acceleration", "f8"),
        ("tip_jerk", "f8"),
        ("reflex_acceleration", "f8"),
        ("force_soft", "f8"),
        ("force_abort", "f8"),
        ("tracking_error", "f8"),
        ("motion_age", "f8"),
        # gains
        ("track_bandwidth", "f8"),  # of the commanded tip on its reference [rad/s]
        ("pace_bandwidth", "f8"),  # at which the tip may near the bound of its speed [rad/s]
        ("mouth_bandwidth", "f8"),  # of the smoothed mouth on its estimates [rad/s]
        ("mouth_jump", "f8"),  # [m] beyond which an estimate corrects a mistake
        ("force_bandwidth", "f8"),  # of the force loop, set from the delays [rad/s]
        ("virtual_mass", "f8"),  # the least that the force loop may show [kg]
        ("filter_bandwidth", "f8"),  # of the force filter [rad/s]
        ("task_weight", "f8", (6,)),
        ("damping", "f8"),
        ("touch_force", "f8"),
        ("touch_speed", "f8"),
        ("standoff", "f8"),
        ("indentation", "f8"),  # the deepest the tip may press into soft tissue [m]
        ("settling", "f8"),  # the longest wait for the force before the strokes begin [s]
        ("delay", "f8"),  # command to motion to measurement [s]
    ],
    align=True,
)

INPUT = np.dtype(
    [
        ("stamp", "i8"),  # of the measurement [ns]
        ("now", "i8"),  # of this cycle [ns]
        ("step", "f8"),  # since the last cycle [s]
        ("q", "f8", (_J,)),
        ("v", "f8", (_J,)),
        ("wrench", "f8", (6,)),  # raw, in s
        ("mouth_R", "f8", (3, 3)),  # base_mouth as last estimated
        ("mouth_t", "f8", (3,)),
        ("mouth_v", "f8", (3,)),  # in b
        ("mouth_w", "f8", (3,)),
        ("mouth_stamp", "i8"),
        ("mouth_known", "i8"),
    ],
    align=True,
)

STATE = np.dtype(
    [
        ("mode", "i8"),
        ("phase", "i8"),
        ("done", "i8"),
        ("fault", "i8"),
        ("cycles", "i8"),
        # commanded joint motion
        ("q", "f8", (_J,)),
        ("v", "f8", (_J,)),
        ("a", "f8", (_J,)),
        ("top", "f8", (_J,)),  # highest and lowest viable acceleration of the next step
        ("low", "f8", (_J,)),
        ("goal_top", "f8", (_J,)),  # those of them that a goal may ask for
        ("goal_low", "f8", (_J,)),
        ("infeasible", "i8"),  # cycles in which the law had to brake instead
        ("wish", "f8", (_J,)),  # acceleration asked for, before the limits
        # commanded tip in b, from the commanded joints
        ("R", "f8", (3, 3)),
        ("t", "f8", (3,)),
        ("twist", "f8", (6,)),
        ("acceleration", "f8", (6,)),  # of the commanded tip, in b
        ("tool_acceleration", "f8", (3,)),  # of the tool's centre of mass, as late as the arm
        ("tool_least", "f8", (3,)),  # and what it may be, however late and smoothed, per axis of b
        ("tool_greatest", "f8", (3,)),
        ("tool_past", "f8", (DELAY_SLOTS, 3)),
        ("rest", "f8", (_J,)),  # the posture the null space is drawn to
        ("bias_acceleration", "f8", (6,)),
        ("J", "f8", (6, _J)),
        ("axes", "f8", (_J, 3)),
        ("origins", "f8", (_J, 3)),
        ("bodies", "f8", (_J, 3, 3)),  # rotation of each body, in b
        ("flange_R", "f8", (3, 3)),
        ("flange_t", "f8", (3,)),
        # measured tip in b
        ("measured_R", "f8", (3, 3)),
        ("measured_t", "f8", (3,)),
        ("sensor_R", "f8", (3, 3)),
        ("tool_velocity", "f8", (3,)),  # of the tool's centre of mass, measured
        ("tool_velocity_slow", "f8", (3,)),
        # smoothed mouth in b
        ("M", "f8", (3, 3)),
        ("M_t", "f8", (3,)),
        ("M_v", "f8", (6,)),
        ("M_a", "f8", (6,)),
        ("M_known", "i8"),
        # goal's time
        ("clock", "f8"),
        ("rate", "f8"),  # of the goal's clock: 1 runs, 0 pauses
        ("rate_wish", "f8"),
        ("joint_profile", JOINT_PROFILE),
        ("tip_profile", TIP_PROFILE),
        ("stroke_profile", STROKE_PROFILE),
        ("follow", "i8"),  # 1: tip goals are in m, 0: in b
        ("start_R", "f8", (3, 3)),  # tip orientation at the start of a tip goal, in its frame
        ("turn", "f8", (3,)),  # unit axis of the turn from there
        # reference of the tip, in m or b, before bending
        ("p", "f8", (3,)),
        ("p_v", "f8", (3,)),
        ("p_a", "f8", (3,)),
        ("p_R", "f8", (3, 3)),
        ("p_w", "f8", (3,)),
        ("p_wa", "f8", (3,)),
        # contact
        ("raw_mean", "f8", (6,)),  # of wrench less weight, in s
        ("tare", "f8", (6,)),
        ("tared", "i8"),
        ("free_s", "f8"),  # for so long yet an entry is in free air, and refines ``tare``
        ("force", "f8", (3,)),  # contact force on the tip in b, filtered
        ("force_1", "f8", (3,)),
        ("force_slow", "f8", (3,)),  # what bends the shaft
        ("force_1_slow", "f8", (3,)),  # the same less the tool's inertia
        ("torque", "f8", (3,)),
        ("contact", "i8"),
        ("contact_s", "f8"),
        ("over_s", "f8"),  # time above the soft limit
        ("lost_s", "f8"),
        ("normal", "f8", (3,)),  # of the site, in m, as seen
        ("surface", "f8", (3,)),  # of the site, in m, as felt
        ("path", "f8", (MAX_PATH, 3)),
        ("path_length", "f8", (MAX_PATH,)),
        ("path_points", "i8"),
        ("force_goal", "f8"),
        ("force_wish", "f8"),  # ramped
        ("force_rate", "f8"),  # of the ramp [N/s]
        ("normal_force", "f8"),
        ("integral", "f8"),
        ("offset", "f8", (3,)),  # nominal tip from the reference, in m
        ("offset_v", "f8", (3,)),
        ("offset_a", "f8", (3,)),
        ("yielding", "f8"),  # time left of giving way to too much force [s]
        ("gap", "f8"),  # reference above the site's surface along the normal
        ("gap_v", "f8"),
        ("travel", "f8"),  # how far below the surface to look for it
        ("near", "f8"),  # and how far along the normal at first, before it is looked for aside
        ("slanted", "i8"),  # whether the normal lies far off the shaft and the mouth's axis
        ("across", "f8", (3,)),  # the normal's part across the mouth, unit, in m
        ("aside", "f8"),  # the path's way against it, in search of the surface
        ("aside_v", "f8"),
        ("met", "f8", (3,)),  # from the bent tip to its reference, where the tissue was met, in m
        ("going", "f8"),  # 0..1, the strokes' pace: they wait for contact
        ("along", "f8"),  # 0..1 on the path
        ("along_v", "f8"),
        ("dwell", "f8"),
        ("dwell_s", "f8"),
        ("settling_s", "f8"),
        ("depth", "f8"),  # of the bent tip below the touched surface
        ("strokes", "i8"),
        ("strokes_wanted", "i8"),
        ("stiffness", "f8"),
        ("stiffness_num", "f8"),
        ("stiffness_den", "f8"),
        ("late_press", "f8"),
        ("smooth_press", "f8"),
        ("smooth_force", "f8"),
        ("zone", "i8"),
        ("pace_zone", "i8"),  # the slower of the unbent tip's and the bent one's
        ("pace", "f8", (2,)),  # the commanded tip's bound, towards the person and away [m/s]
        ("pressed_s", "f8"),  # time left for which tissue counts as felt [s]
        ("tip_m", "f8", (3,)),  # estimated, bent tip in m
        ("tip_b", "f8", (3,)),
        ("tip_R", "f8", (3, 3)),
        ("tracking", "f8"),
        # reference of the nominal tip in b
        ("ref_t", "f8", (3,)),
        ("ref_R", "f8", (3, 3)),
        ("ref_v", "f8", (6,)),
        ("ref_a", "f8", (6,)),
    ],
    align=True,
)


def record(kind: np.dtype) -> np.ndarray:
    """Return one zeroed record of ``kind`` as an array (1,)."""
    return np.zeros(1, kind)


def state_words(names: Iterable[str]) -> np.ndarray:
    """Return the numbers of the 8-byte words of STATE in which the fields ``names`` lie."""
    fields: Mapping[str, tuple[Any, ...]] = STATE.fields or {}
    found: list[int] = []
    for name in names:
        kind, offset = fields[name][:2]
        found += range(offset // 8, (offset + kind.itemsize) // 8)
    return np.array(found, np.int64)
