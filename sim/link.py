"""Broken ways between arm and controller: encoders, state link, command link, servos."""

from dataclasses import replace

import numpy as np

from arm_control.ports import ArmState, ArmStatus, JointCommand
from sim.faults import Corruptor, Fault, Mode, Unit
from spatial import Vector

_ENCODER_GARBAGE = 0.5  # [rad]
_ENCODER_OFFSET = 0.05  # [rad]
_COMMAND_GARBAGE = 0.2  # [rad]
_COMMAND_OFFSET = 0.004  # [rad]
_SERVO_GARBAGE = 0.002  # [rad] of jitter a step
_SERVO_OFFSET = 0.02  # [rad]
_CLOCK_OFFSET_NS = 100_000_000

READ_UNITS = (Unit.ENCODERS, Unit.STATE)
WRITE_UNITS = (Unit.CONTROLLER, Unit.COMMAND)


class BrokenReading:
    """What the controller gets to see of the arm when encoders or the state link fail.

    Parameters
    ----------
    rng
        Generator of bursts and garbage.
    """

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng
        self._encoders: Corruptor[Vector] = Corruptor(rng.spawn(1)[0])
        self._state: Corruptor[ArmState] = Corruptor(rng.spawn(1)[0])
        self._last: ArmState | None = None

    def fail(self, fault: Fault, now_s: float) -> None:
        """Let ``fault`` of the encoders or the state link begin."""
        (self._encoders if fault.unit is Unit.ENCODERS else self._state).begin(fault, now_s)

    def pass_on(self, state: ArmState, now_s: float) -> ArmState:
        """Return what gets through of ``state``; a silent link leaves the last one, ageing."""
        if self._encoders.fault is not None:
            state = self._read_encoders(state, now_s)
        else:
            self._encoders.pass_on(state.position, now_s)
        seen = self._state.pass_on(state, now_s)
        fault = self._state.fault
        if seen is None:
            seen = self._last or state
        elif fault is not None:
            seen = self._spoil_state(seen, state, fault)
        self._last = seen
        return seen

    def _read_encoders(self, state: ArmState, now_s: float) -> ArmState:
        position = self._encoders.pass_on(state.position, now_s)
        fault = self._encoders.fault
        if fault is None:
            return state
        if position is None:
            # the arm's own controller notices a dead encoder
            return replace(state, velocity=np.zeros_like(state.velocity), status=ArmStatus.FAULT)
        if fault.mode is Mode.GARBAGE:
            spread = _ENCODER_GARBAGE * fault.magnitude
            position = position + self._rng.uniform(-spread, spread, len(position))
        elif fault.mode is Mode.WRONG:
            position = position.copy()
            position[fault.index % len(position)] += _ENCODER_OFFSET * fault.magnitude
        return replace(state, position=position)

    def _spoil_state(self, seen: ArmState, fresh: ArmState, fault: Fault) -> ArmState:
        if fault.mode is Mode.STUCK:
            # a frozen buffer is sent on with fresh stamps
            return replace(seen, stamp_ns=fresh.stamp_ns)
        if fault.mode is Mode.GARBAGE:
            spread = _ENCODER_GARBAGE * fault.magnitude
            noise = self._rng.uniform(-spread, spread, len(seen.position))
            return replace(seen, position=noise, velocity=noise)
        if fault.mode is Mode.WRONG:
            return replace(seen, stamp_ns=seen.stamp_ns - round(_CLOCK_OFFSET_NS * fault.magnitude))
        return seen


class BrokenWriting:
    """What the arm gets of the controller's commands when controller or command link fail.

    Parameters
    ----------
    rng
        Generator of bursts and garbage.
    """

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng
        self._corruptors = {
            unit: Corruptor[JointCommand](child)
            for unit, child in zip(WRITE_UNITS, rng.spawn(len(WRITE_UNITS)), strict=True)
        }

    def fail(self, fault: Fault, now_s: float) -> None:
        """Let ``fault`` of the controller or the command link begin."""
        self._corruptors[fault.unit].begin(fault, now_s)

    def pass_on(self, command: JointCommand, now_s: float) -> JointCommand | None:
        """Return what gets through of ``command``; None where nothing does."""
        seen: JointCommand | None = command
        for unit, corruptor in self._corruptors.items():
            if seen is None:
                break
            mode = corruptor.mode(now_s)
            seen = corruptor.pass_on(seen, now_s)
            fault = corruptor.fault
            if seen is None or fault is None:
                continue
            if mode is Mode.STUCK and unit is Unit.CONTROLLER:
                return None  # a hung process sends nothing at all
            if mode is Mode.GARBAGE:
                spread = _COMMAND_GARBAGE * fault.magnitude
                noise = self._rng.uniform(-spread, spread, len(seen.position))
                seen = JointCommand(seen.position + noise, seen.velocity)
            elif mode is Mode.WRONG:
                offset = np.full(len(seen.position), _COMMAND_OFFSET * fault.magnitude)
                seen = JointCommand(seen.position + offset, seen.velocity)
        return seen


class BrokenServo:
    """What one joint's drive makes of its reference when it fails.

    Parameters
    ----------
    rng
        Generator of bursts and garbage.
    """

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng
        self._corruptor: Corruptor[float] = Corruptor(rng.spawn(1)[0])
        self._held: float | None = None

    def fail(self, fault: Fault, now_s: float) -> None:
        """Let ``fault`` of the servos begin."""
        self._held = None
        self._corruptor.begin(fault, now_s)

    @property
    def broken(self) -> bool:
        """Whether a joint is broken now."""
        return self._corruptor.fault is not None

    def pass_on(self, reference: Vector, now_s: float) -> Vector:
        """Return the reference (n,) [rad] that the drives really follow."""
        fault = self._corruptor.fault
        if fault is None:
            return reference
        joint = fault.index % len(reference)
        if self._held is None:
            self._held = float(reference[joint])
        wanted = self._corruptor.pass_on(float(reference[joint]), now_s)
        if self._corruptor.fault is None:
            return reference
        if fault.mode in (Mode.OFF, Mode.STUCK) or wanted is None:
            wanted = self._held  # the brake falls in
        elif fault.mode is Mode.GARBAGE:
            wanted += float(self._rng.uniform(-1.0, 1.0)) * _SERVO_GARBAGE * fault.magnitude
        elif fault.mode is Mode.WRONG:
            wanted += _SERVO_OFFSET * fault.magnitude
        elif fault.mode is Mode.SLOW:
            wanted = self._held + (float(reference[joint]) - self._held) / (10 * fault.magnitude)
        self._held = wanted
        result = reference.copy()
        result[joint] = wanted
        return result
