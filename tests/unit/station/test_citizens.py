"""The demonstration's citizens."""

import pytest

from booth_queue.domain.priority import needs_of_age, rate
from station.demo.citizens import in_order_of_arrival, seed_book


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("years_from_now", [0, 2])
def test_nobody_overtakes_whatever_the_clock_says(seed: int, years_from_now: int) -> None:
    """Priority grows by seconds of the wall; who came first must gather it at least as fast."""
    line = in_order_of_arrival(seed_book(10, seed))
    rates = [
        rate(citizen.needs | needs_of_age(int(citizen.body.anatomy.age) + years_from_now))
        for citizen in line
    ]
    assert rates == sorted(rates, reverse=True)


def test_everybody_arrives_and_the_young_in_the_order_of_the_book() -> None:
    book = seed_book(10, 7)
    line = in_order_of_arrival(book)
    assert sorted(one.id_number for one in line) == sorted(one.id_number for one in book)
    young = [one for one in book if one.body.anatomy.age < 55]
    assert [one for one in line if one.body.anatomy.age < 55] == young


def test_the_same_seed_gives_the_same_citizens() -> None:
    assert seed_book(3, 5) == seed_book(3, 5)
