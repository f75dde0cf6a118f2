"""The real-time loop: wake, read, compute, tell the monitor, command, note — once a period.

All of it is one compiled function, which allocates nothing and holds no lock of Python's.
Everything comes and goes by shared memory under sequence locks; orders are taken up at the start
of a cycle (`arm_control.inbox`), and whoever gives them is watched (`arm_control.supervision`).
While it waits for the deadline the
loop rehearses the cycle on a copy of the state, so that the real one finds code and data in cache.
"""

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from arm_control import law
from arm_control.blackbox import BlackBox, note
from arm_control.compiled import kernel, unlocked
from arm_control.exchange import (
    MEASUREMENT,
    MOUTH,
    PULSE,
    SETPOINT,
    SHOWN_WORDS,
    VIEW,
    Exchange,
)
from arm_control.inbox import Inbox, obey
from arm_control.memory import INPUT, STATE, record
from arm_control.monitor import VERDICT
from arm_control.orders import HELM, begin, brake
from arm_control.realtime import (
    LATENESS,
    charged_ns,
    monotonic_ns,
    note_wake,
    sleep_until,
    spin_until,
    watch_ns,
)
from arm_control.report import FaultKind
from arm_control.safety import KINDS, SAMPLE, fill_sample
from arm_control.shared import publish, snapshot
from arm_control.supervision import OLD_NS, Watched, supervise
from spatial import Vector

PARTS = ("read", "law", "hand over", "black box")
CLOCKED = (*PARTS, "computing")
"""What a cycle's times are of: its parts by the wall's clock, and all of it by the thread's own."""

_UNTIMED = np.zeros((0, len(CLOCKED)), np.int64)
_LATE = KINDS.index(FaultKind.LATE)
_ARM = KINDS.index(FaultKind.ARM)
_SENSELESS = 1e4  # rad, rad/s, N, m: no sum of magnitudes is so large
_TRIES = 100


class Intake(NamedTuple):
    """What the loop reads: shared words, and the record each is copied into (with its words)."""

    measurement_port: np.ndarray
    measurement: np.ndarray
    measurement_words: np.ndarray
    mouth_port: np.ndarray
    mouth: np.ndarray
    mouth_words: np.ndarray
    watched: Watched
    inbox: Inbox


class Outlet(NamedTuple):
    """The loop's state, and what it writes: records, their words, and the shared words."""

    state: np.ndarray
    state_words: np.ndarray
    helm: np.ndarray
    shown: np.ndarray
    view_words: np.ndarray
    view_state: np.ndarray  # those of them that are the state's
    view_port: np.ndarray
    sample: np.ndarray
    sample_words: np.ndarray
    sample_port: np.ndarray
    setpoint: np.ndarray
    setpoint_words: np.ndarray
    setpoint_port: np.ndarray
    ring: np.ndarray


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
def take_in(inputs: np.ndarray, state: np.ndarray, x: Intake) -> None:
    """Copy the newest measurement and mouth into ``inputs``.

    What is torn, is no number, is larger than anything can be or comes from the future is not
    taken: the last one stays, and grows old.
    """
    i = inputs[0]
    s = state[0]
    m = x.measurement[0]
    good = snapshot(x.measurement_port, x.measurement_words, _TRIES)
    good = good and 0 < m.stamp < i.now + OLD_NS
    size = 0.0
    for k in range(7):
        size += abs(m.q[k]) + abs(m.v[k])
    for k in range(6):
        size += abs(m.wrench[k])
    if good and size < _SENSELESS:  # which a NaN is not
        i.stamp = m.stamp
        i.q[:] = m.q
        i.v[:] = m.v
        i.wrench[:] = m.wrench
    if s.cycles == 0 and i.stamp > 0:
        begin(inputs, state)
        if math.isnan(s.rest[0]):
            s.rest[:] = i.q
    o = x.mouth[0]
    good = snapshot(x.mouth_port, x.mouth_words, _TRIES)
    good = good and i.mouth_stamp < o.stamp < i.now + OLD_NS
    size = 0.0
    for k in range(3):
        size += abs(o.t[k]) + abs(o.v[k]) + abs(o.w[k])
        for j in range(3):
            size += abs(o.R[k, j])
    if good and size < _SENSELESS:
        i.mouth_stamp = o.stamp
        i.mouth_known = o.known
        i.mouth_R[:] = o.R
        i.mouth_t[:] = o.t
        i.mouth_v[:] = o.v
        i.mouth_w[:] = o.w
        if not o.known:
            s.M_known = 0


