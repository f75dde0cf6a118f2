"""A session's end of the real-time loop: the same goals and reports as `ArmController`'s.

Goals are planned here, in the session's process, on a copy of the loop's state, and handed over as
orders (`arm_control.inbox`). The loop moves the arm; whatever becomes of this process, it keeps the
limits, brakes when the pulse stays away, and tells whoever asks.
"""

import time
from collections.abc import Callable
from typing import Protocol

import numpy as np

from arm_control.clearance import Outlook, take
from arm_control.configuration import configure
from arm_control.errors import ArmControlError, GoalError
from arm_control.exchange import MEASUREMENT, MOUTH, ORDER, PULSE, SHOWN_WORDS, VIEW, Exchange
from arm_control.history import PoseHistory
from arm_control.law import BRAKE
from arm_control.limits import Limits, Zone
from arm_control.memory import INPUT, STATE, record
from arm_control.model import ArmModel
from arm_control.motion import Corridor, Goal, Hold, Withdraw
from arm_control.orders import WORDS, Answer, OrderKind
from arm_control.planning import Planner
from arm_control.ports import ArmInfo, ArmState, ArmStatus
from arm_control.report import CycleReport, Fault, FaultKind
from arm_control.reporting import report_of
from arm_control.safety import KINDS, corridor_of
from arm_control.surroundings import Surroundings
from arm_control.target import MouthMotion
from spatial import Pose, Vector, Wrench, age_s

SILENT_S = 0.25
"""A loop whose view has not changed for so long is lost; it shows one every 4 ms."""

_ANSWER_S = 0.25
_FIRST_S = 5.0
_TRIES = 3  # plans of one goal, where the state had moved on before the loop read the order
_NAP_S = 2e-4


def _nap() -> None:
    time.sleep(_NAP_S)


_IN_WORDS = {
    FaultKind.HEARTBEAT: "the session was silent for more than 0.2 s while the arm moved; look at "
    "the load of the machine, then reset",
    FaultKind.MONITOR: "the safety monitor is silent; look at the machine, then reset",
    FaultKind.ARM: "the arm is not ready, or has stopped by its own means; look at it, then reset",
}


class ArmKeeper(Protocol):
    """Whoever keeps the loop's processes, as a session needs them (`arm_control.crew.ArmCrew`)."""

    @property
    def missing(self) -> tuple[str, ...]:
        """The names of the processes that have ended though nobody asked them to."""
        ...

    @property
    def fault(self) -> Fault | None:
        """What the safety monitor has latched, in words."""
        ...

    def recover(self) -> None:
        """Have the arm take set-points again after its own stop, on a person's word.

        Raises ArmControlError where it refuses.
        """
        ...

    def reset(self, by: str) -> None:
        """Clear the monitor's latch; raises ArmControlError where there is no monitor any more."""
        ...


