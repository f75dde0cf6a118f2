"""A campaign in a page of Markdown: verdicts, forces, groups and what was missed."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence

import numpy as np

from sim.compare import Estimate
from sim.episode import Episode
from sim.scenario import Verdict
from sim.source import CROWD

_SHARES = (0.5, 0.9, 0.99, 1.0)
_MISSES = 20


def summarise(episodes: Sequence[Episode], title: str, planned: int) -> str:
    """Return a page about ``episodes``, flown so far of ``planned``.

    It says which code was flown, so that whoever reads it knows what the figures are of.
    """
    passed = sum(e.passed for e in episodes)
    forces = np.quantile([e.peak_force for e in episodes], _SHARES)
    code = ", ".join(sorted({e.code_hash[:12] for e in episodes}))
    engines = ", ".join(sorted({f"{e.arm} in {e.engine}" for e in episodes}))
    unsampled = Counter(
        f"{e.verdict} {e.reason}" for e in episodes if e.verdict is not Verdict.SAMPLED
    )
    lines = [
        f"# {title}",
        "",
        "Written by `booth sim report DIR --markdown FILE`; do not edit by hand.",
        "",
        f"{len(episodes)} of {planned} episodes flown ({engines}; code {code}): {passed} came out",
        "as expected. Intervals are Wilson's, 95 %.",
        "",
        "Hardest touch of an episode: "
        + ", ".join(
            f"{100 * q:g} % at most {f:.2f} N" for q, f in zip(_SHARES, forces, strict=True)
        )
        + ".",
        "People tolerate 2.4 ± 1.0 N (Melcher 2024, 10.3205/dgkh000461).",
        "",
        *_table("group", episodes, lambda e: e.scenario.partition("/")[0]),
        "",
        *_table("population", episodes, lambda e: e.population),
        "",
        "| not sampled because | episodes |",
        "|---|---|",
        *(f"| {reason} | {count} |" for reason, count in unsampled.most_common()),
        *_files(episodes),
    ]
    missed = [e for e in episodes if not e.passed]
    if missed:
        lines += ["", "| not as expected | person | missed |", "|---|---|---|"]
        lines += [
            f"| {e.scenario} | {e.population} {e.person_seed} | {'; '.join(e.misses)} |"
            for e in missed[:_MISSES]
        ]
        if len(missed) > _MISSES:
            lines += ["", f"And {len(missed) - _MISSES} more."]
    return "\n".join(lines) + "\n"


def by_file(episodes: Iterable[Episode]) -> dict[str, list[Episode]]:
    """Return the episodes of scenario files, by file, in the order they ended.

    People drawn by seed stand in no file, and are left out.
    """
    files: dict[str, list[Episode]] = defaultdict(list)
    for episode in episodes:
        file, _, case = episode.scenario.partition("/")
        if case and file != CROWD:
            files[file].append(episode)
    return dict(sorted(files.items()))


def _files(episodes: Iterable[Episode]) -> list[str]:
    rows = [
        f"| {file} | {', '.join(_case(episode) for episode in cases)} |"
        for file, cases in by_file(episodes).items()
    ]
    return ["", "| scenario file | what came of each case |", "|---|---|", *rows] if rows else []


def _case(episode: Episode) -> str:
    name = episode.scenario.partition("/")[2]
    told = f"{name}: {episode.verdict}{f' ({episode.reason})' if episode.reason else ''}"
    return told if episode.passed else f"**{told}**"


def _table(name: str, episodes: Iterable[Episode], key: Callable[[Episode], str]) -> list[str]:
    groups: dict[str, list[Episode]] = defaultdict(list)
    for episode in episodes:
        groups[key(episode)].append(episode)
    columns = (
        name,
        "episodes",
        "as expected",
        "sampled",
        "refused",
        "aborted or crashed",
        "mean, hardest touch [N]",
    )
    rows = [f"| {' | '.join(columns)} |", "|---" * len(columns) + "|"]
    for group, members in sorted(groups.items()):
        counts = Counter(e.verdict for e in members)
        sampled = Estimate.of([e.verdict is Verdict.SAMPLED for e in members])
        forces = [e.peak_force for e in members]
        rows.append(
            f"| {group} | {len(members)} | {sum(e.passed for e in members)} | "
            f"{counts[Verdict.SAMPLED]} ({sampled.low:.2f} to {sampled.high:.2f}) | "
            f"{counts[Verdict.REFUSED]} | {counts[Verdict.ABORTED] + counts[Verdict.CRASHED]} | "
            f"{np.mean(forces):.2f}, {max(forces):.2f} |"
        )
    return rows
