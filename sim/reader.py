"""Reading YAML strictly: every refusal names the file, the key and the bound."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVar

import yaml

from sim.errors import SimError

E = TypeVar("E", bound=StrEnum)


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
            raise SimError(f"{source}: {prefix or 'file'}: wants keys and values, got {values!r}")
        self._values = {str(key): value for key, value in values.items()}
        self._known: set[str] = set()

    @classmethod
    def of_file(cls, path: Path) -> "Reader":
        """Read a YAML file; SimError where it cannot be read or is no mapping."""
        try:
            values = yaml.safe_load(path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
            reason = str(error).replace("\n", " ")
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
            raise self.refuse(key, f"wants a number from {low} to {high}, got {value!r}")
        if not low <= value <= high:
            raise self.refuse(key, f"{value} is outside {low} to {high}")
        return float(value)

    def integer(self, key: str, default: int | None, low: int, high: int) -> int:
        """Return a whole number within bounds."""
        value = self.raw(key, default)
        if isinstance(value, bool) or not isinstance(value, int):
            raise self.refuse(key, f"wants a whole number from {low} to {high}, got {value!r}")
        if not low <= value <= high:
            raise self.refuse(key, f"{value} is outside {low} to {high}")
        return value

    def text(self, key: str, default: str | None, choices: Sequence[str] = ()) -> str:
        """Return a string, one of ``choices`` where there are any."""
        value = self.raw(key, default)
        if not isinstance(value, str) or (choices and value not in choices):
            wanted = f"one of {', '.join(choices)}" if choices else "text"
            raise self.refuse(key, f"wants {wanted}, got {value!r}")
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
            if one not in known:
                raise self.refuse(key, f"wants one of {', '.join(known)}, got {one!r}")
        if not values:
            raise self.refuse(key, "is empty; name at least one")
        return tuple(known[one] for one in values)

    def section(self, key: str) -> "Reader":
        """Return the mapping under ``key``, empty where it is not given."""
        dotted = f"{self.prefix}.{key}" if self.prefix else key
        return Reader(self.source, self.raw(key) or {}, dotted)

    def sections(self, key: str) -> list["Reader"]:
        """Return the mappings of the list under ``key``."""
        values = self.raw(key, [])
        if not isinstance(values, list):
            raise self.refuse(key, f"wants a list, got {values!r}")
        dotted = f"{self.prefix}.{key}" if self.prefix else key
        return [Reader(self.source, v, f"{dotted}[{i}]") for i, v in enumerate(values)]

    def numbers(self, allowed: Mapping[str, tuple[float, float]]) -> dict[str, float]:
        """Return every key as a number within its bounds; other keys are refused."""
        for key in self._values:
            if key not in allowed:
                raise self.refuse(key, f"unknown key; known: {', '.join(sorted(allowed))}")
        return {key: self.number(key, None, *allowed[key]) for key in self._values}

    def finish(self) -> None:
        """Refuse the first key that nobody asked for."""
        for key in self._values:
            if key not in self._known:
                known = ", ".join(sorted(self._known))
                raise self.refuse(key, f"unknown key; known: {known}")

    def finish_known(self, known: set[str]) -> None:
        """Refuse the first key that is not in ``known``."""
        self._known |= known
        self.finish()
