import errno
from pathlib import Path

import pytest

from station.errors import StationError
from station.record import (
    Decision,
    ForceStatistics,
    Outcome,
    Provenance,
    SamplingRecord,
    SiteEvidence,
)
from station.signing import BoothKey, verify_chain
from station.states import State
from station.store import RecordStore, read_folder, read_record, write_durably


def record(session: str = "s-1", outcome: Outcome = Outcome.SAMPLED) -> SamplingRecord:
    site = SiteEvidence("left_tonsil", 3, 2.5, ForceStatistics(0.3, 0.02, 0.4, 0.97), 0.8, 5e-5, 1)
    return SamplingRecord(
        booth="booth-1",
        session=session,
        ticket="A001",
        outcome=outcome,
        reason="",
        started_at="2026-01-01T08:00:00.000+00:00",
        duration_s=21.5,
        sites=(site,),
        trail=(Decision(0.0, State.CALLED, "call", "the next ticket was called"),),
        provenance=Provenance("0.1", "c", "p", "m", {"numpy": "2"}, simulated=True),
        tube="T1-001" if outcome is Outcome.SAMPLED else "",
    )


@pytest.fixture
def store(tmp_path: Path) -> RecordStore:
    return RecordStore(tmp_path / "records", BoothKey.load_or_create(tmp_path / "booth.key"))


def test_records_are_chained_on_disk_across_restarts(store: RecordStore, tmp_path: Path) -> None:
    for number in range(3):
        store.append(record(f"s-{number}"))
    key = BoothKey.load_or_create(tmp_path / "booth.key")
    again = RecordStore(store.folder, key)
    again.append(record("s-3", Outcome.REFUSED))
    assert verify_chain(read_folder(store.folder), key.public) == 4
    assert [signed.record["session"] for signed in again] == ["s-0", "s-1", "s-2", "s-3"]


def test_a_record_reads_back_as_it_was(store: RecordStore) -> None:
    made = record()
    signed = store.append(made)
    read = read_record(store.folder / "000001.json")
    assert read == signed
    assert read.record == made.document()
    assert read.record["sites"][0]["force"]["peak"] == 0.4
    assert read.record["outcome"] == "sampled"


def test_nothing_half_written_is_left_behind_or_taken_for_a_record(store: RecordStore) -> None:
    store.append(record())
    (store.folder / "000002.json.part").write_text("{half")
    head = store.head()
    assert head is not None
    assert head.sequence == 1
    assert store.append(record("s-2")).sequence == 2


def test_an_unwritable_folder_is_found_before_anybody_is_called(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    store = RecordStore(tmp_path / "file", BoothKey.load_or_create(tmp_path / "booth.key"))
    with pytest.raises(StationError, match="cannot write records"):
        store.check()


def test_a_full_disk_is_found_before_anybody_is_called(tmp_path: Path) -> None:
    key = BoothKey.load_or_create(tmp_path / "booth.key")
    RecordStore(tmp_path, key, room_bytes=1).check()
    with pytest.raises(StationError, match=r"MiB are free .* wants"):
        RecordStore(tmp_path, key, room_bytes=2**62).check()


def test_the_record_of_whoever_sits_there_is_kept_though_the_disk_fills_up(tmp_path: Path) -> None:
    folder = tmp_path / "records"
    full = False

    def write(path: Path, content: bytes) -> None:
        if full and (folder / ".reserve").exists():
            raise OSError(errno.ENOSPC, "No space left on device")
        write_durably(path, content)

    key = BoothKey.load_or_create(tmp_path / "booth.key")
    store = RecordStore(folder, key, room_bytes=1, write=write)
    store.check()
    full = True
    assert store.append(record()).sequence == 1
    assert verify_chain(read_folder(folder), key.public) == 1
    assert not (folder / ".reserve").exists()


def test_records_behind_a_number_come_in_order(store: RecordStore) -> None:
    for number in range(4):
        store.append(record(f"s-{number}"))
    assert [signed.sequence for signed in store.after(2)] == [3, 4]
    assert list(store.after(4)) == []


def test_a_record_that_cannot_be_written_leaves_the_chain_as_it_was(
    store: RecordStore, tmp_path: Path
) -> None:
    store.append(record())
    (store.folder / "000002.json.part").mkdir()  # even root cannot write a file here
    with pytest.raises(StationError, match="record 2 was not written"):
        store.append(record("s-2"))
    head = store.head()
    assert head is not None
    assert head.sequence == 1
    (store.folder / "000002.json.part").rmdir()
    assert store.append(record("s-2")).sequence == 2
    assert verify_chain(store, BoothKey.load_or_create(tmp_path / "booth.key").public) == 2


def test_rubbish_in_the_folder_is_told_apart_from_records(tmp_path: Path) -> None:
    with pytest.raises(StationError, match="no records"):
        read_folder(tmp_path)
    (tmp_path / "000001.json").write_text("rubbish")
    with pytest.raises(StationError, match="is no JSON"):
        list(read_folder(tmp_path))
    with pytest.raises(StationError, match="cannot read"):
        read_record(tmp_path / "000009.json")


def test_a_sample_without_a_tube_is_no_record() -> None:
    with pytest.raises(StationError, match="scan the tube"):
        SamplingRecord(
            "b", "s", "t", Outcome.SAMPLED, "", "", 0.0, (), (), Provenance("", "", "", "")
        )
