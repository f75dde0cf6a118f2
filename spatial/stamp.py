"""Stamps: monotonic nanoseconds of one clock per machine.

Every message carries the stamp of the measurement, never of the sending, and every consumer has
an age limit.
"""

NANOSECONDS_PER_SECOND = 1_000_000_000


def stamp_ns(time_s: float) -> int:
    """Return ``time_s`` [s] as whole nanoseconds, rounded to the nearest."""
    return round(time_s * NANOSECONDS_PER_SECOND)


def seconds(duration_ns: int) -> float:
    """Return ``duration_ns`` [ns] in seconds."""
    return duration_ns / NANOSECONDS_PER_SECOND


def age_s(stamp: int, now: int) -> float:
    """Return the age [s] at ``now`` [ns] of something measured at ``stamp`` [ns].

    Negative when the stamp lies in the future, which a consumer must treat as a fault.
    """
    return (now - stamp) / NANOSECONDS_PER_SECOND
