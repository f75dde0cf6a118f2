from pathlib import Path

import pytest

from station.config import BoothConfig, load_config
from station.errors import StationError


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "booth.yaml"
    path.write_text(text)
    return path


def test_values_of_the_file_replace_defaults_and_the_rest_stays(tmp_path: Path) -> None:
    config = load_config(write(tmp_path, "booth: north-3\nsession: {tries: 2}\n"))
    assert config.booth == "north-3"
    assert config.session.tries == 2
    assert config.session.patience_s == BoothConfig().session.patience_s


def test_an_empty_file_is_the_defaults(tmp_path: Path) -> None:
    assert load_config(write(tmp_path, "")) == BoothConfig()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("sesion: {}", r"booth\.yaml: sesion: unknown key"),
        ("session: {trys: 2}", r"session\.trys: unknown key"),
        ("session: {tries: 9}", r"session\.tries = 9: input should be less than or equal to 5"),
        ("session: {tries: two}", r"session\.tries = 'two'"),
        ("session: {tries: 2.5}", r"session\.tries = 2\.5"),
        ("booth: 'Bad Name'", r"booth = 'Bad Name'"),
        ("queue: {url: 'ftp://x'}", r"queue\.url = 'ftp://x'"),
        ("[1, 2]", "the document"),
        ("a: [", "is no YAML"),
    ],
)
def test_a_mistake_stops_with_file_key_and_bound(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(StationError, match=told) as caught:
        load_config(write(tmp_path, text))
    assert "booth.yaml" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(StationError, match="cannot read the configuration"):
        load_config(tmp_path / "none.yaml")


def test_the_digest_is_that_of_the_values(tmp_path: Path) -> None:
    same = load_config(write(tmp_path, "session: {tries: 3}"))
    assert same.digest() == BoothConfig().digest()
    assert load_config(write(tmp_path, "session: {tries: 2}")).digest() != BoothConfig().digest()


def test_every_value_has_a_description() -> None:
    schema = BoothConfig.model_json_schema()
    for section in ("SessionSettings", "RecordSettings", "QueueSettings"):
        for name, value in schema["$defs"][section]["properties"].items():
            assert value.get("description"), f"{section}.{name}"
