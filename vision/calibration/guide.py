"""Guides a person who leads the arm by hand through a calibration, and takes what is wanted.

Nothing has to be pressed while both hands are on the arm: whenever it stands still in a place that
is wanted, the view is taken; otherwise the guide says what to do.
"""

from collections.abc import Callable, Sequence

import numpy as np

from spatial import Pose
from vision.calibration.board import BoardView, see_board
from vision.calibration.errors import CalibrationError
from vision.calibration.hand_eye import MIN_TURN, second_turn, solve_hand_eye
from vision.calibration.intrinsics import check_intrinsics
from vision.calibration.session import CalibrationSession
from vision.calibration.tip import solve_tip
from vision.camera import Camera, NoFrame

VIEWS, PIVOTS = 14, 12
MOST_VIEWS = 40
NEAREST, FARTHEST = 0.14, 0.28  # [m] of the board's middle
APART = float(np.radians(8.0))  # of one view or pivot pose from every other
_FEWEST_CORNERS = 16
_STILL_S = 0.6
_STILL_M, _STILL_RAD = 3e-4, 1e-3  # hands shake, and so does a joint's reading

Tell = Callable[[str], None]


class Stillness:
    """Whether the flange has stood still for a while, since it was last made use of."""

    def __init__(self) -> None:
        self._since: float | None = None
        self._place = Pose()
        self._used = False

    def use(self) -> None:
        """Make use of this place: it counts as still again only after a move."""
        self._used = True

    def stands(self, base_flange: Pose, now: float) -> bool:
        """Take in the flange's pose at ``now`` [s]; return whether it has long stood there."""
        distance, angle = self._place.distance_to(base_flange)
        if self._since is None or distance > _STILL_M or angle > _STILL_RAD:
            self._since, self._place, self._used = now, base_flange, False
        return not self._used and now - self._since >= _STILL_S


class Guide:
    """Takes the views, then the pivot poses, of ``session`` from a camera and an arm.

    ``base_flange`` reads the flange's pose; ``now`` [s] is any monotonic clock; ``tell`` is given
    each sentence for the person, once, when it changes. A session read back goes on where it was.
    """

    def __init__(
        self,
        session: CalibrationSession,
        base_flange: Callable[[], Pose],
        now: Callable[[], float],
        tell: Tell,
    ) -> None:
        self._session = session
        self._base_flange = base_flange
        self._now = now
        self._tell = tell
        self._told = ""

    def take_views(self, camera: Camera) -> None:
        """Take views of the board until hand-eye and intrinsics can be told from them.

        Raises CalibrationError where 40 views do not do.
        """
        still, lacking = Stillness(), self.lacking()
        while lacking:
            frame = camera.next_frame(1.0)
            if isinstance(frame, NoFrame):
                self._say(f"no picture ({frame.fault.value}): {frame.detail}")
                continue
            base_flange = self._base_flange()
            if not still.stands(base_flange, self._now()):
                continue
            view = see_board(frame.rgb, self._session.board, frame.intrinsics)
            if advice := self._unwanted(base_flange, view):
                self._say(advice)
                continue
            self._session.add_view(base_flange, frame)
            still.use()
            count, lacking = len(self._session.views), self.lacking()
            self._say(f"view {count} taken; {lacking or 'that will do'}")
            if lacking and count >= MOST_VIEWS:
                raise CalibrationError(f"{count} views do not do: {lacking}")

    def take_pivots(self) -> None:
        """Take poses that hold the tip in the cone, until the tip can be told from them."""
        still, lacking = Stillness(), self.lacking_pivots()
        while lacking:
            base_flange = self._base_flange()
            if not still.stands(base_flange, self._now()):
                continue
            if _nearest(base_flange, self._session.pivots) < APART:
                self._say("taken; keep the tip in the cone and tilt the tool another way")
                continue
            self._session.add_pivot(base_flange)
            still.use()
            lacking = self.lacking_pivots()
            count = len(self._session.pivots)
            self._say(f"pivot pose {count} taken; {lacking or 'that will do'}")

    def lacking(self) -> str:
        """Return what the views still lack, empty once they do."""
        views = self._session.views
        if len(views) < VIEWS:
            return (
                f"{VIEWS - len(views)} more, each tilted otherwise, the board in every corner once"
            )
        if second_turn([view.base_flange for view in views]) < MIN_TURN:
            return "tilt the camera about its other axis, too"
        k, board = self._session.intrinsics, self._session.board
        boards = [see_board(view.frame.rgb, board, k) for view in views]
        kept = [(v.base_flange, b) for v, b in zip(views, boards, strict=True) if b is not None]
        try:
            check_intrinsics([b for _, b in kept], k)
            solve_hand_eye([p for p, _ in kept], [b for _, b in kept], k)
        except CalibrationError as error:
            return str(error)
        return ""

    def lacking_pivots(self) -> str:
        """Return what the pivot poses still lack, empty once they do."""
        pivots = self._session.pivots
        if len(pivots) < PIVOTS:
            return f"{PIVOTS - len(pivots)} more, tilted by 20 degrees and more to every side"
        try:
            solve_tip(pivots)
        except CalibrationError as error:
            return str(error)
        return ""

    def _unwanted(self, base_flange: Pose, view: BoardView | None) -> str:
        """Return why a view from here is of no use, and what to do, or nothing."""
        seen_ill = (
            "the board is not seen, or half of it: point the camera at it from "
            f"{100 * NEAREST:.0f} to {100 * FARTHEST:.0f} cm, without glare"
        )
        if view is None:
            return seen_ill
        board = self._session.board
        middle = np.array([board.columns, board.rows, 0]) * board.square / 2
        distance = float(np.linalg.norm(view.optical_board.apply(middle)))
        if not NEAREST <= distance <= FARTHEST:
            way = "come closer" if distance > FARTHEST else "go back"
            return (
                f"the board is {100 * distance:.0f} cm away, wants {100 * NEAREST:.0f} to "
                f"{100 * FARTHEST:.0f} cm: {way}"
            )
        if len(view.points) < _FEWEST_CORNERS:
            return seen_ill
        if _nearest(base_flange, [taken.base_flange for taken in self._session.views]) < APART:
            return "taken; tilt the camera another way, by 10 degrees and more"
        return ""

    def _say(self, text: str) -> None:
        if text != self._told:
            self._told = text
            self._tell(text)


def _nearest(pose: Pose, others: Sequence[Pose]) -> float:
    """Return the least angle [rad] between ``pose`` and ``others``."""
    return min((pose.distance_to(other)[1] for other in others), default=np.inf)
