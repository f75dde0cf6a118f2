"""Lifecycle requests, and the text of message definitions for recordings."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ament_index_python.packages import get_package_share_directory
from lifecycle_msgs.msg import State, Transition
from lifecycle_msgs.srv import ChangeState

__all__ = [
    "ACTIVATE",
    "ACTIVE",
    "AFTER",
    "CLEANUP",
    "CONFIGURE",
    "DEACTIVATE",
    "INACTIVE",
    "TRANSITIONS",
    "UNCONFIGURED",
    "ChangeState",
    "change_request",
    "definition",
]

UNCONFIGURED: int = State.PRIMARY_STATE_UNCONFIGURED
INACTIVE: int = State.PRIMARY_STATE_INACTIVE
ACTIVE: int = State.PRIMARY_STATE_ACTIVE
CONFIGURE: int = Transition.TRANSITION_CONFIGURE
ACTIVATE: int = Transition.TRANSITION_ACTIVATE
DEACTIVATE: int = Transition.TRANSITION_DEACTIVATE
CLEANUP: int = Transition.TRANSITION_CLEANUP

TRANSITIONS = {
    CONFIGURE: "configure",
    ACTIVATE: "activate",
    DEACTIVATE: "deactivate",
    CLEANUP: "clean up",
}
AFTER = {CONFIGURE: INACTIVE, ACTIVATE: ACTIVE, DEACTIVATE: INACTIVE, CLEANUP: UNCONFIGURED}

_FIELD = re.compile(r"^\s*([A-Za-z][\w/]*)(?:<=\d+)?(?:\[[<=\d]*\])?\s+\w+")
_BUILT_IN = re.compile(r"^(bool|byte|char|float32|float64|u?int(8|16|32|64)|w?string)$")
_SEPARATOR = "=" * 80


def change_request(transition: int) -> Any:
    """Return the request for one lifecycle transition."""
    return ChangeState.Request(transition=Transition(id=transition))


def definition(type_name: str) -> str:
    """Return the definition of ``package/msg/Name`` with all it is made of, as MCAP wants it."""
    package, _, name = type_name.split("/")
    parts = [_text(package, name)]
    parts += [f"MSG: {p}/{n}\n{_text(p, n)}" for p, n in _dependencies(package, name, set())]
    return f"\n{_SEPARATOR}\n".join(parts)


def _dependencies(package: str, name: str, seen: set[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    for line in _text(package, name).splitlines():
        field = _FIELD.match(line.split("#", 1)[0])
        if field is None or _BUILT_IN.match(field[1]):
            continue
        *scope, inner = field[1].split("/")
        found = (scope[0] if scope else package, inner)
        if found not in seen:
            seen.add(found)
            yield found
            yield from _dependencies(*found, seen)


def _text(package: str, name: str) -> str:
    share = Path(get_package_share_directory(package))
    return (share / "msg" / f"{name}.msg").read_text(encoding="utf-8")
