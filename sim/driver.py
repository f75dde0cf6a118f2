"""The simulated arm behind its port: command delay, interpolation, encoders, stops, watchdog."""

from collections import deque

import numpy as np

from arm_control.ports import ArmInfo, ArmState, ArmStatus, JointCommand
from sim.anatomy.compiled import compiled
from sim.arms import ArmDescription
from sim.engine import STEP_NS, STEP_S, Engine
from sim.errors import SimError
from sim.faults import Fault, Unit
from sim.jitter import Link
from sim.link import READ_UNITS, WRITE_UNITS, BrokenReading, BrokenServo, BrokenWriting
from sim.wrist import WristSensor
from spatial import Vector, seconds

_ENCODER_NOISE = 2e-5  # [rad], 16-bit absolute encoders behind a gear
_STOP_DECELERATION = 12.0  # [rad/s²]
_JUMP_ALLOWANCE = 1.5  # a set-point may run this many times faster than the joint's limit
_JUMP_MARGIN = 2e-3  # [rad]
_SILENCE_NS = 100_000_000
_MOVING = 1e-3  # [rad/s]
_BLOCK = 1024  # encoder noise is drawn in blocks


@compiled
def _refused(
    position: Vector, low: Vector, high: Vector, last: Vector, max_jump: Vector
) -> tuple[int, int]:
    """Return the first joint outside its limits, and the one that jumps most beyond its bound.

    Either is -1 where there is none.
    """
    beyond, leaping, most = -1, -1, 1.0
    for i in range(len(position)):
        if beyond < 0 and (position[i] < low[i] or position[i] > high[i]):
            beyond = i
        share = abs(position[i] - last[i]) / max_jump[i]
        if share > most:
            leaping, most = i, share
    return beyond, leaping


@compiled
def _between(
    start: Vector,
    start_velocity: Vector,
    goal: Vector,
    goal_velocity: Vector,
    u: float,
    span: float,
) -> tuple[Vector, Vector]:
    """Return position and velocity (n,) at the share ``u`` of a cubic piece of ``span`` [s].

    Straight pieces would turn every set-point into a blow that the wrist sensor feels.
    """
    position, velocity = np.empty_like(start), np.empty_like(start)
    for i in range(len(start)):
        way = goal[i] - start[i]
        begin, end = start_velocity[i] * span, goal_velocity[i] * span
        bend, twist = 3.0 * way - 2.0 * begin - end, begin + end - 2.0 * way
        position[i] = start[i] + u * (begin + u * (bend + u * twist))
        velocity[i] = (begin + u * (2.0 * bend + 3.0 * u * twist)) / span
    return position, velocity


