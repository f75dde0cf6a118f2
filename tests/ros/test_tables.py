"""The tables of topics and parameters: sound in themselves, and what the documents say."""

import importlib
from dataclasses import FrozenInstanceError, dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from booth_common import parameters, topics
from booth_common.parameters import ParameterError, bounds, flag, names, number, text

ROOT = Path(__file__).resolve().parents[2]
LAYOUT = "launch/config/layout.yaml"


def test_names_are_unique() -> None:
    named = [entry.name for entry in (*topics.TOPICS, *topics.SERVICES, *topics.ACTIONS)]
    assert len(set(named)) == len(named)


def test_the_document_is_generated_from_the_table() -> None:
    document = (ROOT / "docs/reference/topics.md").read_text(encoding="utf-8")
    assert document == topics.markdown(), "run python -m booth_common.topics"


@pytest.mark.ros
def test_the_parameters_document_is_generated_from_the_nodes() -> None:
    reference = importlib.import_module("booth_common.reference")
    document = (ROOT / "docs/reference/parameters.md").read_text(encoding="utf-8")
    assert document == reference.markdown(), "run python -m booth_common.reference"


@pytest.mark.ros
@pytest.mark.parametrize(
    "entry", [*topics.TOPICS, *topics.SERVICES, *topics.ACTIONS], ids=lambda entry: entry.name
)
def test_every_type_exists(entry: Any) -> None:
    assert topics.interface(entry.type).__name__ == entry.type.rsplit("/", 1)[1]


@pytest.mark.ros
@pytest.mark.parametrize("quality", topics.QUALITIES, ids=lambda quality: quality.name)
def test_every_quality_is_understood(quality: topics.Quality) -> None:
    profile = topics.profile(quality)
    assert profile.depth == quality.depth
    if quality.deadline_s is not None:
        assert profile.deadline.nanoseconds == round(quality.deadline_s * 1e9)


def test_a_heartbeat_is_missed_before_half_a_second() -> None:
    assert topics.HEARTBEAT.lease_s is not None
    assert topics.HEARTBEAT.deadline_s is not None
    assert topics.HEARTBEAT.deadline_s < topics.HEARTBEAT.lease_s < 0.5


@dataclass(frozen=True, slots=True)
class Settings:
    rate_hz: float = number(30.0, 1.0, 60.0, "a rate", live=True)
    tries: int = number(3, 1, 5, "a count")
    source: str = text("a", "a source", ("a", "b"))
    watched: tuple[str, ...] = names(("a",), "nodes", ("a", "b"))
    quick: bool = flag(False, "a switch")


class FakeNode:
    """Takes declarations as rclpy's node does, with the values a file gave."""

    def __init__(self, **given: object) -> None:
        self._parameter_overrides = {
            name: SimpleNamespace(value=value) for name, value in given.items()
        }
        self.declared: dict[str, Any] = {}

    def get_name(self) -> str:
        return "vision"

    def declare_parameter(self, name: str, default: object, descriptor: Any) -> None:
        self.declared[name] = (default, descriptor)


@pytest.mark.ros
def test_values_of_a_file_are_taken() -> None:
    given = {"rate_hz": 15, "watched": ["a", "b"], "use_sim_time": True}
    node = FakeNode(**given)
    assert parameters.declare(node, Settings) == Settings(rate_hz=15.0, watched=("a", "b"))
    assert set(node.declared) == {"rate_hz", "tries", "source", "watched", "quick"}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"rate": 15.0}, "unknown parameter 'rate'; known are rate_hz"),
        ({"rate_hz": 61.0}, "'rate_hz' is 61.0, above its bound 60.0"),
        ({"rate_hz": float("nan")}, "'rate_hz' is nan, wants a finite number"),
        ({"rate_hz": "15"}, "'rate_hz' is '15', wants float"),
        ({"tries": 0}, "'tries' is 0, below its bound 1"),
        ({"tries": True}, "'tries' is True, wants int"),
        ({"source": "c"}, "'source' names 'c', not one of a, b"),
        ({"watched": ["a", "z"]}, "'watched' names 'z', not one of a, b"),
    ],
)
def test_what_is_out_of_bounds_stops_the_start(given: dict[str, Any], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        parameters.declare(FakeNode(**given), Settings)


def test_only_live_parameters_change_at_run_time() -> None:
    now = Settings()
    change = SimpleNamespace(name="rate_hz", value=20.0)
    assert parameters.changed(now, [change]).rate_hz == 20.0
    with pytest.raises(ParameterError, match="'tries' cannot change while running"):
        parameters.changed(now, [SimpleNamespace(name="tries", value=4)])
    with pytest.raises(ParameterError, match="above its bound"):
        parameters.changed(now, [SimpleNamespace(name="rate_hz", value=200.0)])
    assert now.rate_hz == 30.0


def test_settings_are_frozen() -> None:
    with pytest.raises(FrozenInstanceError):
        Settings().tries = 4


PARAMETERS = sorted(set((ROOT / "launch/config").glob("*.yaml")) - {ROOT / LAYOUT})


@pytest.mark.ros
def test_the_layout_that_the_real_booth_names_is_there_and_can_be_read() -> None:
    from booth_station.layout import home, layout

    document = yaml.safe_load((ROOT / "launch/config/booth.yaml").read_text(encoding="utf-8"))
    assert document["/**/station"]["ros__parameters"]["layout"] == LAYOUT
    places, simulated = layout(str(ROOT / LAYOUT)), layout("sim:ur5")
    for name in ("base_rest", "base_look_out", "base_swab_rack", "base_tube_rack", "base_bin"):
        assert getattr(places, name).almost_equals(getattr(simulated, name), 1e-5), name
    assert home(str(ROOT / LAYOUT)) == pytest.approx(home("sim:ur5"), abs=1e-4)


@pytest.mark.ros
@pytest.mark.parametrize("path", PARAMETERS, ids=lambda path: path.name)
def test_configuration_files_hold_known_parameters_within_bounds(path: Path) -> None:
    tables = importlib.import_module("booth_common.reference").tables()
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    for scope, content in document.items():
        assert set(content) == {"ros__parameters"}
        values = content["ros__parameters"]
        if scope == "/**":
            assert set(values) <= {"use_sim_time"}
            continue
        table = tables[scope.removeprefix("/**/")]
        for name, value in values.items():
            assert name in table, f"{path.name}: {scope} has no parameter {name}"
            default, bound = table[name]
            taken = parameters._as_given(value, default)
            assert bound.problem(taken, default) == ""


def test_bounds_must_be_declared() -> None:
    @dataclass(frozen=True)
    class Careless:
        rate_hz: float = 3.0

    with pytest.raises(ParameterError, match="not declared"):
        bounds(Careless)
