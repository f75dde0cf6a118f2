"""Calling order: an accumulating-priority queue.

Each waiting person gains priority at a constant rate from the moment of joining, and the one with
the most is called. Whoever waits long enough overtakes anybody who joins later, so nobody starves
(Kleinrock 1964, "A delay dependent queue discipline"; Stanford, Taylor and Ziedins 2014).
"""

from collections.abc import Collection
from typing import Final

from booth_queue.domain.vocabulary import Need

RATES: Final = {
    Need.ELDERLY: 1.5,
    Need.SMALL_CHILD: 1.5,
    Need.DISABLED: 2.0,
    Need.SYMPTOMATIC: 2.0,  # leaves the crowd as soon as possible
    Need.CLOSE_CONTACT: 1.0,
    Need.RETEST: 1.5,
}
_SINGLE: Final = frozenset({Need.SYMPTOMATIC, Need.CLOSE_CONTACT, Need.RETEST})


def rate(needs: Collection[Need]) -> float:
    """Return priority points per second; the strongest need counts, needs do not add up."""
    return max((RATES[need] for need in needs), default=1.0)


def single_swab(needs: Collection[Need]) -> bool:
    """Tell whether a person's swab must be alone in its tube."""
    return not _SINGLE.isdisjoint(needs)


def needs_of_age(age: int) -> frozenset[Need]:
    """Return the needs that follow from age alone: small children and people over 60."""
    if age < 7:
        return frozenset({Need.SMALL_CHILD})
    return frozenset({Need.ELDERLY}) if age > 60 else frozenset()
