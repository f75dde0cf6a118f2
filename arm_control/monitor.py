"""The safety monitor in a process of its own, and the controller's end of it.

In lock-step every cycle takes the verdict on the sample before, waiting for it if need be, and then
hands over its own: the monitor judges while the world moves on, and a simulated run is the same bit
by bit however the machine is loaded. In real time the controller does not wait: it reads the newest
verdict, and an old one is itself a trip. A monitor that dies or hangs is a trip in both.
"""

import multiprocessing
import os
import signal
import time
from collections.abc import Callable
from enum import StrEnum
from multiprocessing.connection import Connection, wait
from typing import Self

import numpy as np

from arm_control.configuration import configure
from arm_control.errors import MonitorError
from arm_control.limits import Limits
from arm_control.model import ArmModel
from arm_control.ports import ArmInfo
from arm_control.report import Fault, FaultKind
from arm_control.safety import KINDS, OK, SAMPLE, WATCH, default_rules, fault_of, judge, rules_for
from arm_control.shared import SharedRecord

VERDICT = np.dtype(
    [
        ("judged", "i8"),  # the samples' sequence when the newest was judged
        ("stamp", "i8"),
        ("fault", "i8"),
        ("value", "f8"),
        ("bound", "f8"),
    ],
    align=True,
)
_CHECK, _RESET, _BYE = b"c", b"r", b"b"
_HEARTBEAT_S = 0.03  # of the monitor, which looks every half millisecond whatever the arm's rate
_START_S = 120.0  # the first start compiles
_NAP_S = 5e-5


class Pace(StrEnum):
    """How monitor and controller keep together."""

    LOCK_STEP = "lock_step"
    REAL_TIME = "real_time"


