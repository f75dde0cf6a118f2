"""What the booth says to the person; the words are the queue's `screen.toml`."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from vision.target import RefusalReason


class Instruction(StrEnum):
    """One thing a person can do, or is told."""

    SIT_DOWN = "sit_down"
    MASK_OFF = "mask_off"
    OPEN_WIDE = "open_wide"
    TONGUE_DOWN = "tongue_down"
    HOLD_STILL = "hold_still"
    HANDS_DOWN = "hands_down"
    FACE_FORWARD = "face_forward"
    ONE_PERSON = "one_person"
    RELAX = "relax"
    THANK_YOU = "thank_you"
    ASK_STAFF = "ask_staff"


_FOR_REFUSAL: Mapping[RefusalReason, Instruction] = MappingProxyType(
    {
        RefusalReason.NO_FACE: Instruction.FACE_FORWARD,
        RefusalReason.TWO_FACES: Instruction.ONE_PERSON,
        RefusalReason.MASK: Instruction.MASK_OFF,
        RefusalReason.MOUTH_CLOSED: Instruction.OPEN_WIDE,
        RefusalReason.TOO_NARROW: Instruction.OPEN_WIDE,
        RefusalReason.TONGUE_HIGH: Instruction.TONGUE_DOWN,
        RefusalReason.WALL_NOT_SEEN: Instruction.TONGUE_DOWN,
        RefusalReason.TONSIL_NOT_SEEN: Instruction.TONGUE_DOWN,
        RefusalReason.HEAD_MOVING: Instruction.HOLD_STILL,
        RefusalReason.OCCLUDED: Instruction.HANDS_DOWN,
        RefusalReason.OUT_OF_REACH: Instruction.FACE_FORWARD,
        RefusalReason.ANOTHER_PERSON: Instruction.ONE_PERSON,
    }
)


def instruction_for(reason: RefusalReason) -> Instruction | None:
    """Return what the person can do about ``reason``; None where it is not theirs to mend."""
    return _FOR_REFUSAL.get(reason)
