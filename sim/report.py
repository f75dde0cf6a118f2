"""A campaign's report: one self-contained HTML file with plots, tables and the worst episodes."""

import base64
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from importlib import resources

import numpy as np
from jinja2 import Environment, StrictUndefined

from sim import charts
from sim.compare import MEASURES, Estimate
from sim.episode import Episode
from sim.scenario import Verdict
from sim.summary import by_file

_WORST = 6
_SHARES = (0.5, 0.9, 0.99)  # of the episodes, whose hardest touch is told
_GROUPS: tuple[tuple[str, Callable[[Episode], str]], ...] = (
    ("population", lambda e: e.population),
    ("age", lambda e: _bin(float(e.person["age"]), (12, 30, 50, 65), "years")),
    ("opening", lambda e: _bin(1e3 * float(e.person["opening_max"]), (35, 42, 50, 58), "mm")),
    ("skin tone", lambda e: _bin(float(e.person["skin_tone"]), (0.25, 0.5, 0.75), "")),
    ("sway", lambda e: _bin(1e3 * float(e.person["sway_speed"]), (2, 4, 6, 10), "mm/s")),
    ("wall stiffness", lambda e: _bin(float(e.person["stiffness"]), (30, 100, 200), "N/m")),
)


@dataclass(frozen=True, slots=True)
class Worst:
    """An episode shown at length: its course, and its film where one was shot."""

    episode: Episode
    course: str
    film: str | None


def worst_of(episodes: Sequence[Episode], count: int = _WORST) -> list[Episode]:
    """Return the worst episodes: those that failed first, then by force and by collision."""
    order = sorted(episodes, key=lambda e: (e.passed, -e.peak_force - 0.1 * e.peak_collision))
    return order[:count]


def render(
    episodes: Sequence[Episode],
    title: str,
    films: Callable[[Episode], bytes | None] = lambda _: None,
) -> str:
    """Return the report's HTML.

    ``films`` gives the animated WebP of an episode, or None where it was not filmed.
    """
    worst = [
        Worst(e, charts.svg(charts.course(e)), _data_url(films(e))) for e in worst_of(episodes)
    ]
    template = resources.files("sim").joinpath("templates/report.html").read_text("utf-8")
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    page: str = environment.from_string(template).render(
        title=title,
        episodes=episodes,
        verdicts=_verdicts(episodes),
        measures=[
            (name, Estimate.of([v for e in episodes if (v := measure(e)) is not None]), better)
            for name, (measure, better) in MEASURES.items()
        ],
        reasons=Counter(
            (e.verdict.value, e.reason) for e in episodes if e.verdict is not Verdict.SAMPLED
        ).most_common(),
        groups=[(name, _subgroups(episodes, key)) for name, key in _GROUPS],
        files=by_file(episodes),
        failed=[e for e in episodes if not e.passed],
        worst=worst,
        forces=charts.svg(charts.forces(episodes)),
        sites=charts.svg(charts.sites(episodes)),
        durations=charts.svg(charts.durations(episodes)),
        versions=sorted({f"{e.arm} in {e.engine}" for e in episodes}),
        hardest=max(episodes, key=lambda e: e.peak_force),
        quantiles=[(q, float(np.quantile([e.peak_force for e in episodes], q))) for q in _SHARES],
        code=sorted({e.code_hash[:12] for e in episodes}),
    )
    return page


def _verdicts(episodes: Sequence[Episode]) -> list[tuple[str, int, Estimate]]:
    rows = []
    for verdict in Verdict:
        flags = [e.verdict is verdict for e in episodes]
        rows.append((verdict.value, int(sum(flags)), Estimate.of(flags)))
    return rows


def _subgroups(
    episodes: Iterable[Episode], key: Callable[[Episode], str]
) -> list[tuple[str, int, Estimate, Estimate, float]]:
    groups: dict[str, list[Episode]] = defaultdict(list)
    for episode in episodes:
        groups[key(episode)].append(episode)
    return [
        (
            name,
            len(members),
            Estimate.of([e.verdict is Verdict.SAMPLED for e in members]),
            Estimate.of([e.peak_force for e in members]),
            max(e.peak_force for e in members),
        )
        for name, members in sorted(groups.items(), key=lambda item: _first_number(item[0]))
    ]


def _bin(value: float, edges: Sequence[float], unit: str) -> str:
    below = [edge for edge in edges if value >= edge]
    above = [edge for edge in edges if value < edge]
    unit = f" {unit}" if unit else ""
    if not below:
        return f"below {above[0]:g}{unit}"
    if not above:
        return f"{below[-1]:g}{unit} and more"
    return f"{below[-1]:g} to {above[0]:g}{unit}"


def _first_number(name: str) -> tuple[float, str]:
    words = name.replace("below", "below -1").split()
    for word in words:
        try:
            return float(word), name
        except ValueError:
            continue
    return 0.0, name


def _data_url(webp: bytes | None) -> str | None:
    if webp is None:
        return None
    return "data:image/webp;base64," + base64.b64encode(webp).decode()
