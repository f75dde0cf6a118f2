"""The arm node: hands goals to the control loop's process and shows what it reports."""

from dataclasses import dataclass
from itertools import count
from typing import Any

from booth_common import topics
from booth_common.heartbeat import HeartbeatWatch
from booth_common.node import BoothNode, run
from booth_common.parameters import number, text
from booth_common.pulse import Pulse
from booth_common.verdict import Verdict

from arm_control.errors import ArmControlError
from booth_arm import convert, loop
from booth_arm.bench import BenchSettings
from booth_arm.display import Display
from booth_arm.link import LoopLink, LoopNames, Order
from booth_arm.simulated_person import SimulatedPerson
from spatial import SpatialError

PERMIT_PERIOD_S = 0.05


@dataclass(frozen=True, slots=True)
class Settings:
    """The arm node's parameters."""

    driver: str = text("sim", "which arm is driven", ("sim", "ur", "franka", "xarm", "trajectory"))
    address: str = text("", "the real arm's address; unused with simulator and trajectory driver")
    rate_hz: float = number(125.0, 30.0, 1_000.0, "set-points a second, of a real arm [Hz]")
    calibration: str = text(
        "", "the booth's file of `booth calibrate`, which says where camera and swab really are on "
        "a real arm; unused with the simulator",
    )  # fmt: skip
    arm: str = text("kuka_iiwa", "the arm's description in the catalogue")
    seed: int = number(7, 0, 2_000_000_000, "seed of the simulated booth and its people")
    population: str = text("adult", "whom the simulator seats", ("adult", "child", "elderly"))
    pace: float = number(1.0, 0.1, 20.0, "simulated seconds per second, at most")
    picture_rate_hz: float = number(10.0, 1.0, 30.0, "simulated pictures per second [Hz]")
    state_rate_hz: float = number(50.0, 10.0, 200.0, "how often the state is published [Hz]")


class ArmNode(BoothNode[Settings]):
    """Grants the loop its permit while the safety node says all is well, and silence is a no."""

    loop_main = staticmethod(loop.main)

    def __init__(self) -> None:
        super().__init__("arm", Settings)
        self._display: Display | None = None
        self._link: LoopLink | None = None
        self._permits: Any = None
        self._goal_ids = count(1)
        self._verdict = Verdict(Pulse(patient=self.stamps.simulated))
        self._watch = HeartbeatWatch(self, ("safety",), lambda _, why: self._verdict.lose(why))
        self._person: SimulatedPerson | None = None
        self._session = ""
        self.listen(topics.SAFETY, self._on_safety)
        self.listen(topics.MOUTH_MOTION, self._on_motion)
        self.listen(topics.SESSION, self._on_session)
        self.listen(topics.SIGHTING, self._on_sighting)
        self.serve_later(topics.START_MOTION, self._on_start)
        self.serve_later(topics.STOP, self._on_stop)
        self.serve_later(topics.PAUSE, self._on_pause)
        self.serve_later(topics.GRIPPER, self._on_gripper)
        self.serve_later(topics.RESET_LOOP, self._on_reset)

    def acquire(self) -> None:
        """Start the loop's process."""
        s = self.settings
        bench = BenchSettings(
            s.driver,
            s.address,
            s.arm,
            s.seed,
            s.picture_rate_hz,
            s.rate_hz,
            self.get_namespace(),
            s.calibration,
        )
        settings = loop.LoopSettings(self.booth, bench, s.pace)
        # a simulated loop stands still while it draws its first picture, or compiles a kernel
        answer_s = 60.0 if s.driver == "sim" else 1.0
        self._link = LoopLink(self.loop_main, settings, LoopNames(self.booth), answer_s=answer_s)
        if s.driver == "sim":
            self._person = SimulatedPerson(self._link, s.seed, s.population)
        self._display = Display(self, self._link, s.arm, s.state_rate_hz)
        self._permits = self.create_timer(
            PERMIT_PERIOD_S, self._renew_permit, clock=self.steady_clock
        )

    def release(self) -> None:
        """Let the loop bring the arm to rest, and end it."""
        if self._permits is not None:
            self.destroy_timer(self._permits)
        if self._display is not None:
            self._display.close()
        if self._link is not None:
            self._link.close()
        self._link = self._person = self._display = self._permits = None

    def condition(self) -> tuple[str, dict[str, str]]:
        """Return the loop's latched fault, or its absence."""
        last = self._display.last if self._display is not None else None
        if self._link is None or last is None:
            return "", {}
        values = {
            "cycles": str(last.cycles),
            "late_cycles": str(last.late_cycles),
            "loop_pid": str(self._link.pid),
        }
        problem = last.latched if self._link.alive else "the control loop has ended"
        return problem, values

    def _renew_permit(self) -> None:
        if self._link is None:
            return
        if not self._link.alive:
            raise ArmControlError("the control loop has ended, and so does its node; see the log")
        objection = self._verdict.objection
        self._link.permit(granted=self.active and not objection, reason=objection)

    # Callbacks

    def _on_safety(self, message: Any) -> None:
        self._verdict.hear(convert.objection_from_message(message))

    def _on_motion(self, message: Any) -> None:
        if self._link is None or not self.active:
            return
        try:
            motion = convert.motion_from_message(
                message, self.stamps.stamp_ns(message.header.stamp)
            )
        except SpatialError as error:
            self.report_fault("mouth_motion", str(error))
            return
        self._link.tell(Order.FOLLOW, motion)

    def _on_session(self, message: Any) -> None:
        if self._link is not None and message.session_id != self._session:
            self._session = message.session_id
            self._link.tell(Order.FORGET)  # another person, another mouth
        if self._person is not None:
            stamp = self.stamps.stamp_ns(message.header.stamp)
            self._person.session(message.session_id, message.state, message.instruction, stamp)

    def _on_sighting(self, message: Any) -> None:
        if self._link is not None and self._person is not None:
            self._link.tell(Order.UNDERSTOOD, self.stamps.stamp_ns(message.header.stamp))

    def _on_start(self, request: Any, response: Any) -> Any:
        try:
            goal = convert.goal_from_message(request.goal)
        except (ArmControlError, SpatialError, ValueError) as error:
            response.accepted, response.message = False, str(error)
            return response
        goal_id = next(self._goal_ids)
        response.accepted, response.message = self._ask(Order.START, goal_id, goal)
        response.goal_id = goal_id
        return response

    def _on_stop(self, _request: Any, response: Any) -> Any:
        response.success, response.message = self._ask(Order.STOP, "arm/stop was called")
        return response

    def _on_pause(self, request: Any, response: Any) -> Any:
        order = (Order.PAUSE,) if request.data else (Order.RESUME, "arm/pause")
        response.success, response.message = self._ask(*order)
        return response

    def _on_gripper(self, request: Any, response: Any) -> Any:
        order = Order.GRASP if request.data else Order.RELEASE
        response.success, response.message = self._ask(order)
        return response

    def _on_reset(self, request: Any, response: Any) -> Any:
        if not request.person.strip():
            response.accepted, response.message = False, "a reset needs the name of a person"
            return response
        response.accepted, response.message = self._ask(Order.RESET, request.person)
        return response

    def _ask(self, order: Order, *values: Any) -> tuple[bool, str]:
        if self._link is None or not self.active:
            return False, "the arm node is not active; bring the booth up"
        answer = self._link.ask(order, *values)
        return answer.accepted, answer.message


def main() -> None:
    """Run the arm node."""
    run(ArmNode)


if __name__ == "__main__":
    main()
