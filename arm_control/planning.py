"""Turns goals into profiles in the state record: what happens once per goal, not once per cycle."""

from collections.abc import Sequence

import numpy as np

from arm_control import orders
from arm_control.errors import GoalError
from arm_control.kinematics import joint_tip
from arm_control.law import BRAKE, HOLD, JOINT, TIP, WIPE
from arm_control.limits import Limits
from arm_control.memory import JOINT_PROFILE, MAX_PATH, STROKE_PROFILE, TIP_PROFILE, record
from arm_control.motion import (
    Enter,
    Goal,
    Hold,
    MoveJoints,
    MoveTip,
    Reference,
    Wipe,
    Withdraw,
)
from arm_control.profile import Row, join, plan
from arm_control.report import FaultKind, Phase
from arm_control.sensing import FREE_S
from spatial import Pose, Vector

PHASES = tuple(Phase)
_CONTACT = (Phase.TOUCHING, Phase.WIPING, Phase.RELEASING)
_REST = 1e-3
_CALM_ACCELERATION = (
    2.0  # [rad/s²] of planned joint motion; the limits are for braking and reflexes
)
_CALM_JERK = 12.0  # [rad/s³]
_FACE_ROOM = 0.02  # [m] beyond the face's zone within which its speed is still kept
_SLANTED = 0.3  # sine between shaft and normal, above which a site is looked for across, too
_NEAR = 0.004  # [m] and first so far along the normal: deeper, a tip slides past a tonsil unfelt
_FIRST_GUESS = 500.0  # [N/m] of tissue, on the stiff side, until it is felt


