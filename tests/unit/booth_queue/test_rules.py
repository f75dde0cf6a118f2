"""Laws of the domain: numbers, calling order, waits, codes, the chain, deadlines, diversion."""

import heapq
import random
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from booth_queue.domain import code, idcard, priority
from booth_queue.domain.chain import FIRST, Entry, entry_hash, first_fault
from booth_queue.domain.deadlines import close_by
from booth_queue.domain.diversion import Option, rank, walk_s
from booth_queue.domain.laboratory import verdict
from booth_queue.domain.visits import ACTIVE_TICKET, TICKET_TRANSITIONS
from booth_queue.domain.vocabulary import Finding, IncidentKind, Need, TicketState, Verdict
from booth_queue.domain.wait import Pace, predict

NOW = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
birthdays = st.dates(min_value=date(1900, 1, 1), max_value=date(2099, 12, 31))


class TestIdNumbers:
    @given(birthdays, st.integers(0, 999))
    def test_a_number_gives_its_birthday_and_no_other_check_character_does(
        self, born: date, serial: int
    ) -> None:
        first = f"440300{born:%Y%m%d}{serial:03d}"
        right = idcard.check_character(first)
        assert idcard.birth_date(first + right) == born
        assert all(
            idcard.birth_date(first + other) is None for other in "0123456789X" if other != right
        )

    @given(birthdays, st.integers(0, 16), st.integers(1, 9))
    def test_one_mistyped_digit_is_always_found(self, born: date, at: int, shift: int) -> None:
        first = f"440300{born:%Y%m%d}123"
        number = first + idcard.check_character(first)
        wrong = f"{number[:at]}{(int(number[at]) + shift) % 10}{number[at + 1 :]}"
        assert idcard.birth_date(wrong) is None

    @given(birthdays, st.integers(0, 15))
    def test_two_digits_exchanged_are_always_found(self, born: date, at: int) -> None:
        first = f"440300{born:%Y%m%d}123"
        number = first + idcard.check_character(first)
        swapped = number[:at] + number[at + 1] + number[at] + number[at + 2 :]
        assert swapped == number or idcard.birth_date(swapped) is None

    def test_a_published_example(self) -> None:
        # The example of GB 11643-1999, appendix A.
        assert idcard.birth_date("11010519491231002X") == date(1949, 12, 31)

    @given(st.text(min_size=1, max_size=10))
    def test_a_mask_shows_the_first_character_alone(self, name: str) -> None:
        masked = idcard.mask_name(name)
        assert masked[0] == name[0]
        assert set(masked[1:]) == {"*"}


class TestCallingOrder:
    def test_whoever_waits_overtakes_everybody_who_comes_late_enough(self) -> None:
        fastest = max(priority.RATES.values())
        # Joined at 0 at rate 1; after 100 s, who joined before 100 - 100 / fastest may be ahead.
        for joined in range(101):
            ahead = fastest * (100 - joined) > 100
            assert ahead == (joined < 100 - 100 / fastest)

    @given(st.sets(st.sampled_from(Need)), st.sampled_from(Need))
    def test_a_need_more_never_slows_anybody(self, needs: set[Need], more: Need) -> None:
        assert priority.rate(needs | {more}) >= priority.rate(needs) >= 1.0

    def test_nobody_starves(self) -> None:
        chosen = random.Random(1)
        waiting: list[tuple[float, float]] = [(0.0, 1.0)]  # joined, rate: one ordinary person
        for minute in range(1, 1000):
            waiting += [(float(minute), 2.0)] * chosen.randint(1, 2)  # and a stream of others
            waiting.sort(key=lambda one: one[1] * (minute - one[0]), reverse=True)
            if waiting.pop(0) == (0.0, 1.0):
                return
        pytest.fail("an ordinary person was never called")