class LoopController:
    """Steers one arm's loop. All methods are for one thread; it calls ``cycle`` at 20 Hz or more.

    ``exchange`` is the loop's, ``info`` the driver's, ``posture`` (n,) [rad] what the loop draws
    the null space to. ``now_ns`` is the clock of the loop's stamps; ``nap`` lets some time pass.
    See `ArmController` for ``surroundings`` and for what the methods promise.
    """

    def __init__(
        self,
        exchange: Exchange,
        keeper: ArmKeeper,
        model: ArmModel,
        limits: Limits,
        info: ArmInfo,
        surroundings: Surroundings | None = None,
        posture: Vector | None = None,
        *,
        now_ns: Callable[[], int] = time.monotonic_ns,
        nap: Callable[[], None] = _nap,
    ) -> None:
        self.model = model
        self.limits = limits
        self.info = info
        self._exchange = exchange
        self._keeper = keeper
        self._now_ns = now_ns
        self._nap = nap
        config = configure(model, limits, info)
        self._input = record(INPUT)
        self._state = record(STATE)
        self._planner = Planner(limits, config, self._state)
        self._planner.use_tip_up(model.tool.tip_up)
        self._outlook: Outlook | None = None
        if surroundings is not None:
            self._outlook = Outlook(config, model.tool.flange_jaws, surroundings)
            self._outlook.look(record(INPUT), record(STATE))  # compiles
        self._posture = posture
        self._history = PoseHistory(info.rate_hz, model.joints)
        self._measurement, self._mouth = record(MEASUREMENT), record(MOUTH)
        self._pulse, self._order, self._view = record(PULSE), record(ORDER), record(VIEW)
        self._shown = self._view.view(np.uint64)[-SHOWN_WORDS.size :]
        # a loop steered before goes on counting
        exchange.pulse.read(self._pulse)
        exchange.order.read(self._order)
        exchange.mouth.read(self._mouth)
        self._heard_ns = now_ns()
        self._lost: Fault | None = None
        self._own: Fault | None = None
        self._escape = 0  # number of the order that leads out after a trip
        self._paused = False
        self._goal: Goal = Hold()
        self._await_loop()

    def follow(self, motion: MouthMotion) -> None:
        """Take the newest estimate of the mouth's motion; older ones than the last are ignored."""
        if motion.stamp_ns <= int(self._mouth["stamp"][0]):
            return
        m, i = self._mouth[0], self._input[0]
        m["stamp"] = i["mouth_stamp"] = motion.stamp_ns
        m["known"] = i["mouth_known"] = 1
        m["R"] = i["mouth_R"] = motion.base_mouth.rotation
        m["t"] = i["mouth_t"] = motion.base_mouth.translation
        m["v"] = i["mouth_v"] = motion.twist.linear
        m["w"] = i["mouth_w"] = motion.twist.angular
        self._exchange.mouth.write(self._mouth)

    def forget(self) -> None:
        """Forget the mouth: the person has left. The next estimate starts afresh."""
        self._mouth["known"] = self._input["mouth_known"] = 0
        self._mouth["stamp"] += 1
        self._exchange.mouth.write(self._mouth)

    def start(self, goal: Goal) -> None:
        """Take up ``goal`` from the state of now. Raises GoalError where it cannot be taken."""
        self._look()
        if self.latched:
            raise GoalError(WORDS[Answer.LATCHED])
        holds = isinstance(goal, Hold)
        answer = self._tell(OrderKind.HOLD) if holds else self._hand_over(goal)
        if answer is not Answer.DONE:
            raise GoalError(WORDS[answer])
        self._goal = goal
        self._paused = False

    def cycle(self) -> CycleReport:
        """Let the loop know that somebody is there, and report its newest cycle."""
        self._look()
        fault = self._fault()
        if fault is not None and fault is not self._lost:
            self._escape_from(fault)
        v = self._view[0]
        position = np.array(v["q"][: self.model.joints])
        return report_of(
            self._planner, self._state, int(v["stamp"]), position, fault, paused=self._paused
        )

    def read(self) -> ArmState:
        """Return the newest measurement that the arm's driver has passed on."""
        self._exchange.measurement.read(self._measurement)
        m, n = self._measurement[0], self.model.joints
        return ArmState(
            int(m["stamp"]),
            m["q"][:n],
            m["v"][:n],
            np.zeros(n),
            Wrench(m["wrench"][:3], m["wrench"][3:]),
            ArmStatus.READY if m["arm_ok"] else ArmStatus.STOPPED,
        )

    def stop(self) -> None:
        """Brake to rest as fast as the joints' limits allow; from any state. Ends the goal.

        A loop that does not hear it is lost, which the next cycle reports.
        """
        self._goal = Hold()
        self._paused = False
        self._send(OrderKind.STOP)
        self._heed()

    def pause(self) -> None:
        """Come smoothly to rest, keeping the goal. In contact, let go of the tissue first."""
        self._require(OrderKind.PAUSE)
        self._paused = True

    def resume(self, by: str) -> None:
        """Take the paused goal up again, from rest; ``by`` names the member of staff."""
        if not by.strip():
            raise GoalError("resuming needs the name of the member of staff who answers for it")
        if not self._paused:
            raise GoalError("nothing is paused; start a goal instead")
        self._require(OrderKind.RESUME)
        self._paused = False

    def trip(self, fault: Fault) -> None:
        """Latch ``fault`` on the session's own word; the arm brakes, and leaves a mouth."""
        self._own = self._own or fault
        self._send(OrderKind.TRIP, code=KINDS.index(fault.kind))
        self._heed()

    def reset(self, by: str) -> None:
        """Clear a trip after a person, named in ``by``, has looked; the arm then holds.

        Raises ArmControlError where loop, monitor or arm are not fit to go on.
        """
        if not by.strip():
            raise ArmControlError("a reset needs the name of the person who answers for it")
        self._await_loop()
        if self._view["stopped"][0]:
            self._keeper.recover()
            self._await_loop(ready=True)  # or the monitor would trip on the arm as it was
        self._keeper.reset(by)
        self._require(OrderKind.RESET)
        self._lost = self._own = None
        self._escape = 0
        self._paused = False
        self._goal = Hold()

    def base_camera_at(self, stamp_ns: int) -> Pose:
        """Return the camera's optical frame in the base as it was at ``stamp_ns``.

        Raises ArmControlError where the stamp lies outside the last two seconds.
        """
        return self.model.base_camera(self._history.at(stamp_ns))

    @property
    def posture(self) -> Vector:
        """The arm's own posture (n,) [rad], which `MoveJoints` reaches from wherever the arm is."""
        if self._posture is not None:
            return self._posture
        return np.array(self._state["rest"][0, : self.model.joints])

    @property
    def latched(self) -> bool:
        """Whether something has tripped and nobody has reset it."""
        return self._lost is not None or int(self._view["tripped"][0]) >= 0

    @property
    def goal(self) -> Goal:
        """The goal at hand."""
        return self._goal

    def _look(self) -> None:
        """Give a sign of life, and take in the newest view."""
        self._pulse["number"] += 1
        self._exchange.pulse.write(self._pulse)
        before = int(self._view["now"][0])
        read = self._exchange.view.read(self._view)
        v, now = self._view[0], self._now_ns()
        if read and int(v["now"]) != before:
            self._heard_ns = now
            self._state.view(np.uint64)[SHOWN_WORDS] = self._shown
            self._history.add(int(v["stamp"]), v["q"][: self.model.joints])
        elif self._lost is None and age_s(self._heard_ns, now) > SILENT_S:
            gone = ", ".join(self._keeper.missing)
            why = f"its {gone} ended by itself" if gone else f"silent for more than {SILENT_S} s"
            self._lost = Fault(
                FaultKind.HEARTBEAT,
                f"the arm's real-time loop is lost: {why}; look at the arm, then start its "
                "processes again, or reset if they run",
                latched=True,
            )

    def _await_loop(self, *, ready: bool = False) -> None:
        """Look until the loop shows a new view, and where ``ready``, an arm that takes set-points.

        Raises ArmControlError where it does not.
        """
        before = int(self._view["now"][0])
        deadline = self._now_ns() + round(_FIRST_S * 1e9)
        v = self._view[0]
        while int(v["now"]) == before or not v["state"]["cycles"] or (ready and v["stopped"] > 1):
            if self._now_ns() > deadline:
                raise ArmControlError(
                    f"the arm is not ready {_FIRST_S:.0f} s after its reset; look at its controller"
                    if int(v["now"]) != before
                    else f"the arm's real-time loop shows nothing for {_FIRST_S:.0f} s; start its "
                    "processes again"
                )
            self._nap()
            self._look()

    def _hand_over(self, goal: Goal) -> Answer:
        """Plan ``goal`` on the state of now and give it to the loop; again if that had moved on."""
        answer = Answer.STALE
        for _ in range(_TRIES):
            self._look()
            self._input["now"] = self._view["now"]
            take(goal, self._planner, self._outlook, self._input, self._state)
            answer = self._tell(OrderKind.GOAL, plan=self._state, goal=goal)
            if answer not in (Answer.STALE, Answer.ELSEWHERE):
                break
        return answer

    def _escape_from(self, fault: Fault) -> None:
        """After a trip in or before a mouth, lead the arm out of it, once."""
        v, s = self._view[0], self._state[0]
        near = s["M_known"] and Zone(int(s["zone"])) is not Zone.FREE
        fit = not v["stopped"] and fault.kind not in (FaultKind.ARM, FaultKind.TRACKING)
        asked = self._escape and (v["order"] < self._escape or v["answer"] == Answer.DONE)
        if not (near and fit) or asked or s["mode"] != BRAKE:
            return
        try:
            self._planner.retreat(Withdraw())
        except GoalError:
            return  # no way out can be planned: rest is the safe state left
        self._send(OrderKind.WAY_OUT, plan=self._state)
        self._escape = int(self._order["number"][0])

    def _require(self, kind: OrderKind) -> None:
        answer = self._tell(kind)
        if answer is not Answer.DONE:
            raise GoalError(WORDS[answer])

    def _tell(
        self, kind: OrderKind, *, plan: np.ndarray | None = None, goal: Goal | None = None
    ) -> Answer:
        """Give an order and return the loop's answer. Raises ArmControlError where none comes."""
        self._send(kind, plan=plan, goal=goal)
        answer = self._heed()
        if answer is None:
            raise ArmControlError(
                f"the arm's real-time loop did not answer within {_ANSWER_S} s; look at it"
            )
        return answer

    def _send(
        self,
        kind: OrderKind,
        *,
        code: int = 0,
        plan: np.ndarray | None = None,
        goal: Goal | None = None,
    ) -> None:
        o = self._order[0]
        o["number"] += 1
        o["kind"], o["code"] = kind, code
        o["corridor_radius"] = 0.0
        if plan is not None:
            o["cycle"] = plan["cycles"][0]
            o["state"] = plan[0]
        corridor = getattr(goal, "corridor", None)
        if isinstance(corridor, Corridor):
            for name, value in corridor_of(corridor).items():
                o[name] = value
        self._exchange.order.write(self._order)

    def _heed(self) -> Answer | None:
        """Wait for the answer to the order sent last; None where none comes."""
        deadline = self._now_ns() + round(_ANSWER_S * 1e9)
        while self._view["order"][0] != self._order["number"][0]:
            if self._now_ns() > deadline:
                return None
            self._nap()
            self._look()
        return Answer(int(self._view["answer"][0]))

    def _fault(self) -> Fault | None:
        """Return what is latched, in words."""
        code = int(self._view["tripped"][0])
        if self._lost is not None or code < 0:
            return self._lost
        kind = KINDS[code]
        for known in (self._own, self._keeper.fault):
            if known is not None and known.kind is kind:
                return known
        return Fault(kind, _IN_WORDS.get(kind, f"{kind.value}; look, then reset"), latched=True)
