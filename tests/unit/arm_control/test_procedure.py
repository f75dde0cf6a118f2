from pathlib import Path

import pytest

from arm_control import Event, Procedure, ProcedureError, Reaction, shipped_procedures

GOOD = """
schema: 1
name: throat
description: Two sites.
sites:
  - {site: right_tonsil, strokes: 4, force: 0.25}
  - {site: posterior_wall}
reactions: {head_moved: retry, gagged: abort, mouth_closing: abort, lost_contact: retry,
  soft_force: retry, wiped_too_little: retry, asked_to_stop: abort, swab_lost: abort,
  contaminated: fresh_swab, hand_raised: abort, leaned_back: abort}
"""


def write(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "procedure.yaml"
    file.write_text(text, encoding="utf-8")
    return file


def test_both_oropharyngeal_procedures_ship_and_keep_the_practice() -> None:
    assert {"oropharyngeal_adult", "oropharyngeal_child"} <= set(shipped_procedures())
    for name in shipped_procedures():
        procedure = Procedure.shipped(name)
        assert all(step.strokes >= 3 for step in procedure.sites)
        assert all(step.force <= 0.3 for step in procedure.sites)
        assert all(step.least_coverage > 0.5 for step in procedure.sites)
        assert set(procedure.reactions) == set(Event)
        assert procedure.reactions[Event.ASKED_TO_STOP] is Reaction.ABORT


def test_order_and_values_are_those_of_the_file(tmp_path: Path) -> None:
    procedure = Procedure.from_yaml(write(tmp_path, GOOD))
    assert [step.site for step in procedure.sites] == ["right_tonsil", "posterior_wall"]
    assert procedure.sites[0].strokes == 4
    assert procedure.sites[0].force == 0.25


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ("schema: 1", "schema: 2", "schema"),
        ("strokes: 4", "strokes: 2", "sites[0].strokes"),
        ("strokes: 4", "strokes: 3.5", "sites[0].strokes"),
        ("force: 0.25", "force: 0.8", "sites[0].force"),
        ("force: 0.25", "pressure: 0.2", "sites[0].pressure"),
        ("force: 0.25", "force: yes", "sites[0].force"),
        ("force: 0.25", "least_coverage: 1.2", "sites[0].least_coverage"),
        ("force: 0.25", "least_contact_s: -1", "sites[0].least_contact_s"),
        ("site: posterior_wall", "site: right_tonsil", "right_tonsil"),
        ("name: throat", "name: throat\nspeed: 3", "speed"),
        ("name: throat", "name: throat\nentry_speed: 0.2", "entry_speed"),
        ("gagged: abort, ", "", "gagged"),
        ("gagged: abort", "gagged: laugh", "reactions.gagged"),
        ("name: throat", "name: ''", "name"),
    ],
)
def test_a_wrong_value_is_refused_with_file_and_key(
    tmp_path: Path, old: str, new: str, key: str
) -> None:
    assert old in GOOD
    file = write(tmp_path, GOOD.replace(old, new, 1))
    with pytest.raises(ProcedureError) as caught:
        Procedure.from_yaml(file)
    assert str(file) in str(caught.value)
    assert key in str(caught.value)


def test_a_missing_file_and_an_unknown_name_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ProcedureError, match=r"no\.yaml"):
        Procedure.from_yaml(tmp_path / "no.yaml")
    with pytest.raises(ProcedureError, match="choose of"):
        Procedure.shipped("nasal")