class TestWaits:
    @given(st.floats(0.5, 200), st.floats(5, 600), st.floats(0, 10_000), st.integers(0, 1000))
    def test_the_interval_holds_the_median_and_grows_with_the_queue(
        self, ahead: float, mean_s: float, variance_s2: float, seen: int
    ) -> None:
        pace = Pace(mean_s, variance_s2, seen)
        shorter, longer = predict(ahead, pace), predict(ahead + 1, pace)
        assert 0 <= shorter.low_s <= shorter.median_s <= shorter.high_s
        assert longer.median_s > shorter.median_s

    @pytest.mark.parametrize("ahead", [1, 5, 20])
    def test_four_of_five_waits_lie_inside(self, ahead: int) -> None:
        chosen = random.Random(2)
        inside = 0
        for _ in range(1000):
            pace = Pace()
            for _ in range(60):
                pace = pace.after(chosen.gammavariate(4, 10))
            wait = predict(ahead, pace)
            waited = sum(chosen.gammavariate(4, 10) for _ in range(ahead))
            inside += wait.low_s <= waited <= wait.high_s
        assert 0.72 < inside / 1000 < 0.9

    def test_nobody_ahead_is_no_wait_and_levels_are_the_published_ones(self) -> None:
        assert predict(0, Pace()).median_s == 0
        levels = [replace(predict(1, Pace()), median_s=60.0 * m).level for m in (24, 26, 49, 51)]
        assert levels == ["free", "busy", "busy", "crowded"]

    @pytest.mark.parametrize("wrong", [float("nan"), float("inf"), 0.0, -1.0])
    def test_a_pace_that_is_none_is_refused(self, wrong: float) -> None:
        with pytest.raises(ValueError, match="mean_s"):
            Pace(wrong, 1.0, 0)


class TestCodes:
    KEY = Ed25519PrivateKey.generate()

    @given(st.dictionaries(st.sampled_from("bpks"), st.text(max_size=40)))
    def test_a_code_comes_back_and_a_changed_one_does_not(self, payload: dict[str, str]) -> None:
        signed = code.sign(self.KEY, code.BOOKING, payload)
        public = code.public_key(code.public_text(self.KEY))
        assert code.verify(public, code.BOOKING, signed, NOW) == payload
        kind, body, signature = signed.split(".")
        for forged in (
            f"{kind}.{body[::-1]}.{signature}",
            f"{kind}.{body}.{signature[::-1]}",
            f"{code.RESULT}.{body}.{signature}",
            signed[:-4],
            "",
        ):
            if forged != signed:
                with pytest.raises(code.CodeError):
                    code.verify(public, code.BOOKING, forged, NOW)

    def test_a_code_runs_out_and_another_key_does_not_fit(self) -> None:
        signed = code.sign(self.KEY, code.BOOKING, {"x": int(NOW.timestamp()) + 60})
        public = self.KEY.public_key()
        assert code.verify(public, code.BOOKING, signed, NOW)
        with pytest.raises(code.CodeError, match="over"):
            code.verify(public, code.BOOKING, signed, NOW + timedelta(seconds=60))
        with pytest.raises(code.CodeError, match="signature"):
            code.verify(Ed25519PrivateKey.generate().public_key(), code.BOOKING, signed, NOW)
        with pytest.raises(code.CodeError):
            code.public_key("too short")


def chain(length: int) -> list[Entry]:
    entries: list[Entry] = []
    for number in range(1, length + 1):
        previous = entries[-1].sha256 if entries else FIRST
        body = {"swab": number}
        hashed = entry_hash(previous, "booth", number, NOW, "bound", "T", body, "me", None, None)
        entries.append(
            Entry(f"{number}", "booth", number, NOW, "bound", "T", body, "me", previous, hashed)
        )
    return entries


class TestChain:
    @given(st.integers(2, 12), st.data())
    def test_any_change_is_found_where_it_is(self, length: int, data: st.DataObject) -> None:
        whole = chain(length)
        assert first_fault(whole) is None
        at = data.draw(st.integers(0, length - 1))
        changed = replace(whole[at], body={"swab": -1})
        assert first_fault([*whole[:at], changed, *whole[at + 1 :]]) is changed
        if at < length - 1:
            assert first_fault([*whole[:at], *whole[at + 1 :]]) is whole[at + 1]