class Planner:
    """Plans goals from the commanded motion of now. Owns no thread; writes the state record."""

    def __init__(self, limits: Limits, config: np.ndarray, state: np.ndarray) -> None:
        self._limits = limits
        self._c = config[0]
        self._s = state[0]
        self._state = state
        self._up: Vector = np.array([0.0, 0.0, 1.0])
        self._entry: Vector = np.zeros(3)
        self._tip_up: Vector = np.zeros(3)
        self.hold()

    def take(self, goal: Goal) -> None:
        """Plan ``goal``. Raises GoalError where it cannot be taken from here."""
        match goal:
            case Hold():
                self.hold()
            case MoveJoints():
                self._move_joints(goal)
            case MoveTip():
                follow = goal.reference is Reference.MOUTH
                self._move_tip(goal.pose, follow=follow, speed=goal.speed)
                self._set(TIP, Phase.MOVING)
            case Enter():
                self._enter(goal)
            case Wipe():
                self._wipe(goal)
            case Withdraw():
                self.retreat(goal)

    def hold(self) -> None:
        """Brake, then stay."""
        orders.hold(self._state)

    def brake(self) -> None:
        """Brake as fast as the joints may, then stay."""
        orders.brake(self._state)

    def pause(self) -> None:
        """Stop the goal's clock; in contact, let go first."""
        orders.pause(self._state)

    def resume(self) -> None:
        """Let the goal's clock run; a site that was let go of is touched again."""
        orders.resume(self._state)

    def phase(self) -> Phase:
        """Return what the kernel is doing."""
        s = self._s
        phase: Phase = PHASES[int(s["phase"])]
        if phase is Phase.STOPPING and not self._moving():
            return Phase.STOPPED
        return phase

    def done(self, *, paused: bool) -> bool:
        """Say whether the goal was reached, or was ended by a fault and has stopped."""
        s = self._s
        if paused:
            return False
        if s["mode"] in (HOLD, BRAKE):
            return not self._moving()
        return bool(s["done"])

    def progress(self) -> float:
        """Return the share of the goal that is done, 0..1."""
        s = self._s
        if s["done"] or s["mode"] in (HOLD, BRAKE):
            return 1.0
        if s["mode"] == WIPE:
            return float(s["strokes"] / max(s["strokes_wanted"], 1))
        name = "joint_profile" if s["mode"] == JOINT else "tip_profile"
        duration = float(s[name]["duration"])
        return float(min(s["clock"] / duration, 1.0)) if duration > 0.0 else 1.0

    def explain(self, kind: FaultKind) -> str:
        """Put the kernel's own fault into words."""
        s, c = self._s, self._c
        force = float(np.linalg.norm(s["force"]))
        return {
            FaultKind.FORCE: f"contact force {force:.2f} N stayed above {c['force_soft']:.2f} N; "
            "the goal was given up",
            FaultKind.TRACKING: f"the arm is {s['tracking']:.3f} rad off its command, bound "
            f"{c['tracking_error']:.3f}; look for a collision or an overloaded joint",
            FaultKind.STALE_MOUTH: f"no picture of the mouth for {c['motion_age']:.2f} s; check "
            "the camera, then locate the mouth again",
            FaultKind.NO_CONTACT: f"no tissue within {s['travel'] * 1e3:.0f} mm below the target; "
            "locate it again",
            FaultKind.UNREACHED: "the goal was not reached 2 s after it should have been; a joint "
            "limit or an obstacle bars the way: choose another pose",
            FaultKind.LATE: "the loop woke late again and again; look at the load of the machine, "
            "then ask again",
            FaultKind.STALE_STATE: "no measurement of the arm for 0.05 s; look at the network",
            FaultKind.LOST_CONTACT: "contact was lost for 2 s; locate the site again",
        }.get(kind, kind.value)

    def retreat(self, goal: Withdraw) -> None:
        """Plan the way out, backwards to a point before the lips, the shaft turning to the axis."""
        s = self._s
        if not s["M_known"]:
            raise GoalError("no mouth is known to withdraw from; move in base coordinates instead")
        tip = self._tip_in(follow=True)
        speeds = self._limits.speed
        inside = tip.translation[0] < speeds.mouth_margin
        before = self._entry + np.array([goal.clearance, 0.0, 0.0])
        out = Pose(self._aim((-1.0, 0.0, 0.0)).rotation, before)
        face = min(goal.speed, speeds.face)
        if inside:
            self._through(tip, out, speeds.mouth_margin, speeds.leaving, face)
        else:
            self._move_tip(out, follow=True, speed=face)
        self._set(TIP, Phase.WITHDRAWING)

    def _set(self, mode: int, phase: Phase) -> None:
        orders.settle(self._state, mode, PHASES.index(phase))

    def _moving(self) -> bool:
        return bool(np.abs(self._s["v"]).max() > _REST)

    def _move_joints(self, goal: MoveJoints) -> None:
        s = self._s
        joints = self._limits.joints
        n = joints.joints
        if len(goal.position) != n:
            raise GoalError(f"joint goal has {len(goal.position)} values, the arm {n} joints")
        outside = (goal.position < joints.lower) | (goal.position > joints.upper)
        if outside.any():
            k = int(np.argmax(outside))
            raise GoalError(
                f"joint {k + 1} goal {goal.position[k]:.3f} rad is outside "
                f"{joints.lower[k]:.3f} to {joints.upper[k]:.3f} rad; choose another posture"
            )
        scaled = joints.scaled(goal.scale)
        acceleration = np.minimum(scaled.acceleration, _CALM_ACCELERATION)
        limits = (scaled.velocity, acceleration, np.minimum(scaled.jerk, _CALM_JERK))
        start = (s["q"][:n], s["v"][:n], s["a"][:n])
        profile = record(JOINT_PROFILE)
        plan(profile, _brakeable(start, limits), goal.position, limits)
        hurry = self._hurry(profile)
        if hurry > 1.0:
            slower = [row / hurry**power for power, row in enumerate(limits, start=1)]
            plan(profile, _brakeable(start, slower), goal.position, slower)
        s["joint_profile"] = profile[0]
        s["follow"] = 0
        self._set(JOINT, Phase.MOVING)

    def _hurry(self, profile: np.ndarray) -> float:
        """Return how many times too fast the tip would be somewhere on the joints' way."""
        c, s = self._c, self._s
        speeds = self._limits.speed
        duration = float(profile["duration"][0])
        times = np.linspace(0.0, duration, max(int(duration / 0.02), 2) + 1)
        tips = np.empty((len(times), 3))
        joint_tip(c, profile[0], times, tips)
        middle = 0.5 * (tips[1:] + tips[:-1])
        speed = np.linalg.norm(np.diff(tips, axis=0), axis=1) / (times[1] - times[0])
        allowed = np.full(len(speed), speeds.free)
        if s["M_known"]:
            near = np.linalg.norm(middle - s["M_t"], axis=1) < speeds.face_distance + 0.02
            allowed[near] = speeds.face
        return float((speed / (0.95 * allowed)).max())

    def _tip_in(self, *, follow: bool) -> Pose:
        """Return the commanded, nominal tip in the base, or in the smoothed mouth."""
        s = self._s
        base_tip = Pose(np.array(s["R"]), s["t"])
        if not follow:
            return base_tip
        if not s["M_known"]:
            raise GoalError("no mouth is known yet; call follow() with an estimate and cycle once")
        return Pose(np.array(s["M"]), s["M_t"]).inverse() @ base_tip

    def _start_of(self, tip: Pose, *, follow: bool) -> tuple[list[float], list[float], list[float]]:
        """Return position, velocity and acceleration of the tip's translation and turn."""
        s = self._s
        v = np.array(s["twist"][:3])
        a = np.array(s["acceleration"][:3])
        if follow:
            M = np.array(s["M"])
            v = M.T @ (v - s["M_v"][:3] - np.cross(s["M_v"][3:], s["t"] - s["M_t"]))
            a = M.T @ (a - s["M_a"][:3])
        if float(np.linalg.norm(v)) < _REST:
            v, a = np.zeros(3), np.zeros(3)
        return [*tip.translation, 0.0], [*v, 0.0], [*a, 0.0]

    def _begin(self, tip: Pose, goal: Pose, *, follow: bool) -> float:
        """Note the frame, the starting orientation and the turn; return the turn's angle [rad]."""
        s = self._s
        turn = (goal @ tip.inverse()).rotation_vector()
        angle = float(np.linalg.norm(turn))
        s["follow"] = int(follow)
        s["start_R"] = tip.rotation
        s["turn"] = turn / angle if angle > 1e-9 else (0.0, 0.0, 1.0)
        s["offset"] = 0.0
        s["offset_v"] = 0.0
        s["offset_a"] = 0.0
        return angle

    def _tip_limits(
        self, way: Vector, speed: float, velocity: Sequence[float]
    ) -> list[list[float]]:
        """Share the tip's limits among the axes so that the straight way keeps them.

        ``velocity`` is the tip's at the start, in the frame of the way: a tip at rest in the base
        moves before a mouth that does.
        """
        tip = self._limits.tip
        length = float(np.linalg.norm(way))
        share = np.maximum(np.abs(way) / length if length > 1e-9 else np.ones(3), 0.05)
        if float(np.linalg.norm(velocity)) > 5.0 * _REST:
            share = np.maximum(share, 0.5)  # it must be braked on every axis, within millimetres
        turning = [tip.angular_velocity, tip.angular_acceleration, tip.angular_jerk]
        linear = [speed, tip.acceleration, tip.jerk]
        return [[*(share * a), b] for a, b in zip(linear, turning, strict=True)]

    def _move_tip(self, goal: Pose, *, follow: bool, speed: float) -> None:
        tip = self._tip_in(follow=follow)
        if follow:
            speed = min(speed, self._slowest(tip.translation, goal.translation))
        elif speed > (face := self._limits.speed.face):
            part = self._leaves_face(tip.translation, goal.translation)
            if 0.0 < part < 1.0:
                self._in_two(tip, goal, part, (face, speed), follow=False)
                return
            speed = speed if part == 0.0 else face
        start = self._start_of(tip, follow=follow)
        angle = self._begin(tip, goal, follow=follow)
        limits = self._tip_limits(goal.translation - tip.translation, speed, start[1])
        profile = record(TIP_PROFILE)
        plan(profile, _brakeable(start, limits), [*goal.translation, angle], limits)
        self._s["tip_profile"] = profile[0]

    def _slowest(self, start: Vector, end: Vector) -> float:
        """Return the lowest zone speed on the straight way between two points in m."""
        speeds = self._limits.speed
        slowest = speeds.free
        for part in np.linspace(0.0, 1.0, 21):
            point = start + part * (end - start)
            if float(np.linalg.norm(point)) < speeds.face_distance:
                inside = point[0] < speeds.mouth_margin - 1e-4
                slowest = min(slowest, speeds.mouth if inside else speeds.face)
        return slowest

    def _leaves_face(self, start: Vector, end: Vector) -> float:
        """Return the part of the straight way in b, 0 to 1, after which it is clear of the face."""
        s, reach = self._s, self._limits.speed.face_distance + _FACE_ROOM
        if not s["M_known"]:
            return 0.0
        parts = np.linspace(0.0, 1.0, 41)
        away = np.linalg.norm(start + parts[:, None] * (end - start) - s["M_t"], axis=1)
        near = np.flatnonzero(away < reach)
        return float(parts[min(near[-1] + 1, 40)]) if len(near) else 0.0

    def _through(self, tip: Pose, goal: Pose, plane: float, first: float, second: float) -> None:
        """Plan a straight way across x = ``plane`` in m, by one speed and then another."""
        part = (plane - tip.translation[0]) / (goal.translation[0] - tip.translation[0])
        self._in_two(tip, goal, part, (first, second), follow=True)

    def _in_two(
        self, tip: Pose, goal: Pose, part: float, pace: tuple[float, float], *, follow: bool
    ) -> None:
        """Plan a straight way with one speed before ``part`` of it, 0 to 1, and one after.

        The tip passes from one to the other at the lower of the two speeds, without stopping.
        """
        way = goal.translation - tip.translation
        middle = tip.translation + part * way
        start = self._start_of(tip, follow=follow)
        angle = self._begin(tip, goal, follow=follow)
        turned = angle if follow else angle * part  # inside the mouth the shaft straightens first
        crossing = min(pace) * 0.98
        v = [*(crossing * way / float(np.linalg.norm(way))), 0.0]
        here, there = record(TIP_PROFILE), record(TIP_PROFILE)
        limits = self._tip_limits(way, pace[0], start[1])
        plan(here, _brakeable(start, limits), [*middle, turned], limits, target_velocity=v)
        limits = self._tip_limits(way, pace[1], start[1])
        plan(there, ([*middle, turned], v, [0.0] * 4), [*goal.translation, angle], limits)
        self._s["tip_profile"] = join(here, there)[0]

    def _aim(self, direction: tuple[float, float, float] | Vector) -> Pose:
        """Return the orientation in m, the shaft along ``direction`` and the camera on top."""
        flat = Pose.from_axes(direction, (0.0, 0.0, 1.0))  # x up
        up = np.arctan2(self._tip_up[1], self._tip_up[0])
        return flat @ Pose.from_rotation_vector((0.0, 0.0, -up))

    def use_tip_up(self, tip_up: Vector) -> None:
        """Say which direction of the tip frame is to point up (z of the mouth)."""
        self._tip_up = tip_up

    def _enter(self, goal: Enter) -> None:
        tip = self._tip_in(follow=True)
        corridor = goal.corridor
        offset = tip.translation - corridor.entry
        depth = float(offset @ corridor.axis)
        aside = float(np.linalg.norm(offset - depth * corridor.axis))
        if depth < 0.0 and aside > max(corridor.radius, 0.02):
            raise GoalError(
                f"the tip is {aside * 1e3:.0f} mm beside the corridor, bound "
                f"{max(corridor.radius, 0.02) * 1e3:.0f} mm; move before the mouth first"
            )
        outside = tip.translation[0] > self._limits.speed.mouth_margin
        if outside:
            self.tare()
        self._entry = corridor.entry
        end = Pose(self._aim(corridor.axis).rotation, corridor.entry + goal.depth * corridor.axis)
        speeds = self._limits.speed
        crosses = tip.translation[0] > speeds.mouth_margin > end.translation[0]
        slow = min(goal.speed, speeds.mouth)
        if crosses and not self._moving_relative():
            self._through(tip, end, speeds.mouth_margin, min(0.08, speeds.face), slow)
        else:
            self._move_tip(end, follow=True, speed=slow)
        self._set(TIP, Phase.ENTERING)
        self._s["free_s"] = FREE_S if outside else 0.0

    def _moving_relative(self) -> bool:
        start = self._start_of(self._tip_in(follow=True), follow=True)
        return float(np.linalg.norm(start[1])) > 0.02

    def tare(self) -> None:
        """Take the sensor's free-air mean as its bias."""
        orders.tare(self._state)

    def _wipe(self, goal: Wipe) -> None:
        s, c = self._s, self._c
        if not s["tared"]:
            raise GoalError("the wrist sensor has no bias taken; Enter takes it in free air")
        target = goal.target
        path = np.array(target.path)
        if len(path) > MAX_PATH:
            raise GoalError(f"wiping path has {len(path)} points, at most {MAX_PATH}; thin it out")
        tip = self._tip_in(follow=True)
        if float(np.linalg.norm(path[-1] - tip.translation)) < float(
            np.linalg.norm(path[0] - tip.translation)
        ):
            path = path[::-1]
        lengths = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(path, axis=0), axis=1))])
        aim = self._aim(target.point - self._entry)
        stand = Pose(aim.rotation, path[0] + target.normal * float(c["standoff"]))
        self._move_tip(stand, follow=True, speed=float(c["speed"][2]))
        profile = record(STROKE_PROFILE)
        length = float(lengths[-1])
        tip_limits = self._limits.tip
        limits = [
            [goal.speed / length],
            [0.5 * tip_limits.acceleration / length],
            [tip_limits.jerk / length],
        ]
        plan(profile, ([0.0], [0.0], [0.0]), [1.0], limits)
        s["stroke_profile"] = profile[0]
        s["normal"] = target.normal
        s["surface"] = target.normal
        s["path"][: len(path)] = path
        s["path_length"][: len(path)] = lengths
        s["path_points"] = len(path)
        s["force_goal"] = goal.force
        s["force_wish"] = 0.0
        s["integral"] = 0.0
        s["strokes"] = 0
        s["strokes_wanted"] = goal.strokes
        s["dwell"] = goal.dwell
        s["dwell_s"] = 0.0
        s["lost_s"] = 0.0
        s["contact_s"] = 0.0
        s["travel"] = min(0.014 + 3.0 * target.normal_sigma, 0.025)
        axis = np.array(aim.rotation[:, 2])
        sine2 = 1.0 - float(axis @ target.normal) ** 2
        aside = np.hypot(target.normal[1], target.normal[2])
        s["slanted"] = int(min(sine2, aside**2) > _SLANTED**2)
        s["across"] = (0.0, *(target.normal[1:] / aside)) if s["slanted"] else 0.0
        s["near"] = s["travel"]
        if s["slanted"]:
            s["near"] = min(_NEAR + target.normal_sigma, float(s["travel"]))
        s["aside"] = s["aside_v"] = s["met"] = 0.0
        s["stiffness"] = 1.0 / (sine2 / float(c["shaft_stiffness"]) + 1.0 / _FIRST_GUESS)
        for name in ("stiffness_num", "stiffness_den", "smooth_force"):
            s[name] = 0.0
        s["late_press"] = s["smooth_press"] = -float(c["standoff"])
        self._set(WIPE, Phase.REACHING)


def _brakeable(
    start: tuple[Row, Row, Row],
    limits: Sequence[Row],
) -> tuple[Row, Row, Row]:
    """Return ``start`` with its acceleration cut to the limits.

    A tip that has just let go of tissue, or an arm in the middle of a stop, may still be braked by
    several times the acceleration a calm way allows; led on from there at a calm jerk, it would run
    on for centimetres. The joints' own limits make of the step what the arm can do.
    """
    position, velocity, acceleration = start
    most = limits[1]
    cut = [max(min(a, high), -high) for a, high in zip(acceleration, most, strict=True)]
    return position, velocity, cut
