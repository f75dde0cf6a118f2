"""Every page there is: where it lies, what it is called, which script brings it to life."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Page:
    """A page; its words come from the catalogue, its contents from the API by its script.

    Parameters
    ----------
    path
        Where it is served.
    name
        Template ``<name>.html`` and script ``js/<name>.js``, both by area and page.
    title
        Key of its title in the catalogue.
    area
        The face it belongs to; each face signs in by itself.
    shape
        ``phone``, ``wide`` or ``screen``: the layout of its body.
    guarded
        Whether somebody must have signed in. The service guards the data; this only spares
        the person a page that stays empty.
    listed
        Whether it stands in its face's navigation.
    """

    path: str
    name: str
    title: str
    area: str
    shape: str
    guarded: bool = True
    listed: bool = True

    @property
    def script(self) -> str:
        """The page's script, below ``js/``."""
        return f"{self.name}.js"

    @property
    def home(self) -> str:
        """The first page of its face."""
        return HOMES[self.area]

    @property
    def sign_in(self) -> str:
        """Where one signs in for its face."""
        return "/citizen/sign-in" if self.area == "citizen" else "/staff/sign-in"


HOMES: Final = {
    "open": "/",
    "citizen": "/citizen",
    "staff": "/console",
    "desk": "/desk",
    "grid": "/grid",
    "enterprise": "/enterprise",
    "lab": "/lab",
}

PAGES: Final = (
    Page("/", "open/door", "door.title", "open", "phone", False, False),
    Page("/live", "open/board", "board.title", "open", "wide", False, False),
    Page("/screen", "open/screen", "screen.title", "open", "screen", False, False),
    Page("/verify", "open/verify", "verify.title", "open", "phone", False, False),
    Page("/citizen/sign-in", "citizen/sign-in", "sign_in.title", "citizen", "phone", False, False),
    Page("/citizen", "citizen/home", "home.title", "citizen", "phone"),
    Page("/citizen/booths", "citizen/booths", "booths.title", "citizen", "phone"),
    Page("/citizen/visit", "citizen/visit", "visit.title", "citizen", "phone", listed=False),
    Page("/citizen/people", "citizen/people", "people.title", "citizen", "phone"),
    Page("/citizen/results", "citizen/results", "results.title", "citizen", "phone"),
    Page("/citizen/group", "citizen/group", "join.title", "citizen", "phone", True, False),
    Page("/staff/sign-in", "staff/sign-in", "sign_in.staff_title", "open", "phone", False, False),
    Page("/console", "console/overview", "console.title", "staff", "wide"),
    Page("/console/booth", "console/booth", "console.booth", "staff", "wide"),
    Page("/console/queue", "console/queue", "queue.title", "staff", "wide"),
    Page("/console/scan", "console/scan", "scan.title", "staff", "wide"),
    Page("/console/handover", "console/handover", "handover.title", "staff", "wide"),
    Page("/desk", "desk/load", "desk.load", "desk", "wide"),
    Page("/desk/coverage", "desk/coverage", "desk.coverage", "desk", "wide"),
    Page("/desk/incidents", "desk/incidents", "desk.incidents", "desk", "wide"),
    Page("/grid", "grid/roster", "grid.title", "grid", "wide"),
    Page("/grid/cards", "grid/cards", "grid.cards", "grid", "wide"),
    Page("/enterprise", "enterprise/group", "group.title", "enterprise", "wide"),
    Page("/lab", "lab/boxes", "lab.boxes", "lab", "wide"),
    Page("/lab/results", "lab/results", "lab.results", "lab", "wide"),
)  # fmt: skip


def siblings(page: Page) -> list[Page]:
    """List the pages of the same face that its navigation shows."""
    return [other for other in PAGES if other.area == page.area and other.listed]