@kernel
def hand_over(inputs: np.ndarray, x: Outlet, arm_ok: int) -> None:
    """Publish the set-point for the driver and the sample for the monitor."""
    s = x.state[0]
    p = x.setpoint[0]
    p.stamp = inputs[0].now
    p.cycle = s.cycles
    p.q[:] = s.q
    p.v[:] = s.v
    p.a[:] = s.a
    p.stop = int(x.helm[0].stopped > 0 or x.helm[0].tripped == _ARM)
    publish(x.setpoint_port, x.setpoint_words)
    fill_sample(inputs, x.state, x.sample, arm_ok)
    publish(x.sample_port, x.sample_words)


@kernel
def show(inputs: np.ndarray, x: Outlet) -> None:
    """Publish the view, if it is due."""
    h = x.helm[0]
    h.countdown -= 1
    if h.countdown > 0:
        return
    h.countdown = h.interval
    v = x.shown[0]
    v.now = inputs[0].now
    v.stamp = inputs[0].stamp
    v.order = h.order
    v.answer = h.answer
    v.tripped = h.tripped
    v.stopped = h.stopped
    v.q[:] = inputs[0].q
    v.v[:] = inputs[0].v
    for k in range(SHOWN_WORDS.size):
        x.view_state[k] = x.state_words[SHOWN_WORDS[k]]
    publish(x.view_port, x.view_words)


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
    if stats[0].row >= stats[0].brake_after and state[0].mode not in (law.HOLD, law.BRAKE):
        brake(state)
        state[0].fault = _LATE


@kernel
def cycle(
    config: np.ndarray,
    inputs: np.ndarray,
    intake: Intake,
    outlet: Outlet,
    stats: np.ndarray,
    clock: np.ndarray,
    marks: np.ndarray,
) -> None:
    """Carry out one cycle; ``marks`` (5,) [ns] are its beginning and the end of each of PARTS."""
    marks[:] = monotonic_ns(clock)
    take_in(inputs, outlet.state, intake)
    if outlet.state[0].cycles == 0 and inputs[0].stamp == 0:
        return  # where the arm stands is not known yet
    arm_ok = intake.measurement[0].arm_ok
    supervise(inputs, outlet.state, outlet.helm, arm_ok, intake.watched)
    if obey(
        config, inputs, outlet.state, outlet.state_words, outlet.helm, intake.inbox, outlet.sample
    ):
        outlet.helm[0].countdown = 0
    marks[1] = monotonic_ns(clock)
    law.cycle(config, inputs, outlet.state)
    marks[2] = monotonic_ns(clock)
    hand_over(inputs, outlet, arm_ok)
    marks[3] = monotonic_ns(clock)
    show(inputs, outlet)
    note(inputs[0], outlet.state[0], stats[0].lateness, outlet.ring)
    marks[4] = monotonic_ns(clock)


@unlocked
def run(
    config: np.ndarray,
    inputs: np.ndarray,
    spare_inputs: np.ndarray,
    intake: Intake,
    outlet: Outlet,
    stage: Outlet,
    stats: np.ndarray,
    clock: np.ndarray,
    marks: np.ndarray,
    quit_word: np.ndarray,
    cycles: int,
    durations: np.ndarray,
) -> None:
    """Run ``cycles`` periods, or fewer if ``quit_word`` (1,) is set; fill ``durations`` (k, 5)."""
    cost = 0
    charged = 0
    measuring = durations.shape[0] > 0
    for done in range(cycles):
        if quit_word[0]:
            return
        sleep_until(stats[0].deadline - stats[0].spin, clock)
        rehearsing = True
        while rehearsing:
            rehearsing = monotonic_ns(clock) + 2 * cost < stats[0].deadline
            if rehearsing:
                stage.state[0] = outlet.state[0]
                stage.helm[0] = outlet.helm[0]
                spare_inputs[0] = inputs[0]
            else:
                wake(config, inputs, outlet.state, stats, clock)
            # one call for both: two would be two copies of the code, and one of them cold
            now_inputs = spare_inputs if rehearsing else inputs
            now_outlet = stage if rehearsing else outlet
            if measuring:
                charged = charged_ns(clock)
            cycle(config, now_inputs, intake, now_outlet, stats, clock, marks)
            if measuring:
                charged = charged_ns(clock) - charged
            cost = marks[4] - marks[0]
        if done < durations.shape[0]:
            for k in range(4):
                durations[done, k] = marks[k + 1] - marks[k]
            durations[done, 4] = charged


