"""The sites of one session: which are still to be swabbed, and what was gathered at each."""

from collections.abc import Collection, Mapping

from arm_control.procedure import Procedure, SiteStep
from station.evidence import SiteLog
from station.record import SiteEvidence


class Worklist:
    """Begins with every site of the procedure, in its order; sites leave it done or skipped."""

    def __init__(self, procedure: Procedure) -> None:
        self._steps = procedure.sites
        self._skipped: dict[str, str] = {}
        self.begin_anew()

    def begin_anew(self) -> None:
        """Swab every site again that is not given up: what was gathered goes with its swab."""
        self.left = [step for step in self._steps if step.site not in self._skipped]
        self._logs = {step.site: SiteLog(step.site) for step in self._steps}

    @property
    def step(self) -> SiteStep:
        """The site at hand; IndexError where none is left."""
        return self.left[0]

    @property
    def log(self) -> SiteLog:
        """What is gathered at the site at hand."""
        return self._logs[self.step.site]

    @property
    def strokes(self) -> int:
        """Strokes finished so far, over all sites."""
        return sum(log.strokes for log in self._logs.values())

    def done(self) -> None:
        """Take the site at hand, which is swabbed, off the list."""
        self.left.pop(0)

    def skip(self, reason: str) -> None:
        """Give the site at hand up, for ``reason``."""
        self._skipped[self.left.pop(0).site] = reason

    def keep(self, sites: Collection[str], reasons: Mapping[str, str]) -> None:
        """Go on with ``sites`` alone; ``reasons`` says why the others are left out."""
        self._skipped.update(reasons)
        self.left = [step for step in self.left if step.site in sites]

    def evidence(self, ended: str) -> tuple[SiteEvidence, ...]:
        """Return what was done at each site; those still left were skipped as the session ended.

        ``ended`` is that ending's reason, empty while the session goes on.
        """
        waiting = {step.site: ended or "not_reached" for step in self.left}
        return tuple(
            self._logs[step.site].finish(self._skipped.get(step.site, waiting.get(step.site, "")))
            for step in self._steps
        )
