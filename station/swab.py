"""The swab in the gripper: whether one is held, and whether it is still fresh."""

from arm_control.ports import Gripper
from spatial import age_s

_SURE_S = 0.1  # s without a shaft between the jaws, after which it is no flicker of their sensor


class SwabHolder:
    """A gripper that remembers whether its swab has been in a mouth; one a booth, for all sessions.

    A swab that was held when the booth opened counts as used, unless ``fresh`` says otherwise:
    nobody knows where it has been.
    """

    def __init__(self, gripper: Gripper, *, fresh: bool = False) -> None:
        self._gripper = gripper
        self._used = not fresh
        self._felt_ns = 0
        self._let_go = False

    @property
    def holding(self) -> bool:
        """Whether a swab is held, as the gripper itself measures it."""
        return self._gripper.holding

    @property
    def used(self) -> bool:
        """Whether the swab that is held may not touch another person."""
        return self._used and self.holding

    def lost(self, now_ns: int) -> bool:
        """Whether a swab that ought to be held is gone; asked once a cycle, at ``now_ns``."""
        if self.holding:
            self._felt_ns = now_ns
        return age_s(self._felt_ns, now_ns) >= _SURE_S

    def use(self) -> None:
        """Note that the swab goes into a mouth."""
        self._used = True

    def grasp(self) -> None:
        """Close on the fresh swab in front of the gripper."""
        self._gripper.grasp()
        self._used = False

    def release(self) -> None:
        """Let the swab go."""
        self._let_go = self.holding
        self._gripper.release()

    @property
    def delivered(self) -> bool:
        """Whether the last release let go of a swab: one was held, and none is now."""
        return self._let_go and not self.holding