class MonitorProcess:
    """The controller's end of the monitor. Only the controller's thread may call ``check``.

    ``config`` is the controller's CONFIG record, ``rules`` a RULES record. ``on_trip`` (a module's
    function, or a partial of one) runs in the monitor's process at a trip: the arm's own stop, by a
    way that does not pass through the controller. ``answer_s`` [s] is how long a verdict may take.
    """

    def __init__(
        self,
        config: np.ndarray,
        rules: np.ndarray | None = None,
        *,
        pace: Pace = Pace.LOCK_STEP,
        on_trip: Callable[[], None] | None = None,
        answer_s: float = 2.0,
    ) -> None:
        self._pace = pace
        self._answer_s = answer_s
        self._own: Fault | None = None
        self._asked = 0  # the samples' sequence that a verdict is due on; 0 for none
        self._verdict = np.zeros(1, VERDICT)
        self._read = np.zeros(1, VERDICT)
        self._samples = SharedRecord.create(SAMPLE)
        self._verdicts = SharedRecord.create(VERDICT)
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(
            target=_serve,
            args=(
                theirs,
                self._samples.name,
                self._verdicts.name,
                config.tobytes(),
                (default_rules() if rules is None else rules).tobytes(),
                pace.value,
                on_trip,
            ),
            name="safety-monitor",
            daemon=True,
        )
        self._process.start()
        theirs.close()
        heard = wait([self._pipe, self._process.sentinel], _START_S)
        if self._pipe not in heard or not self._answered():
            why = "died while starting" if heard else f"did not start within {_START_S:.0f} s"
            self.close()
            raise MonitorError(
                f"the safety monitor {why}; without it no arm moves. Run it again and look at "
                "what its process printed"
            )

    @classmethod
    def for_arm(
        cls,
        model: ArmModel,
        limits: Limits,
        info: ArmInfo,
        *,
        pace: Pace = Pace.LOCK_STEP,
        on_trip: Callable[[], None] | None = None,
    ) -> Self:
        """Start the monitor of one arm. Raises ArmControlError for one that is too slow."""
        rules = rules_for(limits, info)
        return cls(configure(model, limits, info), rules, pace=pace, on_trip=on_trip)

    @property
    def pid(self) -> int:
        """The monitor's process id, for fault campaigns."""
        return self._process.pid or 0

    @property
    def names(self) -> tuple[str, str]:
        """The names by which a loop in another process attaches SAMPLE and VERDICT."""
        return self._samples.name, self._verdicts.name

    @property
    def sample_words(self) -> np.ndarray:
        """Where a real-time loop publishes its samples: shared words under the sequence lock."""
        return self._samples.words

    @property
    def verdict_words(self) -> np.ndarray:
        """Where it reads the newest VERDICT: shared words under the sequence lock."""
        return self._verdicts.words

    def check(self, sample: np.ndarray) -> Fault | None:
        """Hand over this cycle's ``sample`` (1,) of SAMPLE; return the latched fault, if any.

        In lock-step that is the verdict on the sample before this one; in real time the newest.
        """
        if self._own is not None:
            return self._own
        if self._pace is Pace.LOCK_STEP:
            fault = self._due()
            if self._own is None:
                self._ask(sample)
            return self._own or fault
        self._samples.write(sample)
        self._look()  # a torn verdict leaves the one before, which may grow only so old
        age = (time.monotonic_ns() - int(self._verdict["stamp"][0])) * 1e-9
        if age > _HEARTBEAT_S:
            return self._fail(f"silent for {age:.3f} s, bound {_HEARTBEAT_S} s")
        return self._latched()

    def trip(self, fault: Fault) -> None:
        """Latch ``fault`` on the controller's own word."""
        self._own = self._own or fault

    def reset(self, by: str) -> None:
        """Clear the latch; ``by`` names who looked. Raises MonitorError if the monitor is dead."""
        if not by.strip():
            raise MonitorError("a reset needs the name of the person who answers for it")
        if not self._process.is_alive():
            raise MonitorError("the safety monitor is dead; start the arm's process again")
        if self._asked:
            self._due()  # the last sample is judged before the latch is cleared
            self._asked = 0
        try:
            self._pipe.send_bytes(_RESET)
            answered = self._pipe.poll(self._answer_s) and self._answered()
        except OSError as error:
            raise MonitorError(
                "the safety monitor is dead; start the arm's process again"
            ) from error
        if not answered:
            raise MonitorError("the safety monitor does not answer; start the arm's process again")
        self._own = None

    def close(self) -> None:
        """End the monitor's process and free the shared memory; may be called twice."""
        if self._process.is_alive():
            try:
                self._pipe.send_bytes(_BYE)
            except OSError:
                self._process.kill()  # it hung up: it is ending or broken
            self._process.join(1.0)
            if self._process.is_alive():
                self._process.kill()
                self._process.join()
        if not self._pipe.closed:
            self._pipe.close()
            for shared in (self._samples, self._verdicts):
                shared.close()
                shared.unlink()

    def _ask(self, sample: np.ndarray) -> None:
        self._samples.write(sample)
        try:
            self._pipe.send_bytes(_CHECK)
        except OSError:
            self._fail("its process died")
        self._asked = self._samples.sequence

    def _due(self) -> Fault | None:
        """Wait for the verdict on the sample handed over last, and return the latched fault."""
        if not self._asked:
            return None
        deadline = time.monotonic() + self._answer_s
        look = 0
        while self._verdict["judged"][0] != self._asked:
            if self._look() and self._verdict["judged"][0] == self._asked:
                break
            if time.monotonic() > deadline:
                return self._fail(f"no verdict within {self._answer_s} s")
            look += 1
            if look % 20 == 0 and not self._process.is_alive():
                return self._fail("its process died")
            time.sleep(_NAP_S)
        self._asked = 0
        return self._latched()

    def _look(self) -> bool:
        """Take the newest verdict; False when the monitor was interrupted while writing it."""
        if not self._verdicts.read(self._read):
            return False
        self._verdict[:] = self._read
        return True

    def _latched(self) -> Fault | None:
        return fault_of(self._verdict) if self._verdict["fault"][0] >= 0 else None

    def _fail(self, why: str) -> Fault:
        self._own = Fault(FaultKind.MONITOR, f"safety monitor: {why}; restart it", latched=True)
        return self._own

    def _answered(self) -> bool:
        try:
            return self._pipe.recv_bytes() != b""
        except (EOFError, OSError):
            return False