class SimArm:
    """A position-controlled industrial arm, fed with set-points at its own rate.

    A set-point takes effect after the arm's command delay and is interpolated over one command
    period, position and velocity alike; where the next one is late, the joints glide on for another
    period. It stops itself (protective stop) on a set-point that jumps
    or leaves the joint limits, and when commands cease while it moves.

    Parameters
    ----------
    description
        Which arm it is.
    rate_hz
        How often it takes commands [Hz].
    limits
        Lower and upper joint limits, each (n,) [rad].
    engine
        The physics it moves in.
    sensor
        The wrist sensor.
    rng
        Generator of the encoder noise.
    jitter_s
        How late messages are on the mean, each way, beyond the arm's own delay [s].
    """

    def __init__(
        self,
        description: ArmDescription,
        rate_hz: float,
        limits: tuple[Vector, Vector],
        engine: Engine,
        sensor: WristSensor,
        rng: np.random.Generator,
        jitter_s: float = 0.0,
    ) -> None:
        period = 1e9 / rate_hz
        if abs(period / STEP_NS - round(period / STEP_NS)) > 1e-9 or period < STEP_NS:
            raise SimError(
                f"control rate {rate_hz} Hz is not a whole number of 1 ms steps; "
                "choose 1000, 500, 250, 200, 125 or 100 Hz"
            )
        self._info = ArmInfo(
            name=description.name,
            joint_names=description.joint_names,
            rate_hz=rate_hz,
            command_delay_s=description.command_delay_s,
            stop_behaviour="category 2: slows its joints at 12 rad/s² and holds position",
            sensor_delay_s=sensor.model.delay_s,
        )
        self._steps_per_command = round(period / STEP_NS)
        self._delay_ns = round(description.command_delay_s * 1e9 / STEP_NS) * STEP_NS
        self._max_jump = _JUMP_ALLOWANCE * description.velocity * period * 1e-9 + _JUMP_MARGIN
        self._limits = limits
        self._engine = engine
        self._sensor = sensor
        self._rng = rng
        self._status = ArmStatus.READY
        self._reason = ""
        self._queue: deque[tuple[int, Vector, Vector]] = deque()
        self._reference = engine.state.position.copy()
        self._goal = self._reference.copy()
        self._goal_velocity = np.zeros_like(self._reference)
        self._slope = np.zeros_like(self._reference)
        self._velocity = np.zeros_like(self._reference)  # of the set-points, at the step's end
        self._start, self._start_velocity = self._reference, self._velocity
        self._steps_left = 0
        self._glide_left = 0
        self._now_ns = 0
        self._last_write_ns = 0
        self._last_command = self._reference.copy()
        self._noise = np.empty((0, 0))
        self._next_noise = _BLOCK
        self._closed = False
        self._reading, self._writing, self._servo = (
            BrokenReading(rng.spawn(1)[0]),
            BrokenWriting(rng.spawn(1)[0]),
            BrokenServo(rng.spawn(1)[0]),
        )
        self._jitter_s = jitter_s
        self._states: Link[ArmState] = Link(jitter_s, rng.spawn(1)[0])
        self._commands: Link[tuple[int, JointCommand]] = Link(jitter_s, rng.spawn(1)[0])
        self._latest_ns = 0  # the worst lateness of a command so far
        self._arrived: ArmState | None = None

    def fail(self, fault: Fault) -> None:
        """Let encoders, servos or one of the links fail from now on."""
        now_s = seconds(self._now_ns)
        if fault.unit in READ_UNITS:
            self._reading.fail(fault, now_s)
        elif fault.unit in WRITE_UNITS:
            self._writing.fail(fault, now_s)
        elif fault.unit is Unit.SERVOS:
            self._servo.fail(fault, now_s)
        else:
            raise SimError(f"unit {fault.unit} is no part of the arm")

    @property
    def info(self) -> ArmInfo:
        """What the driver states of its arm."""
        return self._info

    @property
    def status(self) -> ArmStatus:
        """What the arm says of itself."""
        return self._status

    @property
    def reason(self) -> str:
        """Why it stopped, empty while it is ready."""
        return self._reason

    def read(self) -> ArmState:
        """Return the measurement of this millisecond, or over a late link the last that arrived."""
        if self._jitter_s == 0.0:
            return self._reading.pass_on(self._measure(), seconds(self._now_ns))
        while (arrived := self._states.receive(self._now_ns)) is not None:
            self._arrived = arrived
        measured = self._arrived or self._measure()
        return self._reading.pass_on(measured, seconds(self._now_ns))

    def _measure(self) -> ArmState:
        state = self._engine.state
        if self._next_noise >= _BLOCK:
            self._noise = self._rng.standard_normal((_BLOCK, len(state.position))) * _ENCODER_NOISE
            self._next_noise = 0
        noise = self._noise[self._next_noise]
        self._next_noise += 1
        return ArmState(
            stamp_ns=self._now_ns,
            position=state.position + noise,
            velocity=state.velocity,
            effort=state.effort,
            wrench=self._sensor.wrench(),
            status=self._status,
        )

    def write(self, command: JointCommand) -> None:
        """Hand over the next set-point; ignored, as by any arm, unless the status is READY."""
        received = self._writing.pass_on(command, seconds(self._now_ns))
        if received is not None:
            self._commands.send((self._now_ns, received), self._now_ns)
            self._take()

    def _take(self) -> None:
        """Accept what has arrived of the commands.

        They are played in the rhythm in which they were sent, behind the latest so far: those that
        come early wait, and only one that is later than any before it finds the arm without.
        """
        while (arrived := self._commands.receive(self._now_ns)) is not None:
            sent_ns, command = arrived
            self._latest_ns = max(self._latest_ns, self._now_ns - sent_ns)
            if self._status is ArmStatus.READY:
                self._accept(command, sent_ns + self._latest_ns)

    def _accept(self, command: JointCommand, played_ns: int) -> None:
        low, high = self._limits
        beyond, leaping = _refused(command.position, low, high, self._last_command, self._max_jump)
        if beyond >= 0:
            self._protect(f"set-point of joint {beyond + 1} leaves the joint limits")
            return
        if leaping >= 0:
            jump = abs(command.position[leaping] - self._last_command[leaping])
            self._protect(
                f"set-point of joint {leaping + 1} jumps by {jump:.4f} rad, bound "
                f"{self._max_jump[leaping]:.4f} rad"
            )
            return
        self._last_command = command.position
        self._last_write_ns = self._now_ns
        self._queue.append((played_ns + self._delay_ns, command.position, command.velocity))

    def stop(self) -> None:
        """Slow down and hold; refuse commands until `reset`."""
        if self._status is ArmStatus.READY:
            self._status = ArmStatus.STOPPED
            self._reason = "stopped by command"
        self._queue.clear()
        self._steps_left = self._glide_left = 0

    def reset(self) -> None:
        """Take commands again, from where the arm stands."""
        if self._closed:
            raise SimError("the arm's world is closed; open a new one")
        self._status = ArmStatus.READY
        self._reason = ""
        self._reference = self._engine.state.position.copy()
        self._goal = self._reference.copy()
        self._last_command = self._reference.copy()
        self._slope = np.zeros_like(self._reference)
        self._velocity = np.zeros_like(self._reference)
        self._goal_velocity = np.zeros_like(self._reference)

    def close(self) -> None:
        """Stop; the world releases the engine."""
        self.stop()
        self._closed = True

    def _protect(self, reason: str) -> None:
        self._status = ArmStatus.PROTECTIVE_STOP
        self._reason = reason
        self._queue.clear()
        self._steps_left = self._glide_left = 0

    def before_step(self, now_ns: int) -> None:
        """Feed the servos for the step that starts at ``now_ns``; called by the world."""
        self._now_ns = now_ns
        self._take()
        if self._status is not ArmStatus.READY:
            slow = _STOP_DECELERATION * STEP_S
            self._slope = np.sign(self._slope) * np.maximum(np.abs(self._slope) - slow, 0.0)
            self._reference = self._reference + self._slope * STEP_S
            self._drive(now_ns)
            return
        while self._queue and self._queue[0][0] <= now_ns:
            _, self._goal, self._goal_velocity = self._queue.popleft()
            self._start, self._start_velocity = self._reference, self._velocity
            self._steps_left = self._glide_left = self._steps_per_command
        if self._steps_left > 0:
            self._steps_left -= 1
            reference, self._velocity = _between(
                self._start,
                self._start_velocity,
                self._goal,
                self._goal_velocity,
                1.0 - self._steps_left / self._steps_per_command,
                self._steps_per_command * STEP_S,
            )
            self._slope = (reference - self._reference) / STEP_S
            self._reference = reference
        elif self._glide_left > 0:
            self._glide_left -= 1
            self._slope = self._velocity
            self._reference = self._reference + self._slope * STEP_S
        else:
            self._slope = self._velocity = np.zeros_like(self._reference)
        silent = now_ns - self._last_write_ns > _SILENCE_NS
        if silent and np.abs(self._goal_velocity).max() > _MOVING and not self._queue:
            self._protect("commands ceased for 0.1 s while the arm moved")
        self._drive(now_ns)

    def _drive(self, now_ns: int) -> None:
        if self._servo.broken:
            followed = self._servo.pass_on(self._reference, seconds(now_ns))
            self._engine.command(followed, np.zeros_like(followed))
        else:
            self._engine.command(self._reference, self._slope)

    def after_step(self, now_ns: int) -> None:
        """Take the step's measurement; called by the world."""
        self._now_ns = now_ns
        self._sensor.feed(self._engine.state.reaction)
        if self._jitter_s > 0.0:
            self._states.send(self._measure(), now_ns)
