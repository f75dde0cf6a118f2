"""Reading YAML strictly: every refusal names the file, the key and the bound."""

import reprlib
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVar

import yaml

from sim.errors import SimError

E = TypeVar("E", bound=StrEnum)

_LONGEST = 200_000  # characters; the longest scenario that ships has 2,000


class _StrictLoader(yaml.SafeLoader):
    """YAML as people mean it: text for keys, each given once, and nothing that grows when read."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        """Refuse aliases: a few lines of them unfold to gigabytes."""
        if self.check_event(yaml.AliasEvent):
            event = self.peek_event()  # type: ignore[no-untyped-call] # PyYAML's stubs lack it
            raise yaml.MarkedYAMLError(
                problem=f"alias *{event.anchor} is not allowed; write the value out",
                problem_mark=event.start_mark,
            )
        return super().compose_node(parent, index)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """Refuse keys that are no text, and keys given twice: YAML would keep the last."""
        seen: set[str] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if not isinstance(key, str):
                problem = f"key {key!r} is no text; put it in quotes"
            elif key in seen:
                problem = f"key {key!r} is given twice; keep one"
            else:
                seen.add(key)
                continue
            raise yaml.MarkedYAMLError(problem=problem, problem_mark=key_node.start_mark)
        return super().construct_mapping(node, deep)


class Reader:
    """One mapping of a YAML file, read key by key; what is left over at the end is unknown.

    Parameters
    ----------
    source
        The file, for messages.
    values
        The mapping.
    prefix
        The mapping's own key, dotted, for messages.
    """

    def __init__(self, source: str, values: object, prefix: str = "") -> None:
        self.source = source
        self.prefix = prefix
        if not isinstance(values, Mapping):
            raise SimError(f"{source}: {prefix or 'file'}: wants keys and values, got {_s(values)}")
        self._values: Mapping[str, Any] = values
        self._known: set[str] = set()

    @property
    def values(self) -> Mapping[str, Any]:
        """The whole mapping, as YAML gave it."""
        return self._values

    @classmethod
    def of_file(cls, path: Path) -> "Reader":
        """Read a YAML file; SimError where it cannot be read, is too long or is no mapping."""
        try:
            text = path.read_text(encoding="utf-8")
            if len(text) > _LONGEST:
                raise SimError(f"{path}: {len(text)} characters, bound {_LONGEST}; split the file")
            values = yaml.load(text, _StrictLoader)  # noqa: S506 - a safe loader, made stricter
        # besides its own errors YAML lets through what numbers and dates out of range raise
        except (OSError, ValueError, RecursionError, yaml.YAMLError) as error:
            reason = " ".join(str(error).split())
            raise SimError(f"{path}: cannot be read as YAML: {reason}") from error
        return cls(str(path), values)

    def refuse(self, key: str, why: str) -> SimError:
        """Return the error for ``key``, ready to be raised."""
        dotted = f"{self.prefix}.{key}" if self.prefix else key
        return SimError(f"{self.source}: {dotted}: {why}")

    def has(self, key: str) -> bool:
        """Whether ``key`` is given."""
        return key in self._values

    def raw(self, key: str, default: object = None) -> Any:  # noqa: ANN401 - YAML holds anything
        """Return the value of ``key`` as YAML gave it, or ``default``."""
        self._known.add(key)
        return self._values.get(key, default)

    def number(self, key: str, default: float | None, low: float, high: float) -> float:
        """Return a finite number within bounds; a default of None makes the key required."""
        value = self.raw(key, default)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self.refuse(key, f"wants a number from {low} to {high}, got {_s(value)}")
        if not low <= value <= high:
            raise self.refuse(key, f"{_s(value)} is outside {low} to {high}")
        return float(value)

    def integer(self, key: str, default: int | None, low: int, high: int) -> int:
        """Return a whole number within bounds."""
        value = self.raw(key, default)
        if isinstance(value, bool) or not isinstance(value, int):
            raise self.refuse(key, f"wants a whole number from {low} to {high}, got {_s(value)}")
        if not low <= value <= high:
            raise self.refuse(key, f"{_s(value)} is outside {low} to {high}")
        return value

    def text(self, key: str, default: str | None, choices: Sequence[str] = ()) -> str:
        """Return a string, one of ``choices`` where there are any."""
        value = self.raw(key, default)
        if not isinstance(value, str) or (choices and value not in choices):
            wanted = f"one of {', '.join(choices)}" if choices else "text"
            raise self.refuse(key, f"wants {wanted}, got {_s(value)}")
        return value

    def choice(self, key: str, kind: type[E], default: E | None = None) -> E:
        """Return a member of an enumeration."""
        return kind(self.text(key, default, [member.value for member in kind]))

    def choices(self, key: str, kind: type[E]) -> tuple[E, ...]:
        """Return members of an enumeration: one, or a list of them."""
        value = self.raw(key)
        values = value if isinstance(value, list) else [value]
        known = {member.value: member for member in kind}
        for one in values:
            if not isinstance(one, str) or one not in known:
                raise self.refuse(key, f"wants one of {', '.join(known)}, got {_s(one)}")
        if not values:
            raise self.refuse(key, "is empty; name at least one")
        return tuple(known[one] for one in values)

    def section(self, key: str) -> "Reader":
        """Return the mapping under ``key``, empty where it is not given."""
        dotted = f"{self.prefix}.{key}" if self.prefix else key
        return Reader(self.source, self.raw(key, {}), dotted)

    def sections(self, key: str) -> list["Reader"]:
        """Return the mappings of the list under ``key``."""
        values = self.raw(key, [])
        if not isinstance(values, list):
            raise self.refuse(key, f"wants a list, got {_s(values)}")
        dotted = f"{self.prefix}.{key}" if self.prefix else key
        return [Reader(self.source, v, f"{dotted}[{i}]") for i, v in enumerate(values)]

    def numbers(self, allowed: Mapping[str, tuple[float, float]]) -> dict[str, float]:
        """Return every key as a number within its bounds; other keys are refused."""
        return {key: self.number(key, None, *allowed[key]) for key in self.known(allowed)}

    def known(self, allowed: Iterable[str]) -> tuple[str, ...]:
        """Return the keys that are given; the first that is not ``allowed`` is refused."""
        allowed = set(allowed)
        for key in self._values:
            if key not in allowed:
                raise self.refuse(key, f"unknown key; known: {', '.join(sorted(allowed))}")
        return tuple(self._values)

    def finish(self) -> None:
        """Refuse the first key that nobody asked for."""
        self.known(self._known)


def _s(value: object) -> str:
    """Return ``value`` as a message shows it: short, however much there is of it."""
    try:
        return reprlib.repr(value)
    except ValueError:  # Python writes no whole number of more than 4,300 digits
        return "a number of thousands of digits"
