"""From a frame to a sighting, or a refusal: the locator."""

from vision.frame import Frame
from vision.segmentation import Model
from vision.settings import LocatorSettings
from vision.target import Refusal, Sighting


class ThroatLocator:
    """Finds mouth and sites in one RGB-D frame; the ``Locator`` of the booth.

    ``model`` is what ``vision.network.load_network()`` returns. Stateless: the same frame gives
    the same sighting. Not thread-safe.
    """

    def __init__(self, model: Model, settings: LocatorSettings | None = None) -> None:
        self._model = model
        self._settings = settings or LocatorSettings()

    def locate(self, frame: Frame) -> Sighting | Refusal:
        """Return what the frame shows; never raises on a picture, however bad."""
        raise NotImplementedError
