"""The real-time loop: wake, read, compute, tell the monitor, command, note — once a period.

One process, one thread, nothing allocated: the kernels work on fixed records, and state leaves by
shared memory. While it spins before the deadline the loop rehearses the law on a copy of the state,
so that the real cycle finds its code and data in the cache.
"""

import time
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from arm_control import law
from arm_control.blackbox import ENTRY, BlackBox, note
from arm_control.compiled import kernel
from arm_control.memory import DELAY_SLOTS, INPUT, STATE, record
from arm_control.realtime import LATENESS, note_wake, sleep_until, spin_until
from arm_control.safety import SAMPLE, fill_sample
from arm_control.shared import publish

_SPIN_NS = 120_000
_BRAKE = law.BRAKE


class RawDriver(Protocol):
    """An arm's driver without value objects: it fills and reads the kernels' records in place."""

    def read_into(self, inputs: np.ndarray) -> None:
        """Fill ``q``, ``v``, ``wrench`` and ``stamp`` of an INPUT record (1,)."""
        ...

    def write_from(self, state: np.ndarray) -> None:
        """Send ``q`` and ``v`` of a STATE record (1,) to the arm."""
        ...


@dataclass(frozen=True, slots=True)
class Punctuality:
    """How punctual the loop was: for the doctor, the report and the record. Times in [s]."""

    cycles: int
    late: int
    episodes: int
    longest_row: int
    skipped: int
    worst: float


@kernel
def doze(
    stats: np.ndarray, clock: np.ndarray, spin_ns: int, state: np.ndarray, spare: np.ndarray
) -> None:
    """Sleep until shortly before the deadline, then copy the state for the rehearsal."""
    sleep_until(stats[0].deadline - spin_ns, clock)
    spare[0] = state[0]


@kernel
def wake(
    config: np.ndarray, inputs: np.ndarray, state: np.ndarray, stats: np.ndarray, clock: np.ndarray
) -> None:
    """Spin to the deadline, and put the measured step into ``inputs``."""
    i = inputs[0]
    period = int(config[0].period * 1e9)
    now = spin_until(stats[0].deadline, clock)
    note_wake(stats, now, period)
    step = (now - i.now) * 1e-9
    i.step = min(max(step, 0.2 * config[0].period), 4.0 * config[0].period)
    i.now = now
    if stats[0].row >= stats[0].brake_after and state[0].mode != _BRAKE:
        state[0].mode = _BRAKE
        state[0].fault = 14  # LATE, of arm_control.report.FaultKind


@kernel
def step(
    config: np.ndarray,
    inputs: np.ndarray,
    state: np.ndarray,
    sample: np.ndarray,
    monitor: np.ndarray,
    words: np.ndarray,
    stats: np.ndarray,
    ring: np.ndarray,
) -> None:
    """Compute one command, publish the monitor's sample, note the cycle in the black box."""
    law.cycle(config, inputs, state)
    fill_sample(inputs, state, sample, 1)
    publish(monitor, words)
    note(inputs[0], state[0], stats[0].lateness, ring)