def _serve(
    pipe: Connection,
    samples: str,
    verdicts: str,
    config_bytes: bytes,
    rules_bytes: bytes,
    pace: str,
    on_trip: Callable[[], None] | None,
) -> None:
    """Judge samples until the controller hangs up."""
    from arm_control.memory import CONFIG  # noqa: PLC0415 - only the child needs the bytes back
    from arm_control.safety import RULES  # noqa: PLC0415 - the same

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the controller's to handle
    bench = _Bench(
        SharedRecord.attach(samples, SAMPLE),
        SharedRecord.attach(verdicts, VERDICT),
        np.frombuffer(config_bytes, CONFIG).copy(),
        np.frombuffer(rules_bytes, RULES).copy(),
        on_trip,
    )
    bench.rehearse()
    try:
        pipe.send_bytes(b"ready")
        if pace == Pace.LOCK_STEP.value:
            _lock_step(pipe, bench)
        else:
            _real_time(pipe, bench)
    except (EOFError, OSError):
        bench.lost()
    finally:
        bench.close()


class _Bench:
    """What the monitor's process works with."""

    def __init__(
        self,
        samples: SharedRecord,
        verdicts: SharedRecord,
        config: np.ndarray,
        rules: np.ndarray,
        on_trip: Callable[[], None] | None,
    ) -> None:
        self.samples = samples
        self._verdicts = verdicts
        self._config = config
        self._rules = rules
        self.patience_s = float(rules["silence"][0])
        self._on_trip = on_trip
        self._sample = np.zeros(1, SAMPLE)
        self._watch = np.zeros(1, WATCH)
        self._verdict = np.zeros(1, VERDICT)
        self._judged = 0
        self.clear()

    def rehearse(self) -> None:
        """Compile the rules by judging an empty sample."""
        judge(self._config, self._rules, self._sample, self._watch)
        self._watch[:] = 0
        self.clear()

    def clear(self) -> None:
        """Forget the latch."""
        self._watch[:] = 0
        self._watch["fault"] = OK
        self._publish()

    def judge(self) -> bool:
        """Judge the newest sample and publish the verdict; False while it is torn, or none came."""
        had = int(self._watch["fault"][0])
        sequence = self.samples.sequence
        whole = sequence > 0 and self.samples.read(self._sample)
        if whole:
            self._judged = sequence
            judge(self._config, self._rules, self._sample, self._watch)
        if had < 0 <= int(self._watch["fault"][0]):
            self._act()
        self._publish()
        return whole

    def trip(self, kind: FaultKind, value: float, bound: float) -> None:
        """Latch ``kind`` on the monitor's own finding: ``value`` beyond ``bound``."""
        if self._watch["fault"][0] < 0:
            self._watch["fault"] = KINDS.index(kind)
            self._watch["value"] = value
            self._watch["bound"] = bound
            self._act()
        self._publish()

    def lost(self) -> None:
        """Stop the arm by the monitor's own way: the controller has gone without a farewell."""
        self._act()

    def close(self) -> None:
        """Let go of the shared memory."""
        self.samples.close()
        self._verdicts.close()

    def _act(self) -> None:
        if self._on_trip is not None:
            self._on_trip()

    def _publish(self) -> None:
        self._verdict["judged"] = self._judged
        self._verdict["stamp"] = time.monotonic_ns()
        for name in ("fault", "value", "bound"):
            self._verdict[name] = self._watch[name]
        self._verdicts.write(self._verdict)


def _lock_step(pipe: Connection, bench: _Bench) -> None:
    while True:
        word = pipe.recv_bytes()
        if word == _BYE:
            return
        if word == _RESET:
            bench.clear()
            pipe.send_bytes(b"v")
        else:
            bench.judge()


def _real_time(pipe: Connection, bench: _Bench) -> None:
    """Judge every sample as it comes, look every half millisecond, and count the silence."""
    parent = os.getppid()
    last = bench.samples.sequence
    heard = time.monotonic()
    while True:
        if pipe.poll(0.0005):
            word = pipe.recv_bytes()
            if word == _BYE:
                return
            bench.clear()
            heard = time.monotonic()
            pipe.send_bytes(b"v")
        if os.getppid() != parent:
            bench.lost()
            return
        sequence = bench.samples.sequence
        if sequence != last and bench.judge():
            last = sequence
            heard = time.monotonic()
            continue
        silence = time.monotonic() - heard
        if last > 0 and silence > bench.patience_s:
            bench.trip(FaultKind.HEARTBEAT, silence, bench.patience_s)
        else:
            bench.judge()
