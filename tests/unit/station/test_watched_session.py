import pytest

from arm_control.motion import Wipe
from arm_control.procedure import Procedure
from spatial import vector
from station.instructions import Instruction
from station.record import Outcome
from station.states import State
from tests.unit.station.rig import Rig
from vision.structure import Structure
from vision.swab import TipSighting
from vision.target import Site
from vision.watch import Alarm, Notice


@pytest.mark.parametrize("state", [State.ENTERING, State.SWABBING])
@pytest.mark.parametrize(
    ("alarm", "reason"),
    [(Alarm.HAND_RAISED, "hand_raised"), (Alarm.SWAB_LOST, "swab_lost")],
)
def test_a_sign_to_stop_and_a_swab_that_is_not_seen_end_the_session(
    rig: Rig, alarm: Alarm, reason: str, state: State
) -> None:
    session = rig.seated()
    rig.run_until(session, state)
    session.tick()
    rig.sight.notice = Notice(alarm, "the evidence")
    session.tick()
    assert session.state is State.WITHDRAWING
    assert rig.decisions[-1].detail == f"{reason}: the evidence"
    rig.run(session)
    result = session.result()
    assert (result.outcome, result.reason) == (Outcome.ABORTED, reason)
    assert rig.withdrew()
    assert rig.gripper.log == ["grasp", "release"], "it is not used again"
    assert rig.said[-1] is Instruction.ASK_STAFF


@pytest.mark.parametrize(
    ("alarm", "event"),
    [
        (Alarm.MOUTH_CLOSING, "mouth_closing"),
        (Alarm.LEANING_BACK, "leaned_back"),
        (Alarm.HEAD_LEFT, "head_moved"),
    ],
)
def test_what_the_watch_sees_of_the_head_brings_the_swab_out_and_is_tried_again(
    rig: Rig, alarm: Alarm, event: str
) -> None:
    session = rig.seated()
    rig.run_until(session, State.SWABBING)
    rig.sight.notice = Notice(alarm, "the evidence")
    session.tick()
    assert session.state is State.WITHDRAWING
    assert rig.decisions[-1].detail == f"{event}: the evidence"
    rig.sight.notice = None
    rig.run(session)
    assert session.result().outcome is Outcome.SAMPLED


def test_a_child_that_leans_back_is_left_in_peace(rig: Rig) -> None:
    rig.procedure = Procedure.shipped("oropharyngeal_child")
    session = rig.seated()
    rig.run_until(session, State.SWABBING)
    rig.sight.notice = Notice(Alarm.LEANING_BACK, "40 mm")
    rig.run(session)
    assert (session.result().outcome, session.result().reason) == (Outcome.ABORTED, "leaned_back")


def test_before_the_lips_the_watch_has_no_word(rig: Rig) -> None:
    session = rig.seated()
    rig.run_until(session, State.APPROACHING)
    rig.sight.notice = Notice(Alarm.SWAB_LOST, "the evidence")
    session.tick()
    assert session.state is State.APPROACHING


def test_a_contaminated_swab_is_thrown_away_and_every_site_swabbed_with_a_fresh_one(
    rig: Rig,
) -> None:
    session = rig.seated()
    rig.run_until(session, State.SWABBING)
    while session.site == "right_tonsil":
        session.tick()
    rig.run_until(session, State.SWABBING)
    session.tick()
    rig.sight.notice = Notice(Alarm.CONTAMINATED, "the tip touches tongue")
    rig.run_until(session, State.WITHDRAWING)
    rig.sight.notice = None
    rig.run_until(session, State.LOCATING)
    assert rig.gripper.log == ["grasp", "release", "grasp"]
    assert not rig.swab.used
    assert rig.said[-1] is Instruction.RELAX
    rig.run(session)
    result = session.result()
    assert result.outcome is Outcome.SAMPLED
    wiped = [goal.target.site for goal in rig.arm.goals if isinstance(goal, Wipe)]
    assert wiped == ["right_tonsil", "left_tonsil", *Site]
    assert [site.strokes for site in result.sites] == [3, 3, 3], "of the swab in the tube alone"
    assert "change_swab" in [decision.event for decision in rig.decisions]


def test_swabs_are_not_changed_for_ever(rig: Rig) -> None:
    session = rig.seated()
    for _ in range(rig.settings.tries):
        rig.sight.notice = None
        rig.run_until(session, State.ENTERING)
        session.tick()
        rig.sight.notice = Notice(Alarm.CONTAMINATED, "the tip touches teeth")
        rig.run_until(session, State.WITHDRAWING)
    rig.run(session)
    result = session.result()
    assert (result.outcome, result.reason) == (Outcome.REFUSED, "contaminated")
    assert rig.gripper.log.count("grasp") == rig.gripper.log.count("release") == rig.settings.tries


def test_pictures_in_contact_confirm_the_site_or_do_not(rig: Rig) -> None:
    def seen(structure: Structure) -> TipSighting:
        return TipSighting(vector((0.0, 0.0), 2), 0.001, {structure: 0.004})

    session = rig.seated()
    rig.run_until(session, State.SWABBING)
    rig.sight.tip = seen(Structure.RIGHT_TONSIL)
    while session.site == "right_tonsil":
        session.tick()
    while session.site == "left_tonsil":
        session.tick()
    rig.sight.tip = None
    rig.run(session)
    right, left, wall = session.result().sites
    assert right.pictures == right.confirmed > 50
    assert (left.pictures > 50, left.confirmed) == (True, 0), "the other tonsil does not count"
    assert (wall.pictures > 50, wall.confirmed) == (True, 0)
