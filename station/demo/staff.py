"""The demonstration's member of staff: looks at alarms on the console's own paths, and resets."""

from typing import Self

from booth_queue.client import Transport
from booth_queue.contract import Accepted, StaffSignIn
from booth_queue.contract.supervision import (
    Acknowledgement,
    Alarms,
    AlarmView,
    OrderRequest,
    OrderView,
)

_FAULT, _RESET = "fault", "reset"  # the kind of alarm, and of the order that answers it
_HELPED = "looked after the person"


class StaffMember:
    """Does over HTTP what a person does at the staff console; use it as a context manager."""

    def __init__(self, url: str, name: str, password: str, site_id: str) -> None:
        credentials = StaffSignIn(name=name, password=password)
        self._transport = Transport(url, sign_in=("/v1/sign-in/staff", credentials))
        self._site_id = site_id

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._transport.close()

    def look(self, booth_id: str) -> str:
        """Acknowledge the booth's alarms; a fault is looked at and its reset ordered.

        Returns the reason given for a reset, empty where there was no fault.
        """
        reason = ""
        for alarm in self._alarms(booth_id):
            note = _HELPED
            if alarm.kind == _FAULT:
                note = reason = (
                    f"nothing is in the way and nobody is hurt; it was {alarm.detail.split(';')[0]}"
                )
                body = OrderRequest.model_validate({"kind": _RESET, "reason": reason[:300]})
                self._transport.post(f"/v1/booths/{booth_id}/orders", OrderView, body)
            self._transport.post(
                f"/v1/alarms/{alarm.id}/acknowledge", AlarmView, Acknowledgement(note=note[:300])
            )
        return reason

    def open(self, booth_id: str) -> None:
        """Open the booth again."""
        self._transport.post(f"/v1/booths/{booth_id}/open", Accepted)

    def _alarms(self, booth_id: str) -> list[AlarmView]:
        found = self._transport.get(f"/v1/sites/{self._site_id}/alarms", Alarms).alarms
        return [alarm for alarm in found if alarm.booth_id == booth_id]
