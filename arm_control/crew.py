"""Loop, pump and monitor of one arm as processes: begun together, ended with their parent.

The loop has a process of its own, so that no Python beside it delays a cycle, and the driver has
another, so that the loop never waits for a wire. A session steers from the parent
(`arm_control.loop_controller`). Where the parent dies, the loop brakes, for nobody steers, and when
the arm rests, or 3 s later, pump and loop end; the pump stops the arm by its own means first.
"""

import contextlib
import multiprocessing
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from types import TracebackType
from typing import Any, Self

import numpy as np

from arm_control.configuration import configure
from arm_control.errors import ArmControlError
from arm_control.exchange import SETPOINT, Exchange
from arm_control.limits import Limits
from arm_control.loop import Punctuality, RealTimeLoop
from arm_control.loop_controller import LoopController
from arm_control.memory import CONFIG, record
from arm_control.model import ArmModel
from arm_control.monitor import VERDICT, MonitorProcess, Pace
from arm_control.ports import ArmDriver, ArmInfo
from arm_control.pump import Pump
from arm_control.realtime import Rights, claim, hurry
from arm_control.report import Fault
from arm_control.safety import SAMPLE, fault_of
from arm_control.shared import SharedRecord
from arm_control.surroundings import Surroundings
from spatial import SpatialError, Vector

LEDGER = np.dtype(
    [
        ("cycles", "i8"),
        ("late", "i8"),
        ("episodes", "i8"),
        ("longest_row", "i8"),
        ("skipped", "i8"),
        ("worst", "f8"),  # [s]
    ],
    align=True,
)
"""What the loop's process writes of its `Punctuality`."""

_START_S = 280.0  # the first start compiles, on a busy machine
_STOP_S = 5.0
_LOOK_S = 0.1  # between two looks at the parent
_FOR_EVER = 2**62
_ANSWER_S = 15.0  # an arm may unlock 5 s after a protective stop, and no sooner
_ORPHAN_S = (0.5, 3.0)  # the least, in which the loop notices and brakes, and the most
_REST = 1e-3  # [rad/s]
_BYE, _RESET = "bye", "reset"

MakeDriver = Callable[[], ArmDriver]


@dataclass(frozen=True, slots=True)
class LoopReport:
    """What one run of the loop says for the record: rights, punctuality, the monitor's fault."""

    rights: Rights
    punctuality: Punctuality
    fault: Fault | None


class ArmCrew:
    """The processes of one arm, as a context; inside, the arm holds where it stands.

    ``make_driver`` (a module's function, or a partial of one) opens the driver in the pump's own
    process; ``info`` is what that driver will state. ``core`` is the loop's; None takes the last
    that this process may use. Raises ArmControlError where a process does not start.
    """

    def __init__(
        self,
        model: ArmModel,
        limits: Limits,
        info: ArmInfo,
        make_driver: MakeDriver,
        core: int | None = None,
        posture: Vector | None = None,
    ) -> None:
        self._config = configure(model, limits, info)
        self._model, self._limits, self._info = model, limits, info
        self._make_driver = make_driver
        self._core = core
        self._posture = posture
        self._ending: list[Callable[[], None]] = []

    def __enter__(self) -> Self:
        try:
            self._open()
        except BaseException:
            self._close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._close()

    @property
    def exchange(self) -> Exchange:
        """The loop's shared records."""
        return self._exchange

    @property
    def missing(self) -> tuple[str, ...]:
        """The names of the processes that have ended though nobody asked them to."""
        helpers = (self._pump, self._loop)
        return tuple(helper.name for helper in helpers if not helper.running)

    @property
    def pids(self) -> tuple[int, int, int]:
        """Process ids of pump, loop and monitor, for fault campaigns."""
        return self._pump.pid, self._loop.pid, self._monitor.pid

    def controller(self, surroundings: Surroundings | None = None) -> LoopController:
        """Return what steers the loop from here; there may be one at a time."""
        return LoopController(
            self._exchange,
            self,
            self._model,
            self._limits,
            self._info,
            surroundings,
            self._posture,
        )

    @property
    def fault(self) -> Fault | None:
        """What the safety monitor has latched, in words."""
        verdict = record(VERDICT)
        return fault_of(verdict) if self._verdicts.read(verdict) else None

    def recover(self) -> None:
        """Have the arm take set-points again after its own stop, on a person's word.

        Raises ArmControlError where its driver cannot.
        """
        self._pump.ask(_RESET, _ANSWER_S)

    def reset(self, by: str) -> None:
        """Clear the monitor's latch; ``by`` has looked. Raises MonitorError if it is dead."""
        self._monitor.reset(by)

    def report(self) -> LoopReport:
        """Return how punctual the loop has been until now, and whether the monitor has tripped."""
        ledger = record(LEDGER)
        self._ledger.read(ledger)
        x = ledger[0]
        punctuality = Punctuality(
            int(x["cycles"]),
            int(x["late"]),
            int(x["episodes"]),
            int(x["longest_row"]),
            int(x["skipped"]),
            float(x["worst"]),
        )
        return LoopReport(self._rights, punctuality, self.fault)

    def _open(self) -> None:
        self._exchange = Exchange.create()
        self._later(self._exchange.unlink, self._exchange.close)
        self._ledger = SharedRecord.create(LEDGER)
        self._later(self._ledger.unlink, self._ledger.close)
        names = self._exchange.names
        self._monitor = MonitorProcess.for_arm(
            self._model, self._limits, self._info, pace=Pace.REAL_TIME
        )
        self._later(self._monitor.close)
        self._verdicts = SharedRecord.attach(self._monitor.names[1], VERDICT)
        self._later(self._verdicts.close)
        self._pump = _Helper("pump", _pump, (names, self._make_driver))
        self._later(self._pump.close)
        self._loop = _Helper(
            "loop",
            _loop,
            (
                names,
                self._monitor.names,
                self._ledger.name,
                self._config.tobytes(),
                self._core,
                self._posture,
            ),
        )
        self._later(self._loop.close)
        self._pump.await_ready()
        rights = self._loop.await_ready()
        if not isinstance(rights, Rights):
            raise ArmControlError(f"the arm's loop answered {rights!r} instead of its rights")
        self._rights = rights

    def _later(self, *acts: Callable[[], None]) -> None:
        self._ending.extend(acts)

    def _close(self) -> None:
        while self._ending:
            self._ending.pop()()


