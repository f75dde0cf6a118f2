"""What the booth says to the person, in Chinese and English."""

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


TEXTS: Mapping[Instruction, tuple[str, str]] = MappingProxyType(
    {
        Instruction.SIT_DOWN: (
            "请坐下，将下巴放在托架上。",
            "Please sit down and rest your chin on the support.",
        ),
        Instruction.MASK_OFF: ("请取下口罩。", "Please take off your mask."),
        Instruction.OPEN_WIDE: (
            "请张大嘴巴，发“啊”。",
            "Please open your mouth wide and say “ah”.",
        ),
        Instruction.TONGUE_DOWN: ("请放平舌头。", "Please keep your tongue flat."),
        Instruction.HOLD_STILL: ("请保持不动。", "Please hold still."),
        Instruction.HANDS_DOWN: (
            "请放下手，不要遮挡口部。",
            "Please keep your hands away from your mouth.",
        ),
        Instruction.FACE_FORWARD: ("请正视前方。", "Please look straight ahead."),
        Instruction.ONE_PERSON: ("请一次只坐一人。", "One person at a time, please."),
        Instruction.RELAX: ("请放松，可以闭上嘴巴。", "Relax, you may close your mouth."),
        Instruction.THANK_YOU: ("采样完成，谢谢。", "Your sample is taken. Thank you."),
        Instruction.ASK_STAFF: (
            "未能采样，工作人员将协助您。",
            "No sample was taken. A member of staff will help you.",
        ),
    }
)
"""Each instruction in Chinese and in English."""

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
