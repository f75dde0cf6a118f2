"""The table at the end: one row a citizen, the same for the same seed."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np
from rich.console import Console
from rich.table import Table

from station.booth import Served
from station.demo.audit import SiteAudit
from station.record import Decision, Outcome
from station.states import State

_IN_THE_CHAIR = (
    State.SEATED,
    State.LOCATING,
    State.APPROACHING,
    State.ENTERING,
    State.SWABBING,
    State.WITHDRAWING,
)
_SHORT = {"right_tonsil": "R", "left_tonsil": "L", "posterior_wall": "W"}


@dataclass(frozen=True, slots=True)
class Row:
    """One citizen served: what the booth recorded, and what the world knows of it.

    ``staff`` is the reason a member of staff gave for resetting the booth afterwards, if one did.
    """

    served: Served
    audit: tuple[SiteAudit, ...]
    true_peak_force: float
    story: str
    staff: str = ""

    def cells(self) -> tuple[str, ...]:
        """Return the table's cells; dashes where there is nothing to tell."""
        served, sites = self.served, self.served.result.sites
        touched = [site for site in sites if site.contact_s > 0.0]
        forces = [site.force for site in touched]
        contact = sum(site.contact_s for site in touched)
        mean = sum(site.force.mean * site.contact_s for site in touched) / contact if contact else 0
        errors = [site.target_error for site in self.audit if site.target_error is not None]
        swabbed = [site for site in sites if not site.skipped and site.strokes]
        outcome = served.result.outcome.value
        if served.result.outcome is not Outcome.SAMPLED:
            outcome = f"{outcome}: {served.result.reason}"
        return (
            served.person.name_masked,
            served.person.number,
            outcome,
            " ".join(_SHORT[site.site] for site in swabbed) or "-",
            str(sum(site.strokes for site in sites)) if touched else "-",
            f"{min(site.coverage for site in swabbed):.0%}" if swabbed else "-",
            f"{max(force.peak for force in forces):.2f}" if forces else "-",
            f"{mean:.2f}" if forces else "-",
            f"{served.result.duration_s:.1f}",
            served.tube or "-",
            f"{np.mean(errors) * 1e3:.1f}" if errors else "-",
        )


HEADINGS = (
    "person",
    "ticket",
    "outcome",
    "sites",
    "strokes",
    "wiped",
    "peak N",
    "mean N",
    "seconds",
    "tube",
    "target error mm",
)
_WORDS = frozenset({"person", "ticket", "outcome", "sites", "tube"})  # the rest are numbers


def time_by_state(trail: Sequence[Decision]) -> dict[State, float]:
    """Return the seconds spent in each state of a session, by its decision trail."""
    spent: dict[State, float] = {}
    for entry, following in pairwise(trail):
        spent[entry.state] = spent.get(entry.state, 0.0) + following.time_s - entry.time_s
    return spent


def _pace(rows: Sequence[Row]) -> str:
    """Tell the mean time by state of those who were sampled; empty where nobody was."""
    trails = [
        row.served.result.trail for row in rows if row.served.result.outcome is Outcome.SAMPLED
    ]
    if not trails:
        return ""
    spent = [time_by_state(trail) for trail in trails]
    means = {
        state: sum(one.get(state, 0.0) for one in spent) / len(spent) for state in _IN_THE_CHAIR
    }
    told = ", ".join(f"{state} {seconds:.1f}" for state, seconds in means.items())
    return (
        f"mean seconds of those sampled: {told}; together {sum(means.values()):.1f} s "
        "from sitting down until the swab is clear of the face"
    )


def print_table(rows: Sequence[Row], console: Console) -> None:
    """Print the rows."""
    table = Table(title="What happened", title_justify="left", show_edge=False, pad_edge=False)
    for heading in HEADINGS:
        justify: Literal["left", "right"] = "left" if heading in _WORDS else "right"
        table.add_column(heading, justify=justify, no_wrap=True)
    for row in rows:
        table.add_row(*row.cells())
    console.print(table)
    for reset in (row for row in rows if row.staff):
        ticket = reset.served.person.number
        console.print(f"after {ticket} staff reset the booth: {reset.staff}", soft_wrap=True)
    if pace := _pace(rows):
        console.print(pace, soft_wrap=True)
    console.print(
        "sites: R right tonsil, L left tonsil, W posterior wall; wiped: the share of its path that "
        "was wiped in contact, at the site that has least. Seconds are the booth's own "
        "(simulated) clock, from sitting down to the end. Target error is measured against the "
        "simulator's truth by this report alone.",
        style="dim",
    )
