"""The loop's process: it owns the arm and its time; the graph may stall, it does not.

Goals, stops and what the arm says pass here, once a period. A simulated arm, and one behind ROS 2
topics, is driven from here; another maker's is steered from here, by the real-time loop beside it
(`arm_control.crew`), which moves it in its own time. The node sends goals and a permit; without a
fresh permit the loop trips the safety monitor, which stops and withdraws, and latches. When the
node dies the loop brings the arm to rest, then ends.
"""

import pickle
import signal
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from multiprocessing.connection import Connection
from typing import Any

from booth_common.shared import Block, picture_bytes, picture_size

from arm_control.errors import ArmControlError
from arm_control.limits import Zone
from arm_control.report import CycleReport, Fault, FaultKind
from booth_arm.bench import Bench, BenchSettings, open_bench
from booth_arm.link import PERMIT_AGE_S, STATE_BYTES, Answer, LoopNames, LoopState, Order, Permit
from booth_arm.tether import Tether
from sim.errors import SimError
from spatial import NANOSECONDS_PER_SECOND, SpatialError, age_s
from station.errors import StationError
from vision.errors import VisionError
from vision.frame import Frame

_SHOW_S = 0.01  # between two states shown, on the loop's clock
_ORPHAN_S = 12.0  # a loop without its node ends after this long, at rest or not
_HOLD_S = 0.001  # between two looks whether simulated time may go on
_CANNOT_OPEN = (
    ArmControlError,
    SimError,
    SpatialError,
    StationError,
    VisionError,
    OSError,
    ImportError,
)


@dataclass(frozen=True, slots=True)
class LoopSettings:
    """What the loop's process is started with."""

    booth: str
    bench: BenchSettings
    pace: float


