"""What surfaces are made of: colour, grain and shine of every part."""

import numpy as np

from sim.anatomy import Anatomy, Part
from sim.anatomy.profile import Array
from sim.pictures.look import Look

_MUCOSA = ((22.0, 0.36, 0.10, 0.6), (0.50, 40.0, 1.6, 0.15))
_GRAIN_SHINE: dict[Part, tuple[tuple[float, float, float, float], ...]] = {
    Part.SKIN: ((22.0, 0.18, 0.12, 0.0), (0.10, 14.0, 0.15, 0.30)),
    Part.LIPS: ((26.0, 0.35, 0.15, 0.0), (0.40, 22.0, 0.4, 0.5)),
    Part.TEETH: ((22.0, 0.12, 0.04, 0.0), (0.85, 70.0, 0.0, 0.05)),
    Part.GUMS: ((22.0, 0.30, 0.20, 0.3), (0.50, 40.0, 0.5, 0.45)),
    Part.TONGUE: ((30.0, 0.22, 0.50, 0.0), (0.40, 30.0, 0.6, 0.7)),
    Part.HARD_PALATE: ((22.0, 0.25, 0.10, 0.4), (0.40, 30.0, 1.5, 0.2)),
    Part.SOFT_PALATE: ((22.0, 0.36, 0.10, 0.7), (0.50, 40.0, 1.6, 0.15)),
    Part.UVULA: ((22.0, 0.36, 0.10, 0.8), (0.60, 40.0, 1.2, 0.15)),
    Part.TONSIL_RIGHT: ((24.0, 0.30, 0.30, 0.5), (0.50, 40.0, 1.4, 0.9)),
    Part.TONSIL_LEFT: ((24.0, 0.30, 0.30, 0.5), (0.50, 40.0, 1.4, 0.9)),
    Part.POSTERIOR_WALL: ((22.0, 0.36, 0.12, 1.0), (0.45, 40.0, 1.8, 0.12)),
    Part.HAIR: ((9.0, 0.5, 0.8, 0.0), (0.35, 12.0, 0.8, 1.5)),
    Part.GLASSES: ((22.0, 0.0, 0.0, 0.0), (0.70, 60.0, 0.0, 0.0)),
    Part.MASK: ((40.0, 0.06, 0.10, 0.0), (0.05, 10.0, 0.3, 0.4)),
    Part.HAND: ((22.0, 0.20, 0.10, 0.0), (0.22, 16.0, 0.4, 0.4)),
    Part.DEPRESSOR: ((12.0, 0.30, 0.15, 0.0), (0.15, 16.0, 0.2, 0.3)),
    Part.SWAB: ((40.0, 0.05, 0.06, 0.0), (0.20, 20.0, 0.0, 0.5)),
    Part.GRIPPER: ((22.0, 0.05, 0.05, 0.0), (0.60, 40.0, 0.0, 0.1)),
    Part.CHIN_REST: ((22.0, 0.04, 0.03, 0.0), (0.35, 30.0, 0.0, 0.1)),
    Part.BOOTH: ((4.0, 0.06, 0.03, 0.0), (0.08, 10.0, 0.0, 0.0)),
    Part.ARM: ((9.0, 0.03, 0.02, 0.0), (0.55, 36.0, 0.0, 0.0)),
    Part.CLOTHES: ((9.0, 0.30, 0.25, 0.0), (0.02, 8.0, 0.6, 0.8)),
}


def grain_and_shine() -> tuple[Array, Array]:
    """Return (28, 4) noise scale, coarse, fine, vessels and (28, 4) gloss, sharpness, relief."""
    grain, shine = np.zeros((len(Part), 4)), np.zeros((len(Part), 4))
    for part in Part:
        grain[part], shine[part] = _GRAIN_SHINE.get(part, _MUCOSA)
    return grain, shine


def palette(anatomy: Anatomy, look: Look) -> Array:
    """Return linear RGB (28, 3) of every part for this person."""
    pale, dark = np.array([0.80, 0.56, 0.44]), np.array([0.16, 0.085, 0.055])
    tone = anatomy.skin_tone
    skin = pale ** (1 - tone) * dark**tone
    calm, inflamed = np.array([0.62, 0.27, 0.24]), np.array([0.56, 0.10, 0.085])
    red = anatomy.mucosa_redness
    mucosa = calm ** (1 - red) * inflamed**red
    lips = 0.55 * skin + 0.45 * np.array([0.52, 0.18, 0.17])
    colour = np.full((len(Part), 3), 0.5)
    colour[Part.SKIN] = skin
    colour[Part.LIPS] = lips
    colour[Part.TEETH] = (0.86, 0.80, 0.66)
    colour[Part.GUMS] = 0.75 * mucosa + 0.25 * np.array([0.66, 0.34, 0.32])
    colour[Part.TONGUE] = 0.6 * mucosa + 0.4 * np.array([0.62, 0.30, 0.28])
    colour[Part.HARD_PALATE] = 0.5 * mucosa + 0.5 * np.array([0.70, 0.42, 0.36])
    colour[Part.SOFT_PALATE] = 0.9 * mucosa + 0.1 * np.array([0.70, 0.42, 0.36])
    colour[Part.ARCH_RIGHT] = colour[Part.ARCH_LEFT] = mucosa * (0.98, 0.89, 0.87)
    colour[Part.UVULA] = mucosa * (1.02, 0.92, 0.90)
    colour[Part.TONSIL_RIGHT] = colour[Part.TONSIL_LEFT] = mucosa * (0.98, 0.86, 0.82)
    colour[Part.POSTERIOR_WALL] = mucosa * (1.0, 0.88, 0.82)
    colour[Part.CHEEK] = mucosa * (0.97, 0.94, 0.93)
    colour[Part.PHARYNX] = mucosa * (0.85, 0.70, 0.68)
    colour[Part.HAIR] = (
        np.array([0.022, 0.018, 0.016]) * (1 - anatomy.hair_tone) + 0.55 * anatomy.hair_tone
    )
    colour[Part.GLASSES] = (0.03, 0.03, 0.035)
    colour[Part.MASK] = (0.42, 0.62, 0.75)
    colour[Part.HAND] = look.glove if look.glove is not None else skin
    colour[Part.DEPRESSOR] = (0.72, 0.52, 0.32)
    colour[Part.SWAB] = (0.88, 0.88, 0.86)
    colour[Part.GRIPPER] = (0.10, 0.10, 0.11)
    colour[Part.CHIN_REST] = (0.75, 0.76, 0.78)
    colour[Part.CLOTHES] = look.shirt
    colour[Part.BOOTH] = (0.46, 0.56, 0.62)
    colour[Part.ARM] = (0.66, 0.67, 0.69)
    return colour
