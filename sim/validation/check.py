"""One thing of the simulator held against what is known."""

from dataclasses import dataclass

from matplotlib.figure import Figure
from numpy.typing import ArrayLike

Curves = dict[str, tuple[ArrayLike, ArrayLike]]
"""What a plot shows: x and y by name."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing held against what is known.

    ``worst`` is the largest departure found and ``bound`` what is allowed, both in ``unit``.
    ``text`` says how it was measured; ``table`` is Markdown, empty where the plot says it all.
    """

    name: str
    text: str
    worst: float
    bound: float
    unit: str
    figure: Figure
    table: str = ""

    @property
    def passed(self) -> bool:
        """Whether the departure is within its bound."""
        return self.worst <= self.bound