def main(
    pipe: Connection,
    settings: LoopSettings,
    open_: Callable[[BenchSettings], Bench] = open_bench,
    make: "Callable[..., Loop] | None" = None,
) -> None:
    """Run the loop until it is told to close, or its node has died and the arm is at rest."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal's Ctrl-C reaches the node, not us
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # the arm comes to rest first, on `CLOSE`
    try:
        bench = open_(settings.bench)
    except _CANNOT_OPEN as error:
        pipe.send(str(error))
        return
    try:
        (make or Loop)(pipe, bench, settings).run()
    finally:
        bench.close()


class Loop:
    """One arm's loop, between its controller and its node."""

    def __init__(self, pipe: Connection, bench: Bench, settings: LoopSettings) -> None:
        self._pipe = pipe
        self._bench = bench
        self._settings = settings
        names = LoopNames(settings.booth)
        self._shown = Block.create(names.state, STATE_BYTES)
        self._permit_block = Block.attach(names.permit)
        self._pictures: Block | None = None
        if bench.camera is not None:
            size = picture_size(bench.camera.intrinsics.width, bench.camera.intrinsics.height)
            self._pictures = Block.create(names.camera, size)
        self._goal_id = 0
        self._rests = True  # the goal, or the way out after a fault, is done
        self._cycles = 0
        self._late = 0
        self._latched = ""
        self._had_permit = False
        self._permit_stamp_s = 0.0
        self._permit_ns = 0
        self._tether = Tether()
        self._next_show = 0
        self._said: tuple[int, bool, bool] | None = None
        self._closing_since: float | None = None
        self._orphaned = False

        controller, gripper, person = bench.controller, bench.gripper, bench.person
        self._orders: Mapping[Order, Callable[..., str | None]] = {
            Order.START: self._start,
            Order.FOLLOW: controller.follow,
            Order.FORGET: controller.forget,
            Order.STOP: self._trip,
            Order.PAUSE: controller.pause,
            Order.RESUME: controller.resume,
            Order.RESET: self._reset,
            Order.GRASP: gripper.grasp,
            Order.RELEASE: gripper.release,
            Order.SEAT: partial(person, "seat"),
            Order.CUE: partial(person, "cue"),
            Order.DISMISS: partial(person, "dismiss"),
            Order.UNDERSTOOD: self._tether.understood,
            Order.WORKED: self._tether.worked,
            Order.ENDED: self._tether.ended,
            Order.CLOSE: partial(self._begin_closing, "arm: its node is closing"),
        }

    def run(self) -> None:
        """Cycle until closed."""
        bench = self._bench
        rate_hz = bench.rate_hz or bench.driver.info.rate_hz
        period_ns = round(NANOSECONDS_PER_SECOND / rate_hz)
        deadline = bench.clock.now_ns() + period_ns
        self._pipe.send(bench.driver.info)
        pace = _Pace(self._settings.pace, bench.clock.now_ns()) if bench.simulated else None
        report = bench.controller.cycle()
        try:
            while True:
                bench.clock.sleep_until(deadline)
                self._check_permit(report)
                self._take_orders()  # before the cycle: its report is the new goal's, not the old's
                report = bench.controller.cycle()
                self._rests = bool(report.done)
                self._cycles += 1
                self._late += bench.clock.now_ns() > deadline + period_ns
                deadline = max(deadline + period_ns, bench.clock.now_ns())
                if report.fault is not None and report.fault.latched:
                    self._latched = report.fault.detail
                shown = self._show(report)
                if pace is not None and shown:
                    pace.wait(bench.clock.now_ns(), self._pipe)
                    self._wait_for_nodes(report)
                self._pass_picture_on()
                if self._may_end(report):
                    return
        finally:
            bench.controller.stop()
            self._shown.close()
            self._permit_block.close()
            if self._pictures is not None:
                self._pictures.close()

    def _check_permit(self, report: CycleReport) -> None:
        value = self._permit_block.read()
        if value is None:
            return
        permit: Permit = pickle.loads(value)  # noqa: S301 - written by our own parent process
        now_ns = self._bench.clock.now_ns()
        if permit.stamp_s != self._permit_stamp_s:
            self._permit_stamp_s, self._permit_ns = permit.stamp_s, now_ns
            self._tether.permitted(now_ns)
        age = age_s(self._permit_ns, now_ns)  # on the arm's own time, simulated or the wall's
        fresh = age <= PERMIT_AGE_S
        if fresh and permit.granted:
            self._had_permit = True
            return
        if not self._had_permit:
            return  # nothing moves before the first permit: orders are refused
        self._had_permit = False
        if report.done and report.zone is Zone.FREE:
            return  # it stands still, away from the face: without a permit it just stays there
        why = permit.reason if fresh else f"arm: no permit for {age:.2f} s, bound {PERMIT_AGE_S} s"
        self._trip(why)

    def _trip(self, why: str) -> None:
        self._latched = why
        self._bench.safety.trip(Fault(FaultKind.HEARTBEAT, why, latched=True))

    def _take_orders(self) -> None:
        try:
            while self._pipe.poll():
                number, order, values = self._pipe.recv()
                message = self._obey(order, values)
                if message and not number:
                    print(f"{order}: {message}", file=sys.stderr, flush=True)
                if number:
                    self._pipe.send(Answer(number, not message, message))
        except (EOFError, OSError):
            if not self._orphaned:
                self._orphaned = True
                self._begin_closing("arm: its node has died")

    def _obey(self, order: Order, values: tuple[Any, ...]) -> str:
        """Carry out one order; return why not, or an empty text."""
        try:
            return self._orders[order](*values) or ""
        except (ArmControlError, SimError, SpatialError, ValueError) as error:
            return str(error)

    def _reset(self, by: str) -> str:
        if self._latched and not self._rests:
            return "the arm still moves; look at the booth when it has come to rest"
        self._bench.controller.reset(by)
        self._latched = ""
        self._had_permit = False
        return ""

    def _start(self, goal_id: int, goal: Any) -> str:
        if self._latched:
            return f"a fault is latched ({self._latched}); look at the booth, then reset"
        if not self._had_permit:
            return "the arm has no permit to move; bring up the safety node"
        self._bench.controller.start(goal)
        self._goal_id = goal_id
        self._tether.worked(self._bench.clock.now_ns())  # who starts a goal is not behind
        return ""

    def _wait_for_nodes(self, report: CycleReport) -> None:
        """Let simulated time stand while a node that lives by it is behind."""
        while (self._had_permit and not self._orphaned) and self._tether.holds(
            self._bench.clock.now_ns()
        ):
            time.sleep(_HOLD_S)
            self._check_permit(report)
            self._take_orders()

    def _show(self, report: CycleReport) -> bool:
        """Show the state where it is due or has news; says whether it did."""
        says = (self._goal_id, report.done, report.fault is not None or bool(self._latched))
        if report.stamp_ns < self._next_show and says == self._said:
            return False
        self._next_show = report.stamp_ns + round(_SHOW_S * NANOSECONDS_PER_SECOND)
        self._said = says
        bench = self._bench
        joints = bench.driver.read()
        state = LoopState(
            report,
            joints,
            bench.controller.model.base_camera(joints.position),
            bench.gripper.holding,
            self._goal_id,
            self._cycles,
            self._late,
            self._latched,
        )
        self._shown.write(pickle.dumps(state))
        return True

    def _pass_picture_on(self) -> None:
        """Hand over the camera's picture in the cycle in which it arrives."""
        if self._bench.camera is None or self._pictures is None:
            return
        frame = self._bench.camera.next_frame(0.0)
        if isinstance(frame, Frame):
            self.show_picture(frame)

    def show_picture(self, frame: Frame) -> None:
        """Hand a simulated picture to the vision node."""
        if self._pictures is not None:
            self._pictures.write(picture_bytes(frame))
            self._tether.exposed(frame.stamp_ns)

    def _begin_closing(self, why: str) -> None:
        if self._closing_since is None:
            self._closing_since = time.monotonic()
            if self._goal_id:
                self._trip(why)

    def _may_end(self, report: CycleReport) -> bool:
        if self._closing_since is None:
            return False
        waited = time.monotonic() - self._closing_since
        return waited > _ORPHAN_S or (waited > 0.2 and bool(report.done))


class _Pace:
    """Keeps simulated time from running ahead of ``pace`` times the wall's."""

    def __init__(self, pace: float, now_ns: int) -> None:
        self._pace = pace
        self._began_s = time.monotonic()
        self._began_ns = now_ns

    def wait(self, now_ns: int, pipe: Connection) -> None:
        """Wait until simulated time ``now_ns`` [ns] is due, but let no order in ``pipe`` wait."""
        due = self._began_s + (now_ns - self._began_ns) / NANOSECONDS_PER_SECOND / self._pace
        ahead = due - time.monotonic()
        if ahead > 0.0:
            pipe.poll(ahead)
        elif ahead < -0.5:  # too slow for the pace: do not race to catch up
            self._began_s = time.monotonic()
            self._began_ns = now_ns
