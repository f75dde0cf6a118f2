"""The vision node with a locator that reads the truth."""

from booth_common.node import run
from booth_vision.node import VisionNode

from stand_in.truth import TruthLocator
from vision.pipeline import Looker


class TruthfulVision(VisionNode):
    def make_locator(self) -> Looker:
        return TruthLocator(self.booth)


if __name__ == "__main__":
    run(TruthfulVision)
