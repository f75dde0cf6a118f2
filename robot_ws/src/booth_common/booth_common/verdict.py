"""What a node knows of the safety node's verdict: the last one said, while it is fresh."""

from booth_common.pulse import Pulse


class Verdict:
    """Holds why the arm may not move, or nothing; silence of the safety node is a no."""

    def __init__(self, pulse: Pulse) -> None:
        self._pulse = pulse
        self._objection = ""

    def hear(self, objection: str) -> None:
        """Take in a verdict: why the booth is not safe, or an empty text."""
        self._objection = objection
        self._pulse.beat()

    def lose(self, why: str) -> None:
        """Take in that the safety node has died: no until its next verdict."""
        self._objection = why

    @property
    def objection(self) -> str:
        """Why the arm may not move now, or an empty text."""
        if not self._pulse.heard:
            return "safety: its state was never heard; bring up the safety node"
        silent, bound = self._pulse.silent_s, self._pulse.bound_s
        if silent > bound:
            return f"safety: its state was not heard for {silent:.2f} s, bound {bound:.2f} s"
        return self._objection
