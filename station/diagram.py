"""The state machine drawn: Mermaid for the documentation, DOT for Graphviz, a Markdown table."""

from station.states import TERMINAL, TRANSITIONS, Event, State, Transition

_FROM_ANYWHERE = (Event.FAULT,)


def mermaid() -> str:
    """Return the machine as a Mermaid state diagram; faults, possible anywhere, are one note."""
    lines = ["stateDiagram-v2", "    direction LR", f"    [*] --> {State.IDLE.name}"]
    lines += [
        f"    {source.name} --> {target.name}: {', '.join(events)}"
        for (source, target), events in _edges().items()
    ]
    lines += [f"    {state.name} --> [*]" for state in State if state in TERMINAL]
    lines += [
        f"    note right of {State.ABORTED.name}",
        "        fault: from every state above",
        "    end note",
    ]
    return "\n".join(lines) + "\n"


def dot() -> str:
    """Return the machine in Graphviz's DOT language."""
    lines = ["digraph session {", "  rankdir=LR; node [shape=box, style=rounded];"]
    lines += [f"  {state.name} [peripheries=2];" for state in State if state in TERMINAL]
    lines += [
        f'  {source.name} -> {target.name} [label="{", ".join(events)}"];'
        for (source, target), events in _edges().items()
    ]
    lines += ['  "from every state" [shape=plaintext];']
    lines += [f'  "from every state" -> {State.ABORTED.name} [label="fault", style=dashed];', "}"]
    return "\n".join(lines) + "\n"


def table() -> str:
    """Return the transition table as Markdown, one row a transition, faults folded into one."""
    rows = ["| in | event | to | because |", "|---|---|---|---|"]
    rows += [
        f"| {row.source.name} | `{row.event}` | {row.target.name} | {row.meaning} |"
        for row in TRANSITIONS
        if row.event not in _FROM_ANYWHERE
    ]
    fault = next(row for row in TRANSITIONS if row.event is Event.FAULT)
    rows += [
        f"| any but the last three | `{Event.FAULT}` | {fault.target.name} | {fault.meaning} |"
    ]
    return "\n".join(rows) + "\n"


def page() -> str:
    """Return the documentation page, docs/reference/session_states.md, word for word."""
    return (
        "# States of a sampling session\n\n"
        "Written by `booth station diagram --format page`; do not edit by hand, a test compares.\n"
        "The table is `station.states.TRANSITIONS`: what is not in it cannot happen.\n\n"
        f"```mermaid\n{mermaid()}```\n\n{table()}"
    )


def _edges() -> dict[tuple[State, State], list[str]]:
    edges: dict[tuple[State, State], list[str]] = {}
    for row in TRANSITIONS:
        if _drawn(row):
            edges.setdefault((row.source, row.target), []).append(row.event.value)
    return edges


def _drawn(row: Transition) -> bool:
    return row.event not in _FROM_ANYWHERE
