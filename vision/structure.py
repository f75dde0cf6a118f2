"""What a pixel can show: the classes of the segmentation network."""

from enum import IntEnum


class Structure(IntEnum):
    """One class per pixel; right and left are the person's own.

    The numbers are the network's output channels: append, never renumber, and train anew.
    """

    BACKGROUND = 0
    SKIN = 1
    LIPS = 2
    TEETH = 3
    TONGUE = 4
    HARD_PALATE = 5
    SOFT_PALATE = 6
    RIGHT_ARCH = 7
    LEFT_ARCH = 8
    UVULA = 9
    RIGHT_TONSIL = 10
    LEFT_TONSIL = 11
    POSTERIOR_WALL = 12
    OTHER_MUCOSA = 13
    EYES = 14
    MASK = 15
    HAND = 16
    DEPRESSOR = 17
    SWAB = 18


ORAL = (
    Structure.TEETH,
    Structure.TONGUE,
    Structure.HARD_PALATE,
    Structure.SOFT_PALATE,
    Structure.RIGHT_ARCH,
    Structure.LEFT_ARCH,
    Structure.UVULA,
    Structure.RIGHT_TONSIL,
    Structure.LEFT_TONSIL,
    Structure.POSTERIOR_WALL,
    Structure.OTHER_MUCOSA,
)
"""The inside of the mouth."""

MIRRORED = {
    Structure.RIGHT_ARCH: Structure.LEFT_ARCH,
    Structure.LEFT_ARCH: Structure.RIGHT_ARCH,
    Structure.RIGHT_TONSIL: Structure.LEFT_TONSIL,
    Structure.LEFT_TONSIL: Structure.RIGHT_TONSIL,
}
"""Which class a structure becomes in a mirrored picture; all others stay what they are."""

BOXED = (
    Structure.UVULA,
    Structure.RIGHT_TONSIL,
    Structure.LEFT_TONSIL,
    Structure.POSTERIOR_WALL,
)
"""What is boxed as well as segmented."""
