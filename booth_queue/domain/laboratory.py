"""Boxes, findings, and what a finding means for each person in the tube."""

from dataclasses import dataclass
from datetime import datetime

from booth_queue.domain.vocabulary import Finding, Verdict


@dataclass(frozen=True, slots=True)
class Box:
    """A box of sealed tubes on the way to a laboratory."""

    id: str
    round_id: str
    opened_at: datetime
    received_at: datetime | None = None
    received_by: str | None = None


@dataclass(frozen=True, slots=True)
class TubeResult:
    """What the laboratory says of a tube; a correction names the one it replaces, and why."""

    id: str
    tube_id: str
    finding: Finding
    reported_at: datetime
    reported_by: str
    corrects: str | None = None
    why: str | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """What one person is told; a correction names the result it replaces."""

    id: str
    round_id: str
    person_id: str
    session_id: str
    tube_result_id: str
    verdict: Verdict
    reported_at: datetime
    corrects: str | None = None


def verdict(finding: Finding, pool_size: int) -> Verdict:
    """Return what each person of a tube is told.

    A negative pool clears everybody in it. A positive pool says nothing about any one person, and
    an invalid tube nothing at all: both ask for a re-test, singly.
    """
    if finding is Finding.NEGATIVE:
        return Verdict.NEGATIVE
    if finding is Finding.POSITIVE and pool_size == 1:
        return Verdict.POSITIVE
    return Verdict.RETEST_SINGLY
