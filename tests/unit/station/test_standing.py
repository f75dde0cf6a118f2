"""A booth at a running service: its secret, its tubes."""

from pathlib import Path

import pytest

from booth_queue.contract import SwabBinding
from station.errors import StationError
from station.record import Outcome, Provenance, SamplingRecord
from station.signing import BoothKey
from station.standing import CountedTubes, read_secret
from station.store import RecordStore


def test_a_secret_is_read_only_where_nobody_else_can(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    with pytest.raises(StationError, match="secret_file is not set"):
        read_secret("")
    with pytest.raises(StationError, match="cannot read the device's secret"):
        read_secret(str(path))
    path.write_text("s3cret\n")
    path.chmod(0o644)
    with pytest.raises(StationError, match="chmod 600"):
        read_secret(str(path))
    path.chmod(0o600)
    assert read_secret(str(path)) == "s3cret"


def test_no_tube_code_comes_twice_across_restarts(tmp_path: Path) -> None:
    store = RecordStore(tmp_path, BoothKey.load_or_create(tmp_path / "booth.key"))
    first = CountedTubes("demo-a", store).scan()
    assert SwabBinding(barcode=first).barcode == first, "the service takes such codes"
    origin = Provenance("", "", "", "")
    store.append(
        SamplingRecord("b", "s", "A1", Outcome.SAMPLED, "", "", 1.0, (), (), origin, first)
    )
    assert CountedTubes("demo-a", store).scan() != first
