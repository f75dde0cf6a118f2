"""What a control loop asks of the machine: rights, a precise wake-up, and the truth about both."""

import ctypes
import gc
import os
from dataclasses import dataclass

import numpy as np
from numba import types

from arm_control.compiled import kernel

_PRIORITY = 80
_ROOMY = 4  # cores, from which on one is the loop's alone
_AWAKE = 0.7  # share of a period
_REHEARSAL_NS = 120_000
_MCL_CURRENT_AND_FUTURE = 3
_CLOCK_MONOTONIC = 1
_TIMER_ABSTIME = 1
_CLOCK_THREAD_CPUTIME = 3
_CLOCK_MONOTONIC_WORD = np.int32(_CLOCK_MONOTONIC)
_CLOCK_THREAD_CPUTIME_WORD = np.int32(_CLOCK_THREAD_CPUTIME)

# Numba resolves these in the C library at load time, which keeps the kernels cacheable.
_clock_nanosleep = types.ExternalFunction(
    "clock_nanosleep", types.int32(types.int32, types.int32, types.voidptr, types.voidptr)
)
_clock_gettime = types.ExternalFunction("clock_gettime", types.int32(types.int32, types.voidptr))

LATENESS = np.dtype(
    [
        ("cycles", "i8"),
        ("late", "i8"),  # woken more than a fifth of a period after the deadline
        ("row", "i8"),  # late cycles without a timely one between
        ("longest_row", "i8"),
        ("episodes", "i8"),  # rows of late cycles
        ("skipped", "i8"),  # deadlines that passed while asleep
        ("lateness", "i8"),  # of this wake-up [ns]
        ("worst", "i8"),  # [ns]
        ("deadline", "i8"),  # [ns]
        ("brake_after", "i8"),  # late cycles in a row
        ("spin", "i8"),  # how long before the deadline the sleep ends [ns]
    ],
    align=True,
)


@dataclass(frozen=True, slots=True)
class Rights:
    """What the machine gave: a real-time class, a pinned core, locked memory, no collector.

    ``notes`` says in words what it refused, with the remedy, for the doctor and the record.
    """

    fifo: bool
    core: int | None
    locked: bool
    notes: tuple[str, ...]

    @property
    def full(self) -> bool:
        """Whether everything asked for was given."""
        return self.fifo and self.locked and self.core is not None


def claim(core: int | None = None) -> Rights:
    """Ask for everything a loop needs, in this process, and say what was given.

    Turns the garbage collector off. Nothing is raised: without rights the loop runs, less
    punctually, and says so.
    """
    notes = []
    gc.collect()
    gc.disable()
    gc.freeze()
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(_PRIORITY))
        fifo = True
    except OSError as error:
        fifo = False
        notes.append(
            f"no real-time class ({error.strerror}): give the user rtprio {_PRIORITY} in "
            "/etc/security/limits.d"
        )
    pinned = None
    try:
        cores = sorted(os.sched_getaffinity(0))
        pinned = cores[-1] if core is None else core
        os.sched_setaffinity(0, {pinned})
    except OSError as error:
        pinned = None
        notes.append(f"no core of its own ({error.strerror}): free one with isolcpus")
    libc = ctypes.CDLL(None, use_errno=True)
    locked = libc.mlockall(_MCL_CURRENT_AND_FUTURE) == 0
    if not locked:
        notes.append(
            f"memory not locked ({os.strerror(ctypes.get_errno())}): give the user memlock "
            "unlimited in /etc/security/limits.d"
        )
    return Rights(fifo, pinned, locked, tuple(notes))


def watch_ns(period_ns: int) -> int:
    """Return how long before its deadline a loop of this period [ns] shall have stopped sleeping.

    A core that sleeps falls out of its caches, and on a guest its host gives it to somebody else
    and back late. With cores to spare the loop keeps its own awake, but for what the kernel's share
    for others takes (a twentieth, sched_rt_runtime_us); with few it only rehearses.
    """
    spare = len(os.sched_getaffinity(0)) >= _ROOMY
    return int(_AWAKE * period_ns) if spare else min(_REHEARSAL_NS, period_ns // 2)


def hurry() -> bool:
    """Ask for a real-time class below the loop's, for what serves it; says whether it was given."""
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(_PRIORITY - 10))
    except OSError:
        return False
    return True


def probe() -> Rights:
    """Say what `claim` would get, by asking in a child and leaving this process as it is."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        rights = claim()
        text = f"{int(rights.fifo)};{rights.core};{int(rights.locked)};" + "|".join(rights.notes)
        os.write(writer, text.encode())
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as stream:
        fifo, core, locked, notes = stream.read().decode().split(";", 3)
    os.waitpid(child, 0)
    return Rights(
        fifo == "1",
        None if core == "None" else int(core),
        locked == "1",
        tuple(note for note in notes.split("|") if note),
    )


@kernel
def monotonic_ns(scratch: np.ndarray) -> int:
    """Return CLOCK_MONOTONIC [ns]; ``scratch`` is an int64 array (2,)."""
    _clock_gettime(_CLOCK_MONOTONIC_WORD, scratch.ctypes)
    return int(scratch[0] * 1_000_000_000 + scratch[1])


@kernel
def charged_ns(scratch: np.ndarray) -> int:
    """Return the processor time [ns] this thread has been charged with; scratch as above.

    It stands still while the thread does not run, and, where the kernel keeps account of stolen
    time, while a hypervisor runs somebody else.
    """
    _clock_gettime(_CLOCK_THREAD_CPUTIME_WORD, scratch.ctypes)
    return int(scratch[0] * 1_000_000_000 + scratch[1])


@kernel
def sleep_until(deadline: int, scratch: np.ndarray) -> None:
    """Sleep until CLOCK_MONOTONIC shows ``deadline`` [ns], going on sleeping after a signal."""
    while monotonic_ns(scratch) < deadline:
        scratch[0] = deadline // 1_000_000_000
        scratch[1] = deadline % 1_000_000_000
        _clock_nanosleep(
            _CLOCK_MONOTONIC_WORD, np.int32(_TIMER_ABSTIME), scratch.ctypes, scratch[:0].ctypes
        )


@kernel
def spin_until(deadline: int, scratch: np.ndarray) -> int:
    """Look at the clock until ``deadline`` [ns]; return the time [ns] it showed then."""
    now = monotonic_ns(scratch)
    while now < deadline:
        now = monotonic_ns(scratch)
    return now


@kernel
def note_wake(stats: np.ndarray, now: int, period: int) -> None:
    """Note how late the wake-up at ``now`` [ns] was, and set the next deadline.

    Missed deadlines are skipped, never made up for.
    """
    s = stats[0]
    s.cycles += 1
    s.lateness = now - s.deadline
    s.worst = max(s.worst, s.lateness)
    if s.lateness > period // 5:
        s.late += 1
        if s.row == 0:
            s.episodes += 1
        s.row += 1
        s.longest_row = max(s.longest_row, s.row)
    else:
        s.row = 0
    missed = s.lateness // period if s.lateness > 0 else 0
    s.skipped += missed
    s.deadline += (1 + missed) * period
