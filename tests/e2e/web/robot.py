"""A simulated booth behind the real service: takes people, reports, obeys."""

import math
import threading
import time
from typing import Self

from booth_queue.client import BoothClient, Refused
from booth_queue.contract import CalledPerson, Outcome
from booth_queue.seed import BoothLogin

SITES = ("left_tonsil", "right_tonsil", "posterior_wall")


class Robot:
    """A booth's machine as the service sees it, moved step by step by a test.

    `run` lets it work by itself in a thread until the block ends.
    """

    def __init__(self, base_url: str, login: BoothLogin) -> None:
        self.client = BoothClient(base_url, login.client_id, login.secret)
        self.label = login.label
        self.session_id: str | None = None
        self.taken: list[str] = []
        self._made = 0
        self._over = threading.Event()
        self._thread: threading.Thread | None = None
        self.trouble: list[Exception] = []

    def call(self) -> CalledPerson | None:
        """Call the next person."""
        return self.client.take_next()

    def seat(self, called: CalledPerson) -> None:
        """The person sits down."""
        self.session_id = self.client.open_session(called.ticket_id).id

    def report(
        self, activity: str, *, site: str | None = None, instruction: str | None = None
    ) -> None:
        """Report progress, with a little force, and take the orders that come back."""
        assert self.session_id is not None
        force = [0.3 + 0.05 * math.sin(step / 3) for step in range(20)]
        orders = self.client.report_progress(
            self.session_id,
            activity,
            site=site,
            strokes=2,
            force_n=force if site else [],
            elapsed_s=8.0,
            instruction=instruction,
        )
        for order in orders:
            self.client.take_order(order.id)
            self.taken.append(str(order.kind))

    def finish(self, outcome: Outcome = Outcome.SAMPLED, reason: str | None = None) -> None:
        """Bind the swab and close the session."""
        assert self.session_id is not None
        if outcome is Outcome.SAMPLED:
            self._made += 1
            self.client.bind_swab(self.session_id, f"TUBE-{self.label}-{self._made:04d}")
        self.client.close_session(self.session_id, outcome, reason=reason)
        self.session_id = None

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        assert self._thread is not None
        self._thread.join(20)
        assert not self.trouble, self.trouble

    def _work(self) -> None:
        try:
            while not self._over.wait(0.15):
                self.client.report_state("IDLE", ready=True)
                try:
                    called = self.call()
                except Refused as refused:
                    if refused.problem.code != "booth_not_open":
                        raise
                    continue
                if called is not None:
                    self._swab(called)
        except Exception as error:  # noqa: BLE001 - told in the test's own thread
            self.trouble.append(error)

    def _swab(self, called: CalledPerson) -> None:
        self.client.report_state("CALLED", ready=False)
        time.sleep(1.2)
        self.seat(called)
        for activity, site in (
            ("SEATED", None),
            ("LOCATING", None),
            *(("SWABBING", site) for site in SITES),
            ("WITHDRAWING", None),
        ):
            self.report(activity, site=site)
            time.sleep(0.15)
            if "stop" in self.taken:
                self.finish(Outcome.ABORTED, "staff_stop")
                return
        self.finish()
