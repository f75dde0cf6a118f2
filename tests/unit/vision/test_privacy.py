import numpy as np

from tests.unit.vision.painted import PaintReader, Scene, read_paint
from vision.pipeline import ThroatLocator
from vision.privacy import hide_face
from vision.structure import Structure
from vision.target import Refusal, RefusalReason, Sighting

SCENE = Scene()
FRAME = SCENE.frame()
LABELS = read_paint(FRAME.rgb)


def test_the_mouth_stays_and_the_eyes_go() -> None:
    seen = ThroatLocator(PaintReader(SCENE.optical_mouth)).locate(FRAME)
    assert isinstance(seen, Sighting)
    shown = hide_face(FRAME, seen)
    throat = np.isin(LABELS, [Structure.UVULA, Structure.POSTERIOR_WALL, Structure.LEFT_TONSIL])
    assert (shown[throat] == FRAME.rgb[throat]).all()
    assert not (read_paint(shown) == Structure.EYES).any()
    assert (LABELS == Structure.EYES).any()


def test_without_a_mouth_nothing_stays_sharp() -> None:
    shown = hide_face(FRAME, Refusal(RefusalReason.MASK, 0, ""))
    edges = np.abs(np.diff(shown.astype(int), axis=1)).max()
    assert edges < 0.2 * np.abs(np.diff(FRAME.rgb.astype(int), axis=1)).max()
    assert not (read_paint(shown) == Structure.EYES).any()


def test_the_frame_itself_is_untouched() -> None:
    before = FRAME.rgb.copy()
    hide_face(FRAME, Refusal(RefusalReason.NO_FACE, 0, ""))
    assert (FRAME.rgb == before).all()
