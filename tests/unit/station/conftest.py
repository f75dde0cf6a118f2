import pytest

from tests.unit.station.rig import Rig


@pytest.fixture
def rig() -> Rig:
    return Rig()
