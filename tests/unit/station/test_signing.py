import copy
import json
import os
import stat
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from station.errors import StationError
from station.signing import GENESIS, BoothKey, PublicKey, SignedRecord, verify_chain

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(-1e9, 1e9)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=12,
)


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> BoothKey:
    return BoothKey.load_or_create(tmp_path_factory.mktemp("key") / "booth.key")


def chain(key: BoothKey, length: int) -> list[SignedRecord]:
    records: list[SignedRecord] = []
    for number in range(1, length + 1):
        previous = records[-1].digest if records else GENESIS
        records.append(key.sign({"number": number}, number, previous))
    return records


@given(document=st.dictionaries(st.text(), VALUES, max_size=5))
def test_what_was_signed_verifies_after_a_round_trip_through_json(
    key: BoothKey, document: dict[str, Any]
) -> None:
    signed = key.sign(document, 1, GENESIS)
    read = SignedRecord.from_document(json.loads(signed.to_bytes()))
    key.public.verify(read)
    assert read.to_bytes() == signed.to_bytes()


def test_the_order_of_keys_does_not_matter(key: BoothKey) -> None:
    one = key.sign({"a": 1, "b": [1, 2]}, 1, GENESIS)
    other = key.sign({"b": [1, 2], "a": 1}, 1, GENESIS)
    assert one == other


@pytest.mark.parametrize("field", ["record", "sequence", "previous", "digest", "signature", "key"])
def test_a_change_to_any_field_is_found(key: BoothKey, field: str) -> None:
    document = copy.deepcopy(chain(key, 2)[1].document())
    changed: dict[str, Any] = {
        "record": {"number": 3},
        "sequence": 3,
        "previous": GENESIS,
        "digest": "f" * 64,
        "signature": "AAAA",
        "key": "0" * 64,
    }
    document[field] = changed[field]
    with pytest.raises(StationError):
        key.public.verify(SignedRecord.from_document(document))


def test_a_signature_that_is_no_base64_is_false(key: BoothKey) -> None:
    document = chain(key, 1)[0].document() | {"signature": "not base64!"}
    with pytest.raises(StationError, match="false signature"):
        key.public.verify(SignedRecord.from_document(document))


def test_a_whole_chain_verifies_and_a_broken_one_does_not(key: BoothKey) -> None:
    records = chain(key, 4)
    assert verify_chain(records, key.public) == 4
    with pytest.raises(StationError, match="record 2 is missing"):
        verify_chain(records[:1] + records[2:], key.public)
    with pytest.raises(StationError, match="record 1 is missing"):
        verify_chain(records[1:], key.public)
    forged = key.sign({"number": 3}, 3, GENESIS)
    with pytest.raises(StationError, match="record 3 does not follow"):
        verify_chain([*records[:2], forged], key.public)


def test_another_booths_record_is_not_taken_for_ones_own(key: BoothKey, tmp_path: Path) -> None:
    other = BoothKey.load_or_create(tmp_path / "other.key")
    with pytest.raises(StationError, match="pass that booth's public key"):
        other.public.verify(chain(key, 1)[0])


def test_the_key_is_kept_and_read_by_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "booth.key"
    made = BoothKey.load_or_create(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert BoothKey.load_or_create(path).public.fingerprint == made.public.fingerprint
    assert PublicKey.load(tmp_path / "booth.pub").fingerprint == made.public.fingerprint
    path.chmod(0o644)
    with pytest.raises(StationError, match="chmod 600"):
        BoothKey.load_or_create(path)


def test_a_broken_key_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "booth.key"
    path.write_text("rubbish")
    path.chmod(0o600)
    with pytest.raises(StationError, match="no private key"):
        BoothKey.load_or_create(path)
    with pytest.raises(StationError, match="cannot read the public key"):
        PublicKey.load(path)


@pytest.mark.parametrize("document", [[], {}, {"record": {}}, "text", None])
def test_what_is_no_signed_record_is_refused(document: object) -> None:
    with pytest.raises(StationError, match="not a signed record"):
        SignedRecord.from_document(document)


def test_not_a_number_has_no_canonical_form(key: BoothKey) -> None:
    with pytest.raises(StationError, match="no canonical form"):
        key.sign({"force": float("nan")}, 1, GENESIS)


def test_the_private_key_is_written_before_anything_could_read_it(tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        BoothKey.load_or_create(tmp_path / "booth.key")
    finally:
        os.umask(old)
    assert stat.S_IMODE((tmp_path / "booth.key").stat().st_mode) == 0o600
