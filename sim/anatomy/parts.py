"""The parts of a picture and of a throat: one label for mesh, picture, contact and truth."""

from enum import IntEnum

from vision.target import Site


class Part(IntEnum):
    """What a surface is. The value is the pixel value of a label image; never renumber.

    Right and left are the person's own.
    """

    BACKGROUND = 0
    SKIN = 1
    LIPS = 2
    TEETH = 3
    GUMS = 4
    TONGUE = 5
    HARD_PALATE = 6
    SOFT_PALATE = 7
    ARCH_RIGHT = 8
    ARCH_LEFT = 9
    UVULA = 10
    TONSIL_RIGHT = 11
    TONSIL_LEFT = 12
    POSTERIOR_WALL = 13
    CHEEK = 14
    PHARYNX = 15
    HAIR = 16
    EYES = 17
    GLASSES = 18
    MASK = 19
    HAND = 20
    DEPRESSOR = 21
    SWAB = 22
    GRIPPER = 23
    CHIN_REST = 24
    CLOTHES = 25
    BOOTH = 26
    ARM = 27


SITE_PARTS: dict[Site, frozenset[Part]] = {
    Site.RIGHT_TONSIL: frozenset({Part.TONSIL_RIGHT, Part.ARCH_RIGHT}),
    Site.LEFT_TONSIL: frozenset({Part.TONSIL_LEFT, Part.ARCH_LEFT}),
    Site.POSTERIOR_WALL: frozenset({Part.POSTERIOR_WALL}),
}
"""The parts that may be wiped for each site."""
