"""The demonstration itself: service up, booth open, citizens served one after the other."""

import signal
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import FrameType

from rich.console import Console

from arm_control.procedure import Procedure
from booth_queue.client import BoothClient
from booth_queue.contract import CalledPerson
from station.attendance import Attendance, Idle
from station.booth import Booth
from station.child import choose_port
from station.config import BoothConfig
from station.demo.album import PictureAlbum
from station.demo.audit import TruthAudit
from station.demo.citizens import Citizen, check_in, in_order_of_arrival, seed_book
from station.demo.folder import DemoFolder
from station.demo.progress import DemoProgress, SessionProgress
from station.demo.report import Chapter, write_report
from station.demo.service import Service, queue_service
from station.demo.staff import StaffMember
from station.demo.table import Row, print_table
from station.demo.trouble import Trouble
from station.doctor import Grade, graphics
from station.errors import StationError
from station.ports import Observer
from station.provenance import provenance
from station.reasons import Reason
from station.record import Outcome
from station.session import SamplingSession
from station.sight import LOCATOR
from station.signing import BoothKey
from station.simulated import SimulatedBooth, simulated_booth
from station.store import RecordStore
from station.trace import ForceTrace
from vision.network import DEFAULT_MODEL, OnnxModel
from vision.pipeline import ThroatLocator

_RESETS = 5  # times staff reset a booth before they close it
_STAFF_S = 2.0  # s of the booth's clock until staff stand before it
_PAUSED_S = 0.5  # s between two looks at whether the booth was opened again
_FILE_WIDTH = 150  # columns of the table in a file or a pipe


@dataclass(frozen=True, slots=True)
class DemoPlan:
    """What is asked for: see the options of `booth demo`."""

    citizens: int = 5
    seed: int = 7
    out: Path | None = None
    port: int = 0
    watch: bool = False
    config: BoothConfig = field(default_factory=BoothConfig)
    troubles: tuple[Trouble, ...] = ()


class NumberedTubes:
    """Stands for the tube's bar code reader: tubes come numbered in order."""

    def __init__(self, seed: int) -> None:
        self._prefix = f"T{seed % 100_000:05d}"
        self._taken = 0

    def scan(self) -> str:
        """Return the next tube's code."""
        self._taken += 1
        return f"{self._prefix}-{self._taken:03d}"


class Interrupt:
    """Ctrl-C, once: the running session withdraws and ends; twice: everything stops at once."""

    def __init__(self) -> None:
        self.asked = threading.Event()
        self.booth: Booth | None = None

    @contextmanager
    def handled(self) -> Iterator[None]:
        """Handle SIGINT and SIGTERM for as long as the context lasts."""
        before = {name: signal.signal(name, self._take) for name in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for name, handler in before.items():
                signal.signal(name, handler)

    def check(self) -> None:
        """Raise KeyboardInterrupt where an end was asked for and no session runs."""
        if self.asked.is_set():
            raise KeyboardInterrupt

    def _take(self, _: int, __: FrameType | None) -> None:
        if self.asked.is_set():
            raise KeyboardInterrupt
        self.asked.set()
        if self.booth is not None:
            self.booth.cancel(Reason.OPERATOR)


def run_demo(plan: DemoPlan) -> None:
    """Run the demonstration and print what happened.

    Raises StationError for what a person can mend: folder, port, graphics, model. Raises
    KeyboardInterrupt after Ctrl-C, when service, arm and database are in order.
    """
    console = _console()
    interrupt = Interrupt()
    with ExitStack() as stack:
        stack.enter_context(interrupt.handled())
        finding = graphics()
        if finding.grade is Grade.BAD:
            raise StationError(f"{finding.detail}; {finding.remedy}")
        folder = DemoFolder.create(plan.out)
        port = choose_port(plan.port)
        services = stack.enter_context(ExitStack())
        beside = stack.enter_context(ThreadPoolExecutor(1))  # ends before the service is stopped
        chapters: list[Chapter] = []
        try:
            with DemoProgress(console, plan.citizens) as progress:
                progress.step(
                    "starting the queue service, opening the booth: arm, safety monitor, network; "
                    "the first time, half a minute of compiling"
                )
                starting = beside.submit(services.enter_context, queue_service(folder, port))
                procedure = Procedure.shipped(plan.config.session.procedure)
                simulated = stack.enter_context(
                    simulated_booth(
                        plan.seed,
                        ThroatLocator(OnnxModel(), LOCATOR),
                        procedure,
                        plan.config.session,
                    )
                )
                service = starting.result()
                if plan.watch:
                    console.print(f"live page: {service.live_page}")
                demonstration = Demonstration(plan, folder, service, progress, interrupt)
                demonstration.run(simulated, procedure, chapters)
        finally:
            if chapters:
                _tell(plan, chapters, folder, console)
        if plan.watch:
            console.print(f"the service stays up at {service.live_page}; Ctrl-C ends it")
            interrupt.asked.wait()


def _console() -> Console:
    """Return the console; where its width is nobody's, wide enough for the table."""
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=_FILE_WIDTH)


