"""One self-contained page about a demonstration: table, pictures, force traces, evidence."""

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import jinja2
import matplotlib as mpl
from matplotlib.figure import Figure

from station.demo.table import HEADINGS, Row
from station.errors import StationError
from station.trace import ForceTrace

_SITE_COLOURS = {"right_tonsil": "#d98a00", "left_tonsil": "#0077cc", "posterior_wall": "#6a4fc9"}
_TARGET, _SOFT, _ABORT = 0.3, 0.5, 1.0  # N, the procedure's and the monitor's


@dataclass(frozen=True, slots=True)
class Chapter:
    """What the page tells of one citizen."""

    row: Row
    trace: ForceTrace
    pictures: Sequence[Path]


def write_report(path: Path, chapters: Sequence[Chapter], title: str) -> None:
    """Write the page to ``path``; raises StationError where that fails."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("station.demo"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    page = environment.get_template("report.html.jinja").render(
        title=title,
        headings=HEADINGS,
        rows=[chapter.row.cells() for chapter in chapters],
        chapters=[_told(chapter) for chapter in chapters],
    )
    try:
        path.write_text(page, encoding="utf-8")
    except OSError as error:
        raise StationError(f"cannot write the report {path}: {error.strerror}") from error


def force_plot(trace: ForceTrace) -> Figure:
    """Draw force over time, with the bounds and the session's states."""
    arrays = trace.arrays()
    figure = Figure(figsize=(9.0, 2.6), layout="constrained")
    axes = figure.add_subplot()
    marks = [*trace.marks, (float(arrays["time_s"].max(initial=0.0)), "")]
    for (start, state), (end, _) in pairwise(marks):
        if state == "swabbing":
            axes.axvspan(start, end, color="#2a9d8f", alpha=0.12, lw=0)
    axes.plot(arrays["time_s"], arrays["normal_force"], color="#264653", lw=0.9)
    for level, name, colour in (
        (_TARGET, "set-point", "#2a9d8f"),
        (_SOFT, "soft limit", "#e9a23b"),
        (_ABORT, "abort", "#d1495b"),
    ):
        axes.axhline(level, color=colour, lw=0.8, ls="--", label=f"{name} {level} N")
    axes.set(xlabel="time in the session [s]", ylabel="contact force [N]", ylim=(0.0, 1.1))
    axes.set_xlim(0.0, max(1.0, marks[-1][0]))
    axes.legend(loc="upper left", fontsize=7, ncols=3, frameon=False)
    axes.spines[["top", "right"]].set_visible(False)
    return figure


def _told(chapter: Chapter) -> dict[str, Any]:
    row = chapter.row
    result = row.served.result
    audits = {site.site: site for site in row.audit}
    record = row.served.signed
    return {
        "number": row.served.person.number,
        "name": row.served.person.name_masked,
        "result": result,
        "story": row.story,
        "record": f"{record.sequence:06d}.json",
        "digest": record.digest,
        "tube": row.served.tube,
        "true_peak": row.true_peak_force,
        "sites": [(site, audits.get(site.site)) for site in result.sites],
        "plot": _svg(force_plot(chapter.trace)) if result.sites else "",
        "pictures": [(picture.stem, _data_url(picture)) for picture in chapter.pictures],
        "model": record.record["provenance"]["model"],
    }


def _svg(figure: Figure) -> str:
    buffer = io.StringIO()
    with mpl.rc_context({"svg.hashsalt": "swab-booth", "svg.fonttype": "none"}):
        figure.savefig(buffer, format="svg", metadata={"Date": None})
    text = buffer.getvalue()
    return text[text.index("<svg") :]


def _data_url(picture: Path) -> str:
    return f"data:image/png;base64,{base64.b64encode(picture.read_bytes()).decode()}"