class RealTimeLoop:
    """The loop of one arm. Everything it needs is made, and compiled, before it starts.

    ``exchange`` carries measurement, mouth and set-point; ``monitor``, the words of the safety
    monitor's sample and verdict (`MonitorProcess.sample_words`, ``verdict_words``), or None for a
    loop that nobody watches, which is for benchmarks. After ``brake_after`` late cycles in a row
    the arm brakes. One thread may be in ``run``; ``quit`` may be called by any. ``posture`` (n,)
    [rad] is what the null space is drawn to, or where the arm first stands. The state is shown to
    whoever steers every ``view_s`` [s].
    """

    def __init__(
        self,
        config: np.ndarray,
        exchange: Exchange,
        monitor: tuple[np.ndarray, np.ndarray] | None = None,
        *,
        black_box_s: float = 120.0,
        brake_after: int = 5,
        posture: Vector | None = None,
        view_s: float = 0.004,
    ) -> None:
        self.config = config
        self.inputs = record(INPUT)
        self.state = record(STATE)
        self.black_box = BlackBox(int(black_box_s / float(config["period"][0])))
        self._spare = record(INPUT)
        self._stats = record(LATENESS)
        self._stats["brake_after"] = brake_after
        self._stats["spin"] = watch_ns(int(float(config["period"][0]) * 1e9))
        self._clock = np.zeros(2, np.int64)
        self._marks = np.zeros(len(PARTS) + 1, np.int64)
        self._quit = np.zeros(1, np.int64)
        sample, verdict = monitor or (_nowhere(SAMPLE), np.zeros(1, np.uint64))
        self._intake = Intake(
            *_way(exchange.measurement.words, MEASUREMENT),
            *_way(exchange.mouth.words, MOUTH),
            Watched(*_way(verdict, VERDICT), *_way(exchange.pulse.words, PULSE)),
            Inbox.of(exchange.order.words),
        )
        self._outlet = _outlet(self.state, sample, exchange, self.black_box.ring)
        # rehearsals note into the true ring: the slot that the cycle they rehearse overwrites
        self._stage = _outlet(record(STATE), _nowhere(SAMPLE), None, self.black_box.ring)
        self._outlet.helm["interval"] = round(view_s / float(config["period"][0]))
        self.state["rest"] = math.nan
        if posture is not None:
            self.state["rest"][0, : len(posture)] = posture
        self.state["rate"] = 1.0
        self.state["rate_wish"] = 1.0
        self.state["fault"] = -1
        self._run(0, _UNTIMED)  # compiles

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
        for name in ("cycles", "late", "row", "longest_row", "episodes", "skipped", "worst"):
            self._stats[name] = 0

    def quit(self) -> None:
        """Let ``run`` return after the cycle at hand."""
        self._quit[0] = 1

    def run(self, cycles: int, durations: np.ndarray | None = None) -> None:
        """Run ``cycles`` periods, or until ``quit``.

        ``durations`` (cycles, 5) takes the times [ns] CLOCKED in each cycle, from the wake-up on;
        the set-point has left at the end of the third part. The last is what the kernel charges
        the thread with: of a machine that is itself a guest, without what its host took away.
        """
        self._quit[0] = 0
        start = int(monotonic_ns(self._clock))
        self.inputs["now"] = start
        self._stats["deadline"] = start + 2_000_000
        self._run(cycles, _UNTIMED if durations is None else durations)

    def step(self, now_ns: int) -> None:
        """Carry out one cycle at ``now_ns`` without waiting for it: for lock-step, not for an arm.

        ``now_ns`` [ns] stands for the clock, which is not looked at.
        """
        i, period = self.inputs[0], float(self.config["period"][0])
        begun = self.state["cycles"][0] > 0
        step = (now_ns - int(i["now"])) * 1e-9 if begun else period
        i["step"] = min(max(step, 0.2 * period), 4.0 * period)
        i["now"] = now_ns
        cycle(
            self.config,
            self.inputs,
            self._intake,
            self._outlet,
            self._stats,
            self._clock,
            self._marks,
        )

    def _run(self, cycles: int, durations: np.ndarray) -> None:
        run(
            self.config,
            self.inputs,
            self._spare,
            self._intake,
            self._outlet,
            self._stage,
            self._stats,
            self._clock,
            self._marks,
            self._quit,
            cycles,
            durations,
        )


def _nowhere(kind: np.dtype) -> np.ndarray:
    """Return words that nobody shares, for a record of ``kind``."""
    return np.zeros(kind.itemsize // 8 + 1, np.uint64)


def _way(port: np.ndarray, kind: np.dtype) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    inside = record(kind)
    words = inside.view(np.uint64)
    return port, inside, words[: max(len(port) - 1, 0)]


def _outlet(
    state: np.ndarray, sample_port: np.ndarray, exchange: Exchange | None, ring: np.ndarray
) -> Outlet:
    sample, setpoint, view, helm = record(SAMPLE), record(SETPOINT), record(VIEW), record(HELM)
    helm["tripped"] = -1
    words = view.view(np.uint64)
    return Outlet(
        state,
        state.view(np.uint64),
        helm,
        view,
        words,
        words[-SHOWN_WORDS.size :],
        exchange.view.words if exchange else _nowhere(VIEW),
        sample,
        sample.view(np.uint64),
        sample_port,
        setpoint,
        setpoint.view(np.uint64),
        exchange.setpoint.words if exchange else _nowhere(SETPOINT),
        ring,
    )
