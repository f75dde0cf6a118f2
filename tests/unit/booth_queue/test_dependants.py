"""Dependants: whoever knows a name and an ID number may book, and is told nothing more."""

from booth_queue.contract import Outcome, PersonView

from .conftest import Citizen, Running, id_number

GRANDMOTHER = id_number("19400101", 930)


def claim(service: Running) -> tuple[Citizen, PersonView]:
    """Let an account register somebody over 60 whose name and number it knows."""
    claimant = service.citizen()
    person = claimant.client.register("王奶奶", GRANDMOTHER, dependant=True, consent=True)
    assert not person.confirmed
    return claimant, person


def erase(service: Running, claimant: Citizen, person: PersonView) -> tuple[int, str]:
    answered = service.command(claimant.headers, f"/v1/people/{person.id}/erasure")
    return answered.status_code, answered.json().get("code", "")


def test_results_and_erasure_wait_until_staff_have_seen_both(service: Running) -> None:
    claimant, person = claim(service)
    booking = claimant.client.book("demo-a-0000", person.id)
    claimant.client.check_in("demo-a", booking.id)
    booth, staff = service.booth(), service.sign_in("staff")
    called = booth.take_next()
    assert called is not None
    session = booth.open_session(called.ticket_id)
    booth.bind_swab(session.id, "TUBE-1")
    booth.close_session(session.id, Outcome.SAMPLED)
    service.command(staff, "/v1/boxes/BOX-1/tubes/TUBE-1")
    lab = service.sign_in("lab")
    service.command(lab, "/v1/lab/boxes/BOX-1/receive", {"barcodes": ["TUBE-1"]})
    reported = service.command(lab, "/v1/lab/results", {"barcode": "TUBE-1", "finding": "negative"})
    assert reported.status_code == 200, reported.text

    assert claimant.client.results() == []
    assert erase(service, claimant, person) == (403, "not_confirmed")

    path = f"/v1/bookings/{booking.id}/dependant"
    first = service.command(staff, path)
    assert first.status_code == 200, first.text
    assert service.command(staff, path).json() == first.json()
    assert [one.person_id for one in claimant.client.results()] == [person.id]
    known = {one.id: one.confirmed for one in claimant.client.people()}
    assert known == {claimant.person.id: True, person.id: True}
    assert erase(service, claimant, person)[0] == 200


def test_a_grid_worker_confirms_residents_of_the_own_grid_alone(service: Running) -> None:
    claimant, person = claim(service)
    booking = claimant.client.book("demo-a-0000", person.id)
    grid, path = service.sign_in("grid"), f"/v1/bookings/{booking.id}/dependant"
    assert service.command(grid, path).status_code == 404
    resident = {
        "unit_id": "demo-grid-unit-0",
        "name": "王奶奶",
        "id_number": GRANDMOTHER,
        "consent": True,
    }
    enrolled = service.command(grid, "/v1/grid/residents", resident)
    assert enrolled.json()["id"] == person.id
    neighbour = resident | {"name": "邻居", "id_number": id_number("19800101", 931)}
    assert service.command(grid, "/v1/grid/residents", neighbour).status_code == 200

    def claims() -> dict[str, str | None]:
        roster = service.http.get("/v1/grid/roster?round_id=demo-1", headers=grid)
        return {each["name_masked"]: each["claim"] for each in roster.json()["residents"]}

    assert claims() == {"王**": booking.id, "邻*": None}
    assert service.command(grid, path).status_code == 200
    assert claims() == {"王**": None, "邻*": None}


def test_a_booking_for_oneself_needs_no_confirmation(service: Running) -> None:
    own = service.citizen().book()
    staff = service.sign_in("staff")
    assert service.command(staff, f"/v1/bookings/{own.id}/dependant").status_code == 404


def test_a_strangers_booking_is_seen_and_cancelled_by_its_person(service: Running) -> None:
    claimant, person = claim(service)
    booking = claimant.client.book("demo-a-0000", person.id)
    # A grandmother of her own mind signs in, and finds that somebody has booked for her.
    herself = service.citizen()
    assert service.http.get("/v1/bookings", headers=herself.headers).json()["bookings"] == []
    other = service.command(herself.headers, f"/v1/bookings/{booking.id}/cancel")
    assert other.status_code == 404
    registered = service.sign_up()
    own = {"name": "王奶奶", "id_number": GRANDMOTHER, "consent": True}
    assert service.command(registered, "/v1/me/person", own).status_code == 200
    listed = service.http.get("/v1/bookings", headers=registered).json()["bookings"]
    assert [one["id"] for one in listed] == [booking.id]
    cancelled = service.command(registered, f"/v1/bookings/{booking.id}/cancel")
    assert cancelled.json()["state"] == "cancelled"


def test_the_line_tells_staff_whom_to_confirm(service: Running) -> None:
    claimant, person = claim(service)
    booking = claimant.client.book("demo-a-0000", person.id)
    claimant.client.check_in("demo-a", booking.id)
    service.citizen().arrive()
    staff = service.sign_in("staff")

    def confirms() -> list[bool]:
        answered = service.http.get("/v1/booths/demo-a/line", headers=staff)
        return [row["confirms"] for row in answered.json()["rows"]]

    assert confirms() == [True, False]
    service.command(staff, f"/v1/bookings/{booking.id}/dependant")
    assert confirms() == [False, False]
