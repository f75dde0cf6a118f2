"""The service as a robot booth sees it."""

from collections.abc import Mapping, Sequence
from typing import Any, Self

import httpx

from booth_queue.client.transport import Retry, Transport
from booth_queue.contract import (
    Accepted,
    CalledPerson,
    DeviceSignIn,
    FaultReport,
    Outcome,
    Progress,
    RecordUpload,
    SessionClose,
    SessionOpen,
    SessionView,
    StateReport,
    StoredRecord,
    SwabBinding,
    TubeView,
)
from booth_queue.contract.sampling import NextPerson
from booth_queue.contract.supervision import BoothOrders, OrderView
from booth_queue.contract.work import KeyView, Merges, OfflineVisits


class BoothClient:
    """Take people, report, bind swabs; every command may be repeated with its key.

    Each method sends until it is answered (see `Retry`) with one idempotency key, so a lost
    answer does nothing twice. A caller that may itself be restarted in between passes its own
    ``key`` and repeats the call with it.

    Parameters
    ----------
    base_url
        Root of the service, e.g. ``http://127.0.0.1:8080``.
    client_id, secret
        The booth's own credentials, as ``booth queue seed`` wrote them.

    Raises
    ------
    booth_queue.client.Refused
        From every method: the service turned the command down; ``problem.code`` says why.
    booth_queue.client.Unreachable
        From every method: no answer in time.
    """

    def __init__(
        self,
        base_url: str,
        client_id: str,
        secret: str,
        *,
        http: httpx.Client | None = None,
        retry: Retry | None = None,
    ) -> None:
        credentials = DeviceSignIn(client_id=client_id, secret=secret)
        self._transport = Transport(
            base_url, sign_in=("/v1/sign-in/device", credentials), http=http, retry=retry
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection."""
        self._transport.close()

    def report_state(
        self, activity: str, *, ready: bool, session_id: str | None = None, key: str | None = None
    ) -> list[OrderView]:
        """Heartbeat: what the booth does, and whether it could take a person.

        Returns the orders of staff that the booth has not taken yet (see `take_order`).
        """
        report = StateReport(activity=activity, ready=ready, session_id=session_id)
        return self._transport.post("/v1/booth/state", BoothOrders, report, key).orders

    def take_next(self, *, key: str | None = None) -> CalledPerson | None:
        """Call the next person of this booth's queue; None when nobody waits.

        While a called person has not sat down yet, that person is returned again.
        """
        return self._transport.post("/v1/booth/next", NextPerson, None, key).person

    def open_session(self, ticket_id: str, *, key: str | None = None) -> SessionView:
        """Open the session: the called person has sat down."""
        return self._transport.post(
            "/v1/booth/sessions", SessionView, SessionOpen(ticket_id=ticket_id), key
        )

    def report_progress(
        self,
        session_id: str,
        activity: str,
        *,
        site: str | None = None,
        strokes: int = 0,
        force_n: Sequence[float] = (),
        elapsed_s: float = 0.0,
        instruction: str | None = None,
        key: str | None = None,
    ) -> list[OrderView]:
        """Tell live screens where the session is; ``force_n`` are newtons since the last one.

        ``instruction`` is what the booth asks of the person now, e.g. ``open_wide``. Returns the
        orders of staff that the booth has not taken yet, e.g. to stop.
        """
        progress = Progress(
            activity=activity,
            site=site,
            strokes=strokes,
            force_n=list(force_n),
            elapsed_s=elapsed_s,
            instruction=instruction,
        )
        path = f"/v1/booth/sessions/{session_id}/progress"
        return self._transport.post(path, BoothOrders, progress, key).orders

    def take_order(self, order_id: str, *, key: str | None = None) -> OrderView:
        """Confirm that an order is being carried out; it is not told again."""
        return self._transport.post(f"/v1/booth/orders/{order_id}/take", OrderView, None, key)

    def show_picture(self, jpeg: bytes) -> None:
        """Show staff what the camera sees, annotated; at most 200,000 bytes of JPEG."""
        self._transport.send("PUT", "/v1/booth/picture", body=jpeg)

    def bind_swab(self, session_id: str, barcode: str, *, key: str | None = None) -> TubeView:
        """Bind this session's swab to the tube it is put into."""
        return self._transport.post(
            f"/v1/booth/sessions/{session_id}/swab", TubeView, SwabBinding(barcode=barcode), key
        )

    def store_record(
        self, session_id: str, record: Mapping[str, Any], *, key: str | None = None
    ) -> StoredRecord:
        """Store the signed sampling record with the session; it can never be replaced."""
        return self._transport.post(
            f"/v1/booth/sessions/{session_id}/record",
            StoredRecord,
            RecordUpload(record=dict(record)),
            key,
        )

    def close_session(
        self,
        session_id: str,
        outcome: Outcome,
        *,
        reason: str | None = None,
        key: str | None = None,
    ) -> SessionView:
        """Close the session; a tube that is full, or holds a single swab, is sealed with it."""
        return self._transport.post(
            f"/v1/booth/sessions/{session_id}/close",
            SessionView,
            SessionClose(outcome=outcome, reason=reason),
            key,
        )

    def seal_tube(self, barcode: str, *, key: str | None = None) -> TubeView:
        """Seal a tube before it is full (end of shift)."""
        return self._transport.post(f"/v1/tubes/{barcode}/seal", TubeView, None, key)

    def report_fault(
        self,
        code: str,
        detail: str = "",
        *,
        session_id: str | None = None,
        key: str | None = None,
    ) -> None:
        """Report a fault; the booth takes nobody until staff open it again."""
        fault = FaultReport(code=code, detail=detail, session_id=session_id)
        self._transport.post("/v1/booth/faults", Accepted, fault, key)

    def code_key(self) -> str:
        """Fetch the public key that booking codes are signed with, for when the service is away."""
        return self._transport.get("/v1/codes/key", KeyView).public_key

    def merge_visits(self, visits: OfflineVisits, *, key: str | None = None) -> Merges:
        """Merge visits taken while the service was away; the same ones may be sent again."""
        return self._transport.post("/v1/booth/offline-visits", Merges, visits, key)
