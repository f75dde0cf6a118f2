from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from sim.behaviour import Act
from sim.errors import SimError
from sim.faults import Fault, Mishap, Mode, Unit
from sim.scenario import FOLDER, SCHEMA, Scenario, load, load_folder


def write(folder: Path, text: str) -> Path:
    path = folder / "case.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_every_shipped_scenario_loads_and_has_its_own_name() -> None:
    names = [s.name for s in load_folder(FOLDER)]
    assert len(names) == len(set(names))
    assert len(names) > 100


def test_every_fault_act_and_mishap_has_a_scenario() -> None:
    shown = {h.what for s in load_folder(FOLDER) for h in s.happenings}
    faults = {(f.unit, f.mode) for f in shown if isinstance(f, Fault)}
    assert faults == {(unit, mode) for unit in Unit for mode in Mode}
    assert set(Act) <= shown
    assert set(Mishap) <= shown


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("schema: 2", "schema: wants 1"),
        ("[1, 2]", "wants keys and values"),
        ("schema: 1\nsede: 3", "sede: unknown key"),
        ("schema: 1\nseed: -1", "seed: -1 is outside 0"),
        ("schema: 1\nseed: true", "seed: wants a whole number"),
        ("schema: 1\narm: puma", "arm: wants one of kuka_iiwa, ur5"),
        ("schema: 1\nperson: {population: martian}", "person: population 'martian'"),
        ("schema: 1\nperson: {anatomy: {opening_max: 0.5}}", "person.anatomy.opening_max: 0.5"),
        ("schema: 1\nperson: {anatomy: {mask: maybe}}", "person.anatomy.mask: wants true"),
        ("schema: 1\nperson: {temperament: {grip: 1}}", "person.temperament.grip: unknown key"),
        ("schema: 1\nhappenings: {}", "happenings: wants a list"),
        ("schema: 1\nhappenings: [{act: dance}]", "happenings[0].act: wants one of close_mouth"),
        ("schema: 1\nhappenings: [{act: gag, fault: wrist.off}]", "wants exactly one of"),
        ("schema: 1\nhappenings: [{fault: wrist.tired}]", "happenings[0].fault: wrist.tired"),
        (
            "schema: 1\nhappenings: [{fault: wrist.delayed, magnitude: 9}]",
            "happenings[0].magnitude: magnitude 9.0",
        ),
        ("schema: 1\nhappenings: [{act: gag, phase: lunch}]", "phase: wants one of locating"),
        ("schema: 1\nexpect: {verdict: [happy]}", "expect.verdict: wants one of sampled"),
        ("schema: 1\nexpect: {max_force: .nan}", "expect.max_force: nan is outside"),
        ("schema: 1\ncases: [a]", "cases: wants a name and changes"),
        ("schema: 1\ncases: {a: 3}", "cases.a: wants keys and values"),
        ("schema: 1\nseed: [", "cannot be read as YAML"),
    ],
)
def test_malformed_files_are_refused_with_file_key_and_bound(
    tmp_path: Path, text: str, says: str
) -> None:
    path = write(tmp_path, text)
    with pytest.raises(SimError) as refused:
        load(path)
    assert str(path) in str(refused.value)
    assert says in str(refused.value)


def test_cases_change_the_file_they_stand_in(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        "schema: 1\nseed: 4\nperson: {seed: 2, temperament: {tremor: 0.001}}\n"
        "cases: {plain: {}, child: {person: {population: child}}}",
    )
    plain, child = load(path)
    assert (plain.name, child.name) == ("case/plain", "case/child")
    assert (plain.population, child.population) == ("adult", "child")
    assert child.person_seed == 2
    assert child.person().temperament.tremor == 0.001


@given(st.text(max_size=40) | st.dictionaries(st.text(max_size=8), st.integers() | st.text()))
def test_no_file_makes_the_reader_raise_anything_else(values: object) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "any.yaml"
        path.write_text(yaml.safe_dump(values), encoding="utf-8")
        try:
            load(path)
        except SimError as error:
            assert str(path) in str(error)  # noqa: PT017 - a valid file is fine, too


def test_the_digest_tells_scenarios_apart() -> None:
    assert Scenario("a").digest() == Scenario("a").digest()
    assert Scenario("a").digest() != Scenario("a", seed=1).digest()
    assert SCHEMA == 1
