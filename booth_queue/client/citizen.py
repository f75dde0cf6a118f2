"""The service as a citizen's page or program sees it."""

from collections.abc import Iterable
from typing import Self

import httpx

from booth_queue.client.transport import Retry, Transport
from booth_queue.contract import (
    BookingChange,
    BookingRequest,
    Bookings,
    BookingView,
    BoothView,
    CheckInRequest,
    CodeRequest,
    CodeSent,
    CodeView,
    JourneyRequest,
    JourneyView,
    Language,
    Need,
    People,
    PersonRegistration,
    PersonView,
    PhoneSignIn,
    Recommendation,
    Results,
    ResultView,
    SlotView,
    TicketView,
    Tokens,
    WalkInRequest,
)
from booth_queue.contract.places import Booths, Slots


class CitizenClient:
    """Sign in, book, arrive, wait, read the result.

    Parameters
    ----------
    base_url
        Root of the service, e.g. ``http://127.0.0.1:8080``.
    """

    def __init__(
        self, base_url: str, *, http: httpx.Client | None = None, retry: Retry | None = None
    ) -> None:
        self._transport = Transport(base_url, http=http, retry=retry)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection."""
        self._transport.close()

    def request_code(self, phone: str, *, key: str | None = None) -> CodeSent:
        """Ask for a one-time code; in demo mode the answer carries it."""
        return self._transport.post("/v1/sign-in/code", CodeSent, CodeRequest(phone=phone), key)

    def sign_in(self, phone: str, code: str, *, key: str | None = None) -> Tokens:
        """Sign in with the one-time code; later calls carry the token."""
        tokens = self._transport.post(
            "/v1/sign-in/phone", Tokens, PhoneSignIn(phone=phone, code=code), key
        )
        self._transport.adopt(tokens)
        return tokens

    def register(
        self,
        name: str,
        id_number: str,
        *,
        dependant: bool = False,
        language: Language = Language.ZH,
        needs: Iterable[Need] = (),
        consent: bool,
        guardian_consent: bool = False,
        key: str | None = None,
    ) -> PersonView:
        """Register oneself, or a dependant; the ID number's check digit must be right."""
        registration = PersonRegistration(
            name=name,
            id_number=id_number,
            language=language,
            needs=frozenset(needs),
            consent=consent,
            guardian_consent=guardian_consent,
        )
        path = "/v1/me/dependants" if dependant else "/v1/me/person"
        return self._transport.post(path, PersonView, registration, key)

    def people(self) -> list[PersonView]:
        """List the people this account may book for."""
        return self._transport.get("/v1/me/people", People).people

    def booths(self, site_id: str | None = None) -> list[BoothView]:
        """List booths with their predicted wait."""
        params = {"site_id": site_id} if site_id else None
        return self._transport.get("/v1/booths", Booths, params).booths

    def recommend(self, person_id: str, latitude: float, longitude: float) -> Recommendation:
        """Ask which booth to go to."""
        return self._transport.get(
            "/v1/recommendation",
            Recommendation,
            {"person_id": person_id, "latitude": latitude, "longitude": longitude},
        )

    def set_out(self, person_id: str, booth_id: str, *, key: str | None = None) -> JourneyView:
        """Say that one is on the way; others are diverted accordingly."""
        request = JourneyRequest(person_id=person_id, booth_id=booth_id)
        return self._transport.post("/v1/journeys", JourneyView, request, key)

    def slots(self, booth_id: str) -> list[SlotView]:
        """List the slots of a booth that have not ended, in order of time."""
        return self._transport.get("/v1/slots", Slots, {"booth_id": booth_id}).slots

    def book(self, slot_id: str, person_id: str, *, key: str | None = None) -> BookingView:
        """Take a seat."""
        request = BookingRequest(slot_id=slot_id, person_id=person_id)
        return self._transport.post("/v1/bookings", BookingView, request, key)

    def bookings(self) -> list[BookingView]:
        """List this account's bookings, newest first."""
        return self._transport.get("/v1/bookings", Bookings).bookings

    def change(self, booking_id: str, slot_id: str, *, key: str | None = None) -> BookingView:
        """Move a booking to another slot."""
        return self._transport.post(
            f"/v1/bookings/{booking_id}/change", BookingView, BookingChange(slot_id=slot_id), key
        )

    def cancel(self, booking_id: str, *, key: str | None = None) -> BookingView:
        """Give the seat back."""
        return self._transport.post(f"/v1/bookings/{booking_id}/cancel", BookingView, None, key)

    def code(self, booking_id: str) -> CodeView:
        """Fetch the signed code to show at the booth."""
        return self._transport.get(f"/v1/bookings/{booking_id}/code", CodeView)

    def check_in(self, booth_id: str, booking_id: str, *, key: str | None = None) -> TicketView:
        """Join the queue on arrival."""
        request = CheckInRequest(booth_id=booth_id, booking_id=booking_id)
        return self._transport.post("/v1/check-ins", TicketView, request, key)

    def walk_in(
        self, booth_id: str, person_id: str, *, needs: Iterable[Need] = (), key: str | None = None
    ) -> TicketView:
        """Join the queue without a booking."""
        request = WalkInRequest(booth_id=booth_id, person_id=person_id, needs=frozenset(needs))
        return self._transport.post("/v1/walk-ins", TicketView, request, key)

    def ticket(self, ticket_id: str) -> TicketView:
        """Read position and predicted wait."""
        return self._transport.get(f"/v1/tickets/{ticket_id}", TicketView)

    def leave(self, ticket_id: str, *, key: str | None = None) -> TicketView:
        """Leave the queue."""
        return self._transport.post(f"/v1/tickets/{ticket_id}/leave", TicketView, None, key)

    def results(self) -> list[ResultView]:
        """Read the results of this account's people, newest first."""
        return self._transport.get("/v1/results", Results).results
