"""The arm's controller: takes goals and the mouth's motion, makes one command a cycle."""

from arm_control import law
from arm_control.clearance import Outlook, take
from arm_control.configuration import configure
from arm_control.errors import ArmControlError, GoalError
from arm_control.history import PoseHistory
from arm_control.limits import Limits, Zone
from arm_control.memory import INPUT, STATE, record
from arm_control.model import ArmModel
from arm_control.motion import Corridor, Goal, Hold, Withdraw
from arm_control.orders import WORDS, Answer
from arm_control.planning import Planner
from arm_control.ports import ArmDriver, ArmState, ArmStatus, Clock, JointCommand, Safety
from arm_control.report import CycleReport, Fault, FaultKind, Phase
from arm_control.reporting import report_of
from arm_control.safety import KINDS, SAMPLE, corridor_of, fill_sample
from arm_control.surroundings import Surroundings
from arm_control.target import MouthMotion
from spatial import Pose, SpatialError, Vector, vector

PHASES = tuple(Phase)
_STOPPING = PHASES.index(Phase.STOPPING)
_STOPPED = PHASES.index(Phase.STOPPED)


class ArmController:
    """Drives one arm. All methods are for one thread: the one that calls ``cycle``.

    The caller sleeps until the next period of ``driver.info.rate_hz`` and calls ``cycle`` once;
    goals and mouth motion may be set between cycles. The kernels are compiled here, so that nothing
    is compiled during motion. With ``surroundings`` a move or an entry that would come too near to
    anything is refused before it begins; a way out never is. The null space of an arm with more
    joints than a pose needs is drawn to ``posture`` (n,) [rad], or to where the arm first stood.
    Led by the tip alone, it would wander with every round until a joint's limit bars the way (Klein
    and Huang 1983).
    """

    def __init__(
        self,
        driver: ArmDriver,
        clock: Clock,
        model: ArmModel,
        limits: Limits,
        safety: Safety,
        surroundings: Surroundings | None = None,
        posture: Vector | None = None,
    ) -> None:
        self._law = law.cycle
        self._driver = driver
        self._clock = clock
        self._safety = safety
        self.model = model
        self.limits = limits
        self._config = configure(model, limits, driver.info)
        self._input = record(INPUT)
        self._state = record(STATE)
        self._sample = record(SAMPLE)
        self._planner = Planner(limits, self._config, self._state)
        self._planner.use_tip_up(model.tool.tip_up)
        self._outlook: Outlook | None = None
        if surroundings is not None:
            self._outlook = Outlook(self._config, model.tool.flange_jaws, surroundings)
        self._posture = None if posture is None else vector(posture, model.joints, "posture")
        self._history = PoseHistory(driver.info.rate_hz, model.joints)
        self._motion: MouthMotion | None = None
        self._fault: Fault | None = None
        self._latched = False
        self._paused = False
        self._stopped = False  # the arm, by its own means
        self._goal: Goal = Hold()
        self._last_ns = 0
        self._rehearse()

    def follow(self, motion: MouthMotion) -> None:
        """Take the newest estimate of the mouth's motion; older ones than the last are ignored."""
        if self._motion is not None and motion.stamp_ns <= self._motion.stamp_ns:
            return
        self._motion = motion
        i = self._input[0]
        i["mouth_R"] = motion.base_mouth.rotation
        i["mouth_t"] = motion.base_mouth.translation
        i["mouth_v"] = motion.twist.linear
        i["mouth_w"] = motion.twist.angular
        i["mouth_stamp"] = motion.stamp_ns
        i["mouth_known"] = 1

    def forget(self) -> None:
        """Forget the mouth: the person has left. The next estimate starts afresh."""
        self._motion = None
        self._input["mouth_known"] = 0
        self._state["M_known"] = 0

    def start(self, goal: Goal) -> None:
        """Take up ``goal`` from the state of now. Raises GoalError where it cannot be taken."""
        if self._latched:
            raise GoalError(WORDS[Answer.LATCHED])
        if self._state["cycles"][0] == 0:
            raise GoalError(WORDS[Answer.NOT_BEGUN])
        take(goal, self._planner, self._outlook, self._input, self._state)
        self._goal = goal
        self._fault = None
        self._paused = False
        self._state["fault"] = -1
        self._state["rate_wish"] = 1.0
        corridor = getattr(goal, "corridor", None)
        if isinstance(corridor, Corridor):
            for name, value in corridor_of(corridor).items():
                self._sample[name] = value

    def cycle(self) -> CycleReport:
        """Read the arm, compute, ask the safety monitor, command the arm."""
        now = self._clock.now_ns()
        try:
            measured = self._driver.read()
        except SpatialError as error:
            return self._blind(now, Fault(FaultKind.NOT_A_NUMBER, str(error), latched=True))
        self._take(measured, now)
        self._stopped = self._stopped or measured.status is not ArmStatus.READY
        self._law(self._config, self._input, self._state)
        self._history.add(measured.stamp_ns, measured.position)
        verdict = self._ask_monitor(measured)
        if verdict is not None and not self._latched:
            self._give_up(verdict)
        self._command()
        return self._report(measured)

    def stop(self) -> None:
        """Brake to rest as fast as the joints' limits allow; from any state. Ends the goal."""
        self._planner.brake()
        self._goal = Hold()
        self._paused = False

    def pause(self) -> None:
        """Come smoothly to rest, keeping the goal. In contact, let go of the tissue first."""
        self._paused = True
        self._planner.pause()

    def resume(self, by: str) -> None:
        """Take the paused goal up again, from rest; ``by`` names the member of staff.

        The goal's clock stood still meanwhile, so nothing is caught up with.
        """
        if not by.strip():
            raise GoalError("resuming needs the name of the member of staff who answers for it")
        if not self._paused:
            raise GoalError("nothing is paused; start a goal instead")
        if self._latched:
            raise GoalError(WORDS[Answer.LATCHED])
        self._paused = False
        self._planner.resume()

    def reset(self, by: str) -> None:
        """Clear a trip after a person, named in ``by``, has looked; the arm then holds.

        An arm that follows its commands, and may still be on its way out, is braked from them: told
        to stand where it was measured, it would stop with a blow that reads as contact. One that
        has stopped by its own means begins anew from where it stands.
        """
        self._safety.reset(by)
        if self._stopped:
            self._driver.reset()
            self._stopped = False
            self._state["cycles"] = 0
        self._latched = False
        self._fault = None
        self._state["fault"] = -1
        self._planner.hold()

    def base_camera_at(self, stamp_ns: int) -> Pose:
        """Return the camera's optical frame in the base as it was at ``stamp_ns``.

        Raises ArmControlError where the stamp lies outside the last two seconds.
        """
        return self.model.base_camera(self._history.at(stamp_ns))

    @property
    def posture(self) -> Vector:
        """The arm's own posture (n,) [rad], which `MoveJoints` reaches from wherever the arm is."""
        if self._posture is None:
            raise GoalError("no posture before the first cycle: where the arm stands is not known")
        return self._posture

    @property
    def latched(self) -> bool:
        """Whether the monitor has tripped and nobody has reset it."""
        return self._latched

    @property
    def goal(self) -> Goal:
        """The goal at hand."""
        return self._goal

    def _rehearse(self) -> None:
        """Compile every kernel by running it on scratch records."""
        inputs, state = record(INPUT), record(STATE)
        inputs["step"] = self._config["period"]
        self._law(self._config, inputs, state)
        fill_sample(inputs, state, record(SAMPLE), 1)
        if self._outlook is not None:
            self._outlook.look(inputs, state)

    def _take(self, measured: ArmState, now: int) -> None:
        n = self.model.joints
        i = self._input[0]
        s = self._state[0]
        period = float(self._config["period"][0])
        step = (now - self._last_ns) * 1e-9 if s["cycles"] else period
        self._last_ns = now
        i["stamp"] = measured.stamp_ns
        i["now"] = now
        i["step"] = min(max(step, 0.2 * period), 4.0 * period)
        i["q"][:n] = measured.position
        i["v"][:n] = measured.velocity
        i["wrench"][:3] = measured.wrench.force
        i["wrench"][3:] = measured.wrench.torque
        if not s["cycles"]:
            if self._posture is None:
                self._posture = measured.position
            s["rest"][:n] = self._posture
            s["q"][:n] = measured.position
            s["v"][:] = 0.0
            s["a"][:] = 0.0
            s["rate"] = 1.0
            s["rate_wish"] = 1.0
            s["fault"] = -1

    def _ask_monitor(self, measured: ArmState) -> Fault | None:
        ready = int(measured.status is ArmStatus.READY)
        fill_sample(self._input, self._state, self._sample, ready)
        return self._safety.check(self._sample)

    def _give_up(self, fault: Fault) -> None:
        """Leave the mouth if the tip is in it, else stop; the latch bars any goal."""
        self._latched = True
        self._fault = fault
        s = self._state[0]
        s["fault"] = KINDS.index(fault.kind)
        s["rate_wish"] = 1.0
        s["rate"] = 1.0
        near = s["M_known"] and Zone(int(s["zone"])) is not Zone.FREE
        if fault.kind in (FaultKind.ARM, FaultKind.TRACKING):
            self._planner.brake()
            self._driver.stop()
            self._stopped = True
        elif near:
            try:
                self._planner.retreat(Withdraw())
            except GoalError:
                self._planner.brake()  # no way out can be planned: rest is the safe state left
        else:
            self._planner.brake()

    def _blind(self, now: int, fault: Fault) -> CycleReport:
        self._safety.trip(fault)
        if not self._latched:
            self._give_up(fault)
        s = self._state[0]
        i = self._input[0]
        i["now"] = now
        i["step"] = self._config["period"][0]
        i["q"] = s["q"]  # without measurements the way out is made by the commands alone
        i["v"] = s["v"]
        self._last_ns = now
        self._law(self._config, self._input, self._state)
        self._command()
        n = self.model.joints
        return self._report(ArmState(now, s["q"][:n], s["v"][:n], s["v"][:n] * 0.0))

    def _command(self) -> None:
        if self._latched and self._fault and self._fault.kind is FaultKind.ARM:
            return
        n = self.model.joints
        s = self._state[0]
        self._driver.write(JointCommand(s["q"][:n], s["v"][:n]))

    def _report(self, measured: ArmState) -> CycleReport:
        return report_of(
            self._planner,
            self._state,
            measured.stamp_ns,
            measured.position,
            self._fault,
            paused=self._paused,
        )


__all__ = ["ArmControlError", "ArmController"]