class _Helper:
    """A process that begins at once, says when it is ready, and ends when it is told to."""

    def __init__(self, name: str, target: Callable[..., None], arguments: tuple[Any, ...]) -> None:
        self.name = name
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(
            target=target, args=(theirs, *arguments), name=f"arm-{name}", daemon=True
        )
        self._process.start()
        theirs.close()

    @property
    def pid(self) -> int:
        return self._process.pid or 0

    @property
    def running(self) -> bool:
        return self._process.is_alive()

    def await_ready(self) -> object:
        """Return the process's first word. Raises ArmControlError where it ends instead."""
        heard = wait([self._pipe, self._process.sentinel], _START_S)
        try:
            if self._pipe in heard:
                return self._pipe.recv()
        except EOFError:
            pass  # it closed its end without a word
        why = "ended while starting" if heard else f"did not start within {_START_S:.0f} s"
        raise ArmControlError(f"the arm's {self.name} {why}; look at what its process printed")

    def ask(self, word: str, seconds: float) -> None:
        """Have ``word`` done. Raises ArmControlError where it is not, or not in so many seconds."""
        why = f"did not answer within {seconds:.0f} s"
        try:
            self._pipe.send(word)
            if self._pipe.poll(seconds):
                why = self._pipe.recv()
        except (EOFError, OSError):
            why = "has ended; start the arm's processes again"
        if why:
            raise ArmControlError(f"the arm's {self.name}: {why}")

    def close(self) -> None:
        with contextlib.suppress(OSError):  # it is gone already
            self._pipe.send(_BYE)
        self._pipe.close()
        self._process.join(_STOP_S)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()


class _Parent:
    """The parent as its helper hears it: ``over`` says when to end.

    That is at its farewell or, where it died, when the arm has come to rest.
    """

    def __init__(self, pipe: Connection, exchange: Exchange) -> None:
        self._pipe = pipe
        self._exchange = exchange
        self._setpoint = record(SETPOINT)
        self._died: float | None = None

    def over(self, obey: Callable[[str], str] | None = None) -> bool:
        """Whether to end; what the parent asks for meanwhile is answered by ``obey``."""
        if self._died is not None:
            least, most = _ORPHAN_S
            since = time.monotonic() - self._died
            return since > most or (since > least and self._at_rest())
        try:
            while self._pipe.poll():
                word = self._pipe.recv()
                if word == _BYE:
                    return True
                self._pipe.send("unknown word" if obey is None else obey(word))
        except (EOFError, OSError):
            self._died = time.monotonic()
        return False

    def _at_rest(self) -> bool:
        read = self._exchange.setpoint.read(self._setpoint)
        return read and bool(np.abs(self._setpoint["v"]).max() < _REST)


def _pump(pipe: Connection, names: tuple[str, ...], make_driver: MakeDriver) -> None:
    """Carry measurements and set-points until it is over, then stop and leave the arm."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle
    exchange = Exchange.attach(names)
    driver = make_driver()
    try:
        hurry()  # late set-points stop the arm
        pipe.send(driver.info)
        pump, parent = Pump(driver, exchange), _Parent(pipe, exchange)

        def reset(_: str) -> str:
            try:
                pump.reset()
            except (ArmControlError, SpatialError, OSError) as error:
                return str(error)
            return ""

        pump.run(lambda: parent.over(reset))
    finally:
        driver.close()
        exchange.close()


def _loop(
    pipe: Connection,
    names: tuple[str, ...],
    monitor: tuple[str, str],
    ledger_name: str,
    config: bytes,
    core: int | None,
    posture: Vector | None,
) -> None:
    """Run the compiled loop until it is over; a thread beside it keeps the ledger."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    exchange = Exchange.attach(names)
    samples, verdicts = map(SharedRecord.attach, monitor, (SAMPLE, VERDICT))
    ledger = SharedRecord.attach(ledger_name, LEDGER)
    words = samples.words, verdicts.words
    loop = RealTimeLoop(np.frombuffer(config, CONFIG).copy(), exchange, words, posture=posture)
    while exchange.measurement.sequence == 0:  # an arm that never spoke is none to hold
        if pipe.poll(_LOOK_S):
            return
    begun = threading.Event()

    def keep_ledger() -> None:
        begun.wait()
        parent = _Parent(pipe, exchange)
        while not parent.over():
            _enter(ledger, loop.punctuality)
            time.sleep(_LOOK_S)
        loop.quit()

    # begun before the claim, which is for the calling thread alone: this one has time
    beside = threading.Thread(target=keep_ledger, name="ledger")
    beside.start()
    rights = claim(core)
    pipe.send(rights)
    begun.set()
    loop.run(_FOR_EVER)
    beside.join()
    _enter(ledger, loop.punctuality)


def _enter(ledger: SharedRecord, punctuality: Punctuality) -> None:
    entry = record(LEDGER)
    for name in LEDGER.names or ():
        entry[name] = getattr(punctuality, name)
    ledger.write(entry)
