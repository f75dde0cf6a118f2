"""Pictures of a session: what the vision saw when it decided, with mouth and targets drawn in."""

from pathlib import Path

from arm_control.report import CycleReport
from station.drawing import draw, encode
from station.errors import StationError
from station.record import Decision
from station.session import SamplingSession
from station.states import State
from vision.frame import Frame
from vision.target import Refusal, Sighting

_WANTED = {State.APPROACHING, State.SWABBING, State.REFUSED, State.ABORTED, State.WITHDRAWING}


class PictureAlbum:
    """Observes a session and keeps the picture that was newest at each decision that matters."""

    def __init__(self, folder: Path, session: SamplingSession) -> None:
        self._folder = folder
        self._session = session
        self._last: tuple[Frame, Sighting | Refusal] | None = None
        self._asked: str | None = None
        self.kept: list[Path] = []

    def cycled(self, report: CycleReport) -> None:
        """Cycles give no pictures."""

    def decided(self, decision: Decision) -> None:
        """Keep the newest picture; while swabbing, keep the next one."""
        if decision.state is State.SWABBING:
            self._asked = f"swabbing {self._session.site}"
        elif decision.state in _WANTED and self._last is not None:
            self._keep(*self._last, decision.state.value)

    def saw(self, frame: Frame, seen: Sighting | Refusal) -> None:
        """Remember the newest picture."""
        self._last = (frame, seen)
        if self._asked is not None:
            self._keep(frame, seen, self._asked)
            self._asked = None

    def _keep(self, frame: Frame, seen: Sighting | Refusal, title: str) -> None:
        number = len(self.kept) + 1
        path = self._folder / f"{number:02d}-{title.replace(' ', '-')}.png"
        picture = encode(draw(frame, seen, title), ".png")
        try:
            path.write_bytes(picture)
        except OSError as error:
            raise StationError(f"cannot write {path}: {error.strerror}; free space") from error
        self.kept.append(path)
