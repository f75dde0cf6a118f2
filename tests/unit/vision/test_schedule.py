import pytest

from vision.errors import VisionError

pytest.importorskip("torch")
from vision.train.fit import Schedule


def test_shares_of_looks_must_add_up() -> None:
    assert Schedule(shares=(0.1, 0.3, 0.6)).shares == (0.1, 0.3, 0.6)
    for shares in ((0.1, 0.3, 0.7), (-0.1, 0.3, 0.8)):
        with pytest.raises(VisionError, match="add up"):
            Schedule(shares=shares)