class RealTimeLoop:
    """The loop on one raw driver. Everything it needs is made, and compiled, before it starts.

    ``monitor`` is the word array (n + 1,) of the monitor's shared SAMPLE record. After
    ``brake_after`` late cycles in a row the arm brakes.
    """

    def __init__(
        self,
        config: np.ndarray,
        driver: RawDriver,
        monitor: np.ndarray,
        *,
        black_box_s: float = 120.0,
        spin_ns: int = _SPIN_NS,
        brake_after: int = 5,
    ) -> None:
        self.config = config
        self.inputs = record(INPUT)
        self.state = record(STATE)
        self.black_box = BlackBox(int(black_box_s / float(config["period"][0])))
        self._driver = driver
        self._monitor = monitor
        self._spin_ns = spin_ns
        self._spare = record(STATE)
        self._sample = record(SAMPLE)
        self._words = self._sample.view(np.uint64)
        self._stats = record(LATENESS)
        self._stats["brake_after"] = brake_after
        self._clock = np.zeros(2, np.int64)
        self.state["rate"] = 1.0
        self.state["rate_wish"] = 1.0
        self.state["fault"] = -1
        self._warm()

    @property
    def punctuality(self) -> Punctuality:
        """How punctual the loop has been so far."""
        s = self._stats[0]
        return Punctuality(
            int(s["cycles"]),
            int(s["late"]),
            int(s["episodes"]),
            int(s["longest_row"]),
            int(s["skipped"]),
            float(s["worst"]) * 1e-9,
        )

    def restart(self) -> None:
        """Count punctuality from here."""
        brake_after = self._stats["brake_after"].copy()
        self._stats[:] = 0
        self._stats["brake_after"] = brake_after

    def run(self, cycles: int, durations: np.ndarray | None = None) -> None:
        """Run ``cycles`` periods; note each cycle's computing time [ns] in ``durations``.

        The time runs from the wake-up to the command written, the driver included.
        """
        config, inputs, state = self.config, self.inputs, self.state
        sample, words, stats = self._sample, self._words, self._stats
        spare, clock, spin = self._spare, self._clock, self._spin_ns
        ring, monitor = self.black_box.ring, self._monitor
        stage, stage_ring = record(SAMPLE), np.zeros(2, ENTRY)
        stage_words, stage_monitor = stage.view(np.uint64), np.zeros_like(monitor)
        read, write = self._driver.read_into, self._driver.write_from
        now_ns = time.monotonic_ns
        note_time = durations is not None
        start = now_ns()
        inputs["now"] = start
        stats["deadline"] = start + 2_000_000
        for k in range(cycles):
            doze(stats, clock, spin, state, spare)
            # the rehearsal: the same code on copies, so that it is in the cache when it counts
            step(config, inputs, spare, stage, stage_monitor, stage_words, stats, stage_ring)
            wake(config, inputs, state, stats, clock)
            begin = now_ns()
            read(inputs)
            step(config, inputs, state, sample, monitor, words, stats, ring)
            write(state)
            if note_time:
                durations[k] = now_ns() - begin  # type: ignore[index]  # note_time says so

    def _warm(self) -> None:
        """Compile all kernels, on records that are thrown away."""
        inputs, state, spare = record(INPUT), record(STATE), record(STATE)
        inputs["step"] = self.config["period"]
        sample, stats, ring = record(SAMPLE), record(LATENESS), np.zeros(2, ENTRY)
        words = np.zeros(len(self._words) + 1, np.uint64)
        doze(stats, self._clock, 0, state, spare)
        wake(self.config, inputs, state, stats, self._clock)
        step(self.config, inputs, state, sample, words, sample.view(np.uint64), stats, ring)


class RehearsalArm:
    """An arm that does as it is told after a fixed delay: for benchmarks and dry runs.

    Its wrist reads the tool's weight as a still arm would, and noise [N] from a fixed table.
    """

    def __init__(self, config: np.ndarray, start: np.ndarray, noise: float = 0.003) -> None:
        self._config = config
        self._past = np.zeros((DELAY_SLOTS, 2, 7))
        self._past[:, 0, : len(start)] = start
        self._noise = np.random.default_rng(1).normal(size=(997, 6)) * noise
        self._count = np.zeros(1, np.int64)

    def read_into(self, inputs: np.ndarray) -> None:
        """Fill joints, wrench and stamp."""
        _rehearsal_read(self._config, self._past, self._noise, self._count, inputs)

    def write_from(self, state: np.ndarray) -> None:
        """Take the command."""
        _rehearsal_write(self._past, self._count, state)


@kernel
def _rehearsal_read(
    config: np.ndarray, past: np.ndarray, noise: np.ndarray, count: np.ndarray, inputs: np.ndarray
) -> None:
    i = inputs[0]
    slot = (count[0] - int(config[0].delay / config[0].period)) % past.shape[0]
    row = count[0] % noise.shape[0]
    for k in range(7):
        i.q[k] = past[slot, 0, k]
        i.v[k] = past[slot, 1, k]
    for k in range(6):
        i.wrench[k] = noise[row, k]
    i.stamp = i.now


@kernel
def _rehearsal_write(past: np.ndarray, count: np.ndarray, state: np.ndarray) -> None:
    count[0] += 1
    slot = count[0] % past.shape[0]
    for k in range(7):
        past[slot, 0, k] = state[0].q[k]
        past[slot, 1, k] = state[0].v[k]
