import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from vision.entry import entries, nearest_entry

openings = st.floats(0.035, 0.06)
places = st.floats(-0.05, 0.05)


@given(places, places, openings)
def test_the_nearest_entry_is_allowed_and_no_other_is_nearer(
    across: float, upward: float, opening: float
) -> None:
    entry, allowed = nearest_entry(across, upward, opening), entries(opening)
    assert entry[0] == 0.0
    assert (np.abs(entry) <= np.abs(allowed).max(axis=0) + 1e-12).all()
    wanted = np.array([0.0, across, upward])
    assert np.linalg.norm(entry - wanted) <= np.linalg.norm(allowed - wanted, axis=1).min() + 1e-12


@given(openings)
def test_entries_begin_in_the_middle_and_keep_off_the_teeth(opening: float) -> None:
    allowed = entries(opening)
    assert (allowed[0] == 0.0).all()
    assert (np.diff(np.linalg.norm(allowed, axis=1)) >= -1e-12).all()
    # half the opening less the swab's own radius is where the teeth begin
    assert np.abs(allowed[:, 2]).max() < opening / 2 - 0.0025
    # as to the left, so to the right
    assert {tuple(np.round(p, 9)) for p in allowed} == {
        tuple(np.round(p, 9)) for p in allowed * [1, -1, 1] + 0.0
    }