class Demonstration:
    """Holds together what serving the citizens needs."""

    def __init__(
        self,
        plan: DemoPlan,
        folder: DemoFolder,
        service: Service,
        progress: DemoProgress,
        interrupt: Interrupt,
    ) -> None:
        self._plan = plan
        self._folder = folder
        self._service = service
        self._progress = progress
        self._interrupt = interrupt
        self._resets = 0
        self._config = plan.config.model_copy(update={"booth": service.booth_id})

    def run(self, simulated: SimulatedBooth, procedure: Procedure, chapters: list[Chapter]) -> None:
        """Serve every citizen; ``chapters`` grows by one each."""
        citizens = self._check_all_in()
        with ExitStack() as stack:
            client = stack.enter_context(
                BoothClient(self._service.url, self._service.client_id, self._service.secret)
            )
            booth = Booth(
                self._service.booth_id,
                client,
                simulated.world.clock,
                simulated.world.arm.info.rate_hz,
                simulated.new_session,
                RecordStore(self._folder.records, BoothKey.load_or_create(self._folder.key)),
                NumberedTubes(self._plan.seed),
                provenance(self._config, procedure, DEFAULT_MODEL, simulated=True),
            )
            self._interrupt.booth = booth
            staff = stack.enter_context(
                StaffMember(
                    self._service.url,
                    self._service.staff,
                    self._service.password,
                    self._service.site_id,
                )
            )
            attendance = Attendance(client, simulated, booth.outbox)
            while True:
                self._interrupt.check()
                found = attendance.next()
                if found is Idle.NOBODY_WAITS:
                    return
                if isinstance(found, Idle):
                    self._wait(found)
                    self._call_staff(simulated, attendance, staff, chapters)
                    continue
                trouble = [one for one in self._plan.troubles if one.person == len(chapters) + 1]
                citizen = citizens[found.ticket_id]
                chapters.append(self._serve(booth, simulated, found, citizen, trouble))
                self._interrupt.check()
                served = chapters[-1].row.served
                attendance.after(served.result)
                if served.result.outcome is not Outcome.SAMPLED:
                    self._call_staff(simulated, attendance, staff, chapters)

    def _wait(self, idle: Idle) -> None:
        """Nobody can be served now; somebody at a console, or the service, may change that."""
        if idle is Idle.SERVICE_AWAY:
            raise StationError(
                f"the queue service at {self._service.url} does not answer; see {self._folder.log}"
            )
        self._progress.moves(f"the booth is {idle}; staff open it at {self._service.url}/console")
        self._interrupt.asked.wait(_PAUSED_S)

    def _call_staff(
        self,
        simulated: SimulatedBooth,
        attendance: Attendance,
        staff: StaffMember,
        chapters: list[Chapter],
    ) -> None:
        """Let staff look at what went wrong, and reset the booth where it needs it.

        Raises StationError where resetting does not help.
        """
        attendance.beat()
        simulated.wait(_STAFF_S)
        reason = staff.look(self._service.booth_id)
        if not reason:
            return
        self._resets += 1
        if self._resets > _RESETS + len(self._plan.troubles):
            raise StationError(f"staff have reset the booth {_RESETS} times, again: {reason}")
        self._progress.step(f"staff reset the booth: {reason}")
        attendance.beat()
        staff.open(self._service.booth_id)
        if chapters:
            chapters[-1] = replace(chapters[-1], row=replace(chapters[-1].row, staff=reason))

    def _check_all_in(self) -> Mapping[str, Citizen]:
        """Let every citizen book and arrive, in order; returns them by ticket."""
        tickets = {}
        for citizen in in_order_of_arrival(seed_book(self._plan.citizens, self._plan.seed)):
            self._interrupt.check()
            ticket = check_in(self._service.url, self._service.booth_id, citizen)
            tickets[ticket.id] = citizen
            self._progress.step(f"{ticket.name_masked} booked and checked in: {ticket.number}")
        return tickets

    def _serve(
        self,
        booth: Booth,
        simulated: SimulatedBooth,
        person: CalledPerson,
        citizen: Citizen,
        troubles: Iterable[Trouble],
    ) -> Chapter:
        folder = self._folder.sessions / person.number
        folder.mkdir()
        trace = ForceTrace()
        audits: list[TruthAudit] = []
        albums: list[PictureAlbum] = []

        def observers(session: SamplingSession) -> Iterable[Observer]:
            who = f"{person.number} {person.name_masked}"
            audits.append(TruthAudit(simulated.world, session))
            albums.append(PictureAlbum(folder, session))
            return (
                trace,
                albums[0],
                SessionProgress(self._progress, who, session),
                audits[0],
            )

        def seat(_: CalledPerson) -> AbstractContextManager[Callable[[], bool]]:
            return simulated.seated(citizen.body, audits[0].close)

        for trouble in troubles:
            simulated.world.schedule(trouble.happening)
        served = booth.serve(person, seat, observers)
        trace.save(folder / "force.npz")
        audit = audits[0]
        audit.save(folder / "audit.json")
        row = Row(served, audit.sites, audit.peak_force, citizen.story)
        result = served.result
        sampled = result.outcome is Outcome.SAMPLED
        ending = "sampled" if sampled else f"{result.outcome}: {result.reason}"
        self._progress.served(
            f"{person.number} {person.name_masked} {ending}, "
            f"{sum(site.strokes for site in result.sites)} strokes, {result.duration_s:.1f} s"
        )
        return Chapter(row, trace, tuple(albums[0].kept))


def _tell(plan: DemoPlan, chapters: list[Chapter], folder: DemoFolder, console: Console) -> None:
    print_table([chapter.row for chapter in chapters], console)
    title = f"Throat-swab booth: {len(chapters)} of {plan.citizens} citizens, seed {plan.seed}"
    write_report(folder.report, chapters, title)
    console.print(
        f"records: {folder.records}  pictures and force traces: {folder.sessions}  "
        f"report: {folder.report}",
        soft_wrap=True,
    )
