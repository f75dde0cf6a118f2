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
        ("schema: 1\ncases: {}", "cases: wants a name and changes"),
        ("schema: 1\ncases: [a]", "cases: wants keys and values, got ['a']"),
        ("schema: 1\ncases:", "cases: wants keys and values, got None"),
        ("schema: 1\ncases: {a: 3}", "cases.a: wants keys and values"),
        ("schema: 1\nperson: {seed: 1}\ncases: {a: {person: 5}}", "case a: person: wants keys"),
        ("schema: 1\nabout: 2024-01-01\ncases: {a: {}}", "case a: about: wants text"),
        ("", "wants keys and values, got None"),
        ("schema: true", "schema: wants a whole number"),
        ("schema: 1\nabout: 2024-01-01", "about: wants text"),
        ("schema: 1\nseed: 99999999999999999999", "seed: 99999999999999999999 is outside 0"),
        ("schema: 1\nseed: 0x" + 5000 * "f", "seed: a number of thousands of digits is outside"),
        ("schema: 1\nseed: " + 300 * "x", "seed: wants a whole number from 0"),
        ("schema: 1\njitter_s: 1", "jitter_s: 1 is outside 0.0 to 0.02"),
        ("schema: 1\nperson: 5", "person: wants keys and values, got 5"),
        ("schema: 1\nperson: []", "person: wants keys and values, got []"),
        ("schema: 1\nperson: {population: ../child}", "person: population '../child'"),
        ("schema: 1\nhappenings: [3]", "happenings[0]: wants keys and values, got 3"),
        ("schema: 1\nhappenings: [{act: gag, after_s: -1}]", "[0].after_s: -1 is outside 0.0"),
        ("schema: 1\nhappenings: [{act: gag, after_s: .inf}]", "[0].after_s: inf is outside 0.0"),
        ("schema: 1\nhappenings: [{act: gag, magnitude: 2}]", "[0].magnitude: unknown key"),
        ("schema: 1\nhappenings: [{fault: wrist.off, scale: 2}]", "[0].scale: unknown key"),
        ("schema: 1\nhappenings: [{fault: wrist.off, magnitude: 2}]", "[0].magnitude: unknown"),
        ("schema: 1\nhappenings: [{fault: wrist.wrong, index: 2}]", "[0].index: unknown key"),
        (
            "schema: 1\nhappenings: [{fault: servos.off, index: 7}]",
            "[0].index: 7 is outside 0 to 6",
        ),
        (
            "schema: 1\narm: ur5\nhappenings: [{fault: servos.off, index: 6}]",
            "happenings[0].index: 6 is outside 0 to 5",
        ),
        ("schema: 1\nhappenings: [{fault: wrist.off, duration_s: 0}]", "[0].duration_s: 0 is out"),
        ("schema: 1\nexpect: {verdict: [{}]}", "expect.verdict: wants one of sampled"),
        ("schema: 1\nexpect: {verdict: []}", "expect.verdict: is empty"),
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


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("schema: 1\nseed: [", "expected the node content"),
        ("schema: 1\n\tseed: 2", "line 2"),
        ("schema: 1\nseed: 1\nseed: 2", "key 'seed' is given twice"),
        ("schema: 1\nperson: {seed: 1, seed: 2}", "key 'seed' is given twice"),
        ("schema: 1\noff: 3", "key False is no text"),
        ("schema: 1\ncases: {1: {}}", "key 1 is no text"),
        ("schema: 1\n? [a]\n: 3", "key ['a'] is no text"),
        ("schema: 1\nperson: &a {seed: 1}\nexpect: *a", "alias *a is not allowed"),
        ("schema: 1\n---\nschema: 1", "but found another document"),
        ("schema: 1\nabout: 2024-13-45", "month must be in 1..12"),
        ("schema: 1\nseed: " + 5000 * "9", "Exceeds the limit"),
        ("!!python/object/apply:os.getcwd []", "could not determine a constructor"),
        ("schema: 1\nabout: " + 2500 * "[", "recursion"),
        ("schema: 1\nabout: \0", "special characters are not allowed"),
        ("schema: 1\nabout: " + 300_000 * "x", "characters, bound 200000"),
    ],
)
def test_what_is_no_plain_yaml_is_refused_with_file_and_place(
    tmp_path: Path, text: str, says: str
) -> None:
    path = write(tmp_path, text)
    with pytest.raises(SimError) as refused:
        load(path)
    assert str(path) in str(refused.value)
    assert says in str(refused.value)
    assert len(str(refused.value)) < 600


def test_a_file_that_unfolds_to_gigabytes_is_refused_at_once(tmp_path: Path) -> None:
    lines = ["schema: 1", "a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join(9 * [f'*a{i - 1}'])}]" for i in range(1, 10)]
    with pytest.raises(SimError, match=r"alias \*a0 is not allowed"):
        load(write(tmp_path, "\n".join(lines)))


def test_what_is_no_text_file_is_refused(tmp_path: Path) -> None:
    binary = tmp_path / "binary.yaml"
    binary.write_bytes(b"schema: 1\xff\xfe")
    for path in (binary, tmp_path, tmp_path / "missing.yaml"):
        with pytest.raises(SimError) as refused:
            load(path)
        assert str(path) in str(refused.value)


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