class TestDeadlines:
    @given(st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001 - zone given beside it
    def test_fifteen_working_days_lie_between(self, reported_at: datetime) -> None:
        ends = close_by(IncidentKind.COMPLEX, reported_at)
        home = ends.tzinfo
        day, left = reported_at.astimezone(home).date(), 0
        while day < (ends - timedelta(seconds=1)).date():
            day += timedelta(days=1)
            left += day.weekday() < 5
        assert left == 15

    def test_holidays_are_passed_over(self) -> None:
        plain = close_by(IncidentKind.COMPLEX, NOW)
        one_off = close_by(IncidentKind.COMPLEX, NOW, {date(2026, 3, 4)})
        assert one_off - plain == timedelta(days=1)


def test_a_pool_clears_everybody_or_nobody() -> None:
    for pool in (5, 10, 20):
        assert verdict(Finding.NEGATIVE, pool) is Verdict.NEGATIVE
        assert verdict(Finding.POSITIVE, pool) is Verdict.RETEST_SINGLY
    assert verdict(Finding.POSITIVE, 1) is Verdict.POSITIVE
    assert verdict(Finding.INVALID, 1) is Verdict.RETEST_SINGLY


def test_every_ticket_that_is_active_can_come_to_an_end() -> None:
    ends = {state for state, onward in TICKET_TRANSITIONS.items() if not onward}
    assert ends.isdisjoint(ACTIVE_TICKET)
    for state in ACTIVE_TICKET:
        seen, todo = set(), [state]
        while todo:
            at = todo.pop()
            seen.add(at)
            todo += TICKET_TRANSITIONS[at] - seen
        assert TicketState.DONE in seen


class TestDiversion:
    def test_walking_a_degree_of_latitude(self) -> None:
        # One degree of a meridian is 111.2 km on a sphere of 6,371 km.
        assert walk_s((0, 0), (1, 0)) == pytest.approx(111_195 * 1.3 / 1.2, rel=1e-3)

    @given(st.lists(st.tuples(st.floats(0, 50), st.floats(0, 3600)), min_size=1, max_size=8))
    def test_the_best_is_called_soonest(self, booths: list[tuple[float, float]]) -> None:
        options = [Option(f"{i}", ahead, Pace(), walk) for i, (ahead, walk) in enumerate(booths)]
        best = rank(options)[0]
        assert all(best.called_after_s <= one.called_after_s for one in options)

    def test_counting_those_under_way_spares_the_wait(self) -> None:
        """40 booths at load 0.85, a quarter of an hour's walk at most."""
        without = mean_wait_min(ledger=False)
        with_ledger = mean_wait_min(ledger=True)
        assert with_ledger < 3
        assert with_ledger < 0.6 * without


def mean_wait_min(*, ledger: bool, booths: int = 40, load: float = 0.85) -> float:
    """Simulate arrivals who go where `rank` sends them; returns the mean wait in minutes."""
    chosen = random.Random(7)
    service_s, hours = 60.0, 6
    pace = Pace(service_s, service_s**2, 1000)
    free_at = [0.0] * booths  # when each booth will have served everybody in its line
    under_way = [0] * booths
    arrivals: list[tuple[float, int]] = []
    waits: list[float] = []
    now = 0.0
    while now < hours * 3600:
        now += chosen.expovariate(load * booths / service_s)
        while arrivals and arrivals[0][0] <= now:
            at, booth = heapq.heappop(arrivals)
            under_way[booth] -= 1
            waits.append(max(0.0, free_at[booth] - at))
            free_at[booth] = max(free_at[booth], at) + chosen.expovariate(1 / service_s)
        walks = [chosen.uniform(120, 900) for _ in range(booths)]
        options = [
            Option(
                f"{booth}",
                max(0.0, free_at[booth] - now) / service_s + (under_way[booth] if ledger else 0),
                pace,
                walks[booth],
            )
            for booth in range(booths)
        ]
        best = int(rank(options)[0].booth_id)
        under_way[best] += 1
        heapq.heappush(arrivals, (now + walks[best], best))
    return sum(waits) / len(waits) / 60
