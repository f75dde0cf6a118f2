"""What the safety monitor checks, apart from the process it runs in."""

from typing import Protocol

from arm_control.report import Fault
from spatial import Vector


class Safety(Protocol):
    """A safety monitor as the controller sees it. A trip latches until a person resets it."""

    def check(self, sample: Vector) -> Fault | None:
        """Return the latched fault, if any, after this cycle's ``sample``."""
        ...

    def trip(self, fault: Fault) -> None:
        """Latch ``fault`` on the controller's own word."""
        ...

    def reset(self, by: str) -> None:
        """Clear the latch; ``by`` names the person who looked and answers for it."""
        ...

    def close(self) -> None:
        """End the monitor; the arm must be stopped before."""
        ...
