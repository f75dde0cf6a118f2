"""What is to go wrong in a demonstration, as asked for on the command line."""

import math
from dataclasses import dataclass

from sim.behaviour import Act
from sim.errors import SimError
from sim.faults import DEFAULT_MAGNITUDE, Fault, Mishap, Mode, Unit
from sim.timeline import Happening
from station.errors import StationError
from station.states import TERMINAL, State

_FORM = (
    "PERSON:STATE:UNIT.MODE[:SECONDS], such as 2:swabbing:wrist.stuck:1, or PERSON:STATE:WHAT, "
    "such as 2:swabbing:gripper_drops or 2:swabbing:hand_in_front"
)


@dataclass(frozen=True, slots=True)
class Trouble:
    """A fault or mishap of the booth, or what the person does, the ``person``-th to be served.

    They are counted from 1.
    """

    person: int
    happening: Happening

    @classmethod
    def parse(cls, text: str) -> "Trouble":
        """Read ``PERSON:STATE:UNIT.MODE[:SECONDS]`` or ``PERSON:STATE:WHAT``, a mishap or an act.

        A fault without seconds lasts for good, as every mishap does.

        Raises StationError that says what is wrong, and what there is.
        """
        parts = text.split(":")
        if len(parts) not in (3, 4) or not parts[0].isdecimal() or int(parts[0]) < 1:
            raise StationError(f"--fault {text!r} is not {_FORM}")
        _known(text, "state", parts[1], [one.value for one in State if one not in TERMINAL])
        if len(parts) == 3 and "." not in parts[2]:
            whats: dict[str, Mishap | Act] = {one.value: one for one in (*Mishap, *Act)}
            _known(text, "mishap or act", parts[2], list(whats))
            return cls(int(parts[0]), Happening(whats[parts[2]], phase=parts[1]))
        unit, _, mode = parts[2].partition(".")
        _known(text, "unit", unit, [one.value for one in Unit])
        _known(text, "mode", mode, [one.value for one in Mode])
        try:
            lasts = float(parts[3]) if len(parts) == 4 else math.inf
            fault = Fault(
                Unit(unit), Mode(mode), magnitude=DEFAULT_MAGNITUDE[Mode(mode)], duration_s=lasts
            )
            return cls(int(parts[0]), Happening(fault, phase=parts[1]))
        except (ValueError, SimError) as error:
            raise StationError(f"--fault {text!r}: {error}") from error


def _known(text: str, what: str, name: str, names: list[str]) -> None:
    if name not in names:
        raise StationError(f"--fault {text!r}: no {what} {name!r}; choose of {', '.join(names)}")
