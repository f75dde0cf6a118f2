"""A citizen's way through: book, arrive, be called, be swabbed, tube on record."""

import pytest

from booth_queue.client import Refused
from booth_queue.contract import BookingState, Need, Outcome, TicketState, TubeState

from .conftest import Running


def refusal(code: str) -> "pytest.RaisesExc[Refused]":
    return pytest.raises(Refused, match=rf"\b{code}:")


def test_the_whole_way(service: Running) -> None:
    citizen, booth = service.citizen(), service.booth()
    ticket = citizen.arrive()
    assert (ticket.number, ticket.state, ticket.position) == ("A001", TicketState.WAITING, 1)
    called = booth.take_next()
    assert called is not None
    assert (called.number, called.name_masked, called.age) == ("A001", "张***", 36)
    session = booth.open_session(called.ticket_id)
    tube = booth.bind_swab(session.id, "TUBE-1")
    assert (tube.state, tube.swabs, tube.pool_size) == (TubeState.FILLING, 1, 1)
    stored = booth.store_record(session.id, {"sites": [{"name": "left tonsil", "strokes": 3}]})
    assert len(stored.sha256) == 64
    closed = booth.close_session(session.id, Outcome.SAMPLED)
    assert (closed.outcome, closed.barcode) == (Outcome.SAMPLED, "TUBE-1")
    assert citizen.client.ticket(ticket.id).state is TicketState.DONE
    assert citizen.client.bookings()[0].state is BookingState.DONE
    with refusal("tube_used"):  # a single swab's tube is sealed with the session
        second = service.citizen()
        second.arrive()
        again = booth.take_next()
        assert again is not None
        booth.bind_swab(booth.open_session(again.ticket_id).id, "TUBE-1")


def test_numbers_run_per_booth_without_gaps(service: Running) -> None:
    at_a = [service.citizen().arrive("demo-a-0000").number for _ in range(3)]
    at_b = service.citizen().arrive("demo-b-0000").number
    with refusal("slot_full"):
        service.citizen().arrive("demo-a-0000")
    at_a.append(service.citizen().arrive("demo-a-0001").number)
    assert at_a == ["A001", "A002", "A003", "A004"]
    assert at_b == "B001"


def test_a_slot_is_sold_to_its_capacity_and_a_cancelled_seat_once_more(service: Running) -> None:
    seated = [service.citizen() for _ in range(3)]
    bookings = [citizen.book() for citizen in seated]
    late = service.citizen()
    with refusal("slot_full"):
        late.book()
    assert seated[0].client.cancel(bookings[0].id).state is BookingState.CANCELLED
    with refusal("wrong_state"):
        seated[0].client.cancel(bookings[0].id)
    late.book()
    with refusal("slot_full"):
        seated[0].book()


def test_one_active_booking_and_no_seat_leaks_on_the_duplicate(service: Running) -> None:
    citizen = service.citizen()
    citizen.book("demo-a-0000")
    with refusal("already_booked"):
        citizen.book("demo-a-0001")
    left = {slot.id: slot.left for slot in citizen.client.slots("demo-a")}
    assert (left["demo-a-0000"], left["demo-a-0001"]) == (2, 3)


def test_changing_moves_the_seat(service: Running) -> None:
    citizen = service.citizen()
    moved = citizen.client.change(citizen.book("demo-a-0001").id, "demo-b-0000")
    assert moved.slot_id == "demo-b-0000"
    left = {slot.id: slot.left for slot in citizen.client.slots("demo-a")}
    assert left["demo-a-0001"] == 3
    assert citizen.client.slots("demo-b")[0].left == 2


def test_changing_to_a_full_slot_keeps_the_old_seat(service: Running) -> None:
    citizen = service.citizen()
    booking = citizen.book("demo-a-0001")
    for _ in range(3):
        service.citizen().book("demo-b-0000")
    with refusal("slot_full"):
        citizen.client.change(booking.id, "demo-b-0000")
    assert citizen.client.bookings()[0].state is BookingState.BOOKED
    left = {slot.id: slot.left for slot in citizen.client.slots("demo-a")}
    assert left["demo-a-0001"] == 2


def test_a_repeated_command_answers_the_same_and_does_nothing_twice(service: Running) -> None:
    citizen, booth = service.citizen(), service.booth()
    first = citizen.client.book("demo-a-0000", citizen.person.id, key="the-same-key")
    again = citizen.client.book("demo-a-0000", citizen.person.id, key="the-same-key")
    assert again == first
    with refusal("key_reused"):
        citizen.client.book("demo-a-0001", citizen.person.id, key="the-same-key")
    citizen.client.check_in("demo-a", first.id)
    other = service.citizen()
    waiting = other.arrive()
    called = booth.take_next(key="call-key-1")
    assert called is not None
    session = booth.open_session(called.ticket_id, key="open-key-1")
    assert booth.open_session(called.ticket_id, key="open-key-1") == session
    assert booth.bind_swab(session.id, "TUBE-1", key="bind-key-1").swabs == 1
    assert booth.bind_swab(session.id, "TUBE-1", key="bind-key-1").swabs == 1
    # The old call answers as it did then, though somebody else waits now.
    assert booth.take_next(key="call-key-1") == called
    assert other.client.ticket(waiting.id).position == 1


def test_symptomatic_people_go_to_a_single_swab_booth(service: Running) -> None:
    ill = service.citizen(needs=[Need.SYMPTOMATIC])
    with refusal("single_swab_booth"):
        ill.book("pool-a-0000")
    assert ill.arrive("demo-a-0000").number == "A001"
