"""What the booth's voice asks of the person in the chair."""

from enum import StrEnum


class Cue(StrEnum):
    """One spoken instruction; the person follows it after a reaction time, as they are able."""

    OPEN_MOUTH = "open_mouth"
    SAY_AH = "say_ah"
    RELAX = "relax"
    HOLD_STILL = "hold_still"
    LEAN_BACK = "lean_back"
