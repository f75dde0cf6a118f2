"""What the bridge says to the queue service about one person at a time, free of ROS."""

import json
from collections.abc import Callable
from pathlib import Path

from booth_queue.client import BoothClient, Refused, Unreachable
from booth_queue.contract import CalledPerson, Outcome
from booth_queue_bridge.convert import Ended
from station.reasons import Reason

_REMEDY = (
    "the arm could not take a fresh swab and come to rest before the person was called; clear its "
    "way, or lead it beside the chair by hand, then open the booth"
)


class Desk:
    """Calls people and reports their sessions; one thread.

    The open session's id is kept in ``memory``, so that a bridge that died in the middle closes it
    as aborted when it is back, and nobody stays in an open session.
    """

    def __init__(self, client: BoothClient, memory: Path, warn: Callable[[str], None]) -> None:
        self._client = client
        self._memory = memory
        self._warn = warn
        self._session: str | None = None

    def recover(self) -> bool:
        """Close a session that an earlier bridge left open; says whether none is left.

        A memory that cannot be read is set aside for a person to look at.
        """
        if not self._memory.exists():
            return True
        try:
            session = str(json.loads(self._memory.read_text(encoding="utf-8"))["session"])
        except (ValueError, KeyError, TypeError) as error:
            aside = self._memory.replace(self._memory.with_suffix(".unreadable"))
            self._warn(
                f"the open session's memory cannot be read ({error!r}) and is now {aside}; "
                "close the session at the staff console"
            )
            return True
        self._warn(f"session {session} was left open; it is closed as aborted")
        try:
            self._client.close_session(session, Outcome.ABORTED, reason=Reason.BRIDGE_LOST)
        except Unreachable as error:
            self._warn(f"session {session} is still open: {error}")
            return False
        except Refused as refusal:
            self._warn(f"session {session}: {refusal}")  # closed meanwhile, by staff or by time
        self._memory.unlink()
        return True

    def state(self, activity: str, *, ready: bool) -> None:
        """Give the service a sign of life."""
        self._try(
            lambda: self._client.report_state(activity, ready=ready, session_id=self._session)
        )

    def next_person(self) -> CalledPerson | None:
        """Call the next person; None when nobody waits or the service does not answer."""
        try:
            return self._client.take_next()
        except (Unreachable, Refused) as error:
            self._warn(f"nobody can be called: {error}")
            return None

    def open(self, person: CalledPerson) -> None:
        """Open the session: the person has sat down."""
        if self._session is not None:
            return
        try:
            self._session = self._client.open_session(person.ticket_id).id
        except (Unreachable, Refused) as error:
            self._warn(f"the session was not opened: {error}")
            return
        self._memory.parent.mkdir(parents=True, exist_ok=True)
        part = self._memory.with_suffix(".part")  # a bridge may die at any time: whole or none
        part.write_text(json.dumps({"session": self._session}), encoding="utf-8")
        part.replace(self._memory)

    def progress(self, activity: str, site: str, strokes: int, force: float) -> None:
        """Tell live screens where the session is."""
        session = self._session
        if session is not None:
            self._try(
                lambda: self._client.report_progress(
                    session, activity, site=site or None, strokes=strokes, force_n=[force]
                )
            )

    def close(self, person: CalledPerson, ended: Ended, tube: str) -> None:
        """Store the record, bind the swab, close the session."""
        self.open(person)
        session = self._session
        if session is None:
            return
        sampled = ended.outcome is Outcome.SAMPLED
        if ended.record is not None:
            record = ended.record
            self._try(lambda: self._client.store_record(session, record))
        if sampled:
            self._try(lambda: self._client.bind_swab(session, tube))
        reason = None if sampled else (ended.reason or Reason.UNKNOWN)
        if self._try(lambda: self._client.close_session(session, ended.outcome, reason=reason)):
            self._memory.unlink(missing_ok=True)
        self._session = None
        if (
            ended.reason == Reason.NOT_READY
        ):  # it would end so for everybody who is called after them
            self.fault(Reason.NOT_READY, _REMEDY)

    def fault(self, code: str, detail: str) -> None:
        """Report a fault: nobody is sent here until staff have looked."""
        self._try(lambda: self._client.report_fault(code, detail[:500], session_id=self._session))

    def _try(self, call: Callable[[], object]) -> bool:
        try:
            call()
        except (Unreachable, Refused) as error:
            self._warn(str(error))
            return False
        return True
