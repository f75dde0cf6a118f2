"""What is said for each refusal: to the citizen, and to the staff; Chinese and English."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from vision.target import RefusalReason


class Language(StrEnum):
    """The languages of the booth."""

    CHINESE = "zh"
    ENGLISH = "en"


class Audience(StrEnum):
    """Who is spoken to."""

    CITIZEN = "citizen"
    STAFF = "staff"


@dataclass(frozen=True, slots=True)
class Message:
    """One sentence in both languages."""

    zh: str
    en: str

    def text(self, language: Language) -> str:
        """Return the sentence in ``language``."""
        return self.zh if language is Language.CHINESE else self.en


_CITIZEN: dict[RefusalReason, Message] = {
    RefusalReason.NO_FACE: Message(
        "请坐好，面向镜头。",
        "Please sit down and face the camera.",
    ),
    RefusalReason.TWO_FACES: Message(
        "一次只能一位，请其他人离开镜头。",
        "One person at a time, please; others step aside.",
    ),
    RefusalReason.MASK: Message(
        "请摘下口罩。",
        "Please take your mask off.",
    ),
    RefusalReason.MOUTH_CLOSED: Message(
        "请张大嘴，发“啊”音。",
        "Please open wide and say “ah”.",
    ),
    RefusalReason.TOO_NARROW: Message(
        "请把嘴再张大一些。",
        "Please open your mouth wider.",
    ),
    RefusalReason.TONGUE_HIGH: Message(
        "请放松舌头并压低，发“啊”音。",
        "Please let your tongue lie low and say “ah”.",
    ),
    RefusalReason.WALL_NOT_SEEN: Message(
        "请稍抬头，发“啊”音。",
        "Please lift your chin a little and say “ah”.",
    ),
    RefusalReason.TONSIL_NOT_SEEN: Message(
        "请正对镜头，把嘴张大。",
        "Please face the camera straight and open wide.",
    ),
    RefusalReason.HEAD_MOVING: Message(
        "请保持头部不动。",
        "Please hold your head still.",
    ),
    RefusalReason.DEPTH_INVALID: Message(
        "请保持不动，稍等片刻。",
        "Please hold still for a moment.",
    ),
    RefusalReason.LIGHT: Message(
        "请稍等，正在调整灯光。",
        "One moment, the light is being adjusted.",
    ),
    RefusalReason.OCCLUDED: Message(
        "请把手放下，不要遮挡嘴部。",
        "Please lower your hand and keep the mouth free.",
    ),
    RefusalReason.OUT_OF_REACH: Message(
        "请将下巴放在托架上，正对镜头。",
        "Please rest your chin on the support and face the camera.",
    ),
    RefusalReason.ANOTHER_PERSON: Message(
        "请被叫到号的人就座。",
        "Only the person who was called may sit here, please.",
    ),
    RefusalReason.MODEL_UNSURE: Message(
        "请保持不动，再试一次。",
        "Please hold still; trying again.",
    ),
    RefusalReason.CAMERA: Message(
        "设备故障，请稍等工作人员。",
        "Please wait for a member of staff.",
    ),
}

_STAFF: dict[RefusalReason, Message] = {
    RefusalReason.NO_FACE: Message(
        "镜头前没有人脸。",
        "No face before the camera.",
    ),
    RefusalReason.TWO_FACES: Message(
        "镜头前不止一人。",
        "More than one person before the camera.",
    ),
    RefusalReason.MASK: Message(
        "受检者戴着口罩。",
        "The person wears a mask.",
    ),
    RefusalReason.MOUTH_CLOSED: Message(
        "嘴未张开，或没有口腔深度。",
        "Mouth closed, or without depth.",
    ),
    RefusalReason.TOO_NARROW: Message(
        "张口度低于下限，建议人工采样。",
        "Opening below the limit; offer manual sampling.",
    ),
    RefusalReason.TONGUE_HIGH: Message(
        "舌头遮挡咽后壁。",
        "The tongue hides the posterior wall.",
    ),
    RefusalReason.WALL_NOT_SEEN: Message(
        "看不到咽后壁。",
        "The posterior wall is not seen.",
    ),
    RefusalReason.TONSIL_NOT_SEEN: Message(
        "看不到扁桃体。",
        "A tonsil is not seen.",
    ),
    RefusalReason.HEAD_MOVING: Message(
        "头部移动过快。",
        "The head moves too fast.",
    ),
    RefusalReason.DEPTH_INVALID: Message(
        "深度数据不足，请检查镜头清洁。",
        "Too little depth; check that the lenses are clean.",
    ),
    RefusalReason.LIGHT: Message(
        "画面过暗或过曝，请检查环形灯。",
        "Too dark or clipped; check the ring light.",
    ),
    RefusalReason.OCCLUDED: Message(
        "手或物体遮挡口部。",
        "A hand or tool stands before the mouth.",
    ),
    RefusalReason.OUT_OF_REACH: Message(
        "目标不在允许范围内，请检查坐姿。",
        "Target outside the corridor; check how the person sits.",
    ),
    RefusalReason.ANOTHER_PERSON: Message(
        "咽部形态与开始时不符，可能换了人：请核对身份后重新开始。",
        "The throat is not built as at the start, perhaps somebody else sits there: check, and "
        "start anew.",
    ),
    RefusalReason.MODEL_UNSURE: Message(
        "模型把握不足，未给出目标。",
        "The model is unsure and gives no target.",
    ),
    RefusalReason.CAMERA: Message(
        "相机故障，请查看日志。",
        "Camera fault; see the log.",
    ),
}

CATALOGUE: Mapping[Audience, Mapping[RefusalReason, Message]] = MappingProxyType(
    {Audience.CITIZEN: MappingProxyType(_CITIZEN), Audience.STAFF: MappingProxyType(_STAFF)}
)
"""Every sentence, by audience and reason."""


def sentence(reason: RefusalReason, language: Language, audience: Audience) -> str:
    """Return the sentence for a refusal."""
    return CATALOGUE[audience][reason].text(language)
