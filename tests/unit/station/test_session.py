from dataclasses import replace

import pytest

from arm_control.errors import ArmControlError
from arm_control.motion import Enter, MoveTip, Wipe, Withdraw
from arm_control.report import Fault, FaultKind
from station.config import SessionSettings
from station.errors import StationError
from station.instructions import Instruction
from station.reasons import Reason
from station.record import Outcome
from station.states import State
from tests.unit.station.rig import Rig
from vision.camera import CameraFault, NoFrame
from vision.target import Refusal, RefusalReason, Site


def test_a_cooperative_person_is_swabbed_at_every_site(rig: Rig) -> None:
    session = rig.seated()
    rig.run(session)
    result = session.result()
    assert (session.state, result.outcome) == (State.DONE, Outcome.SAMPLED)
    assert [site.site for site in result.sites] == list(Site)
    for site in result.sites:
        assert site.strokes == 3
        assert site.force.mean == pytest.approx(0.3)
        assert site.coverage > 0.8
        assert site.skipped == ""
        assert site.target is not None
    assert rig.gripper.log == ["grasp", "release"]
    assert rig.said[-1] is Instruction.THANK_YOU
    wiped = [goal.target.site for goal in rig.arm.goals if isinstance(goal, Wipe)]
    assert wiped == list(Site)


def test_the_trail_is_the_path_through_the_table(rig: Rig) -> None:
    session = rig.seated()
    rig.run(session)
    states = [decision.state for decision in session.result().trail]
    assert states[:5] == ["called", "seated", "locating", "approaching", "entering"]
    assert states[-3:] == ["withdrawing", "depositing", "done"]
    times = [decision.time_s for decision in session.result().trail]
    assert times == sorted(times)
    assert session.result().trail == tuple(rig.decisions)


def test_the_corridor_leads_through_the_lips_to_the_site(rig: Rig) -> None:
    session = rig.seated()
    rig.run(session)
    entries = [goal for goal in rig.arm.goals if isinstance(goal, Enter)]
    wipes = [goal for goal in rig.arm.goals if isinstance(goal, Wipe)]
    for enter, wipe in zip(entries, wipes, strict=True):
        end = enter.corridor.entry + enter.depth * enter.corridor.axis
        gap = wipe.target.point - end
        assert float(gap @ gap) ** 0.5 == pytest.approx(rig.settings.standoff)
        assert enter.corridor.depth >= enter.depth


def test_a_narrow_mouth_is_refused_untouched_with_its_reason(rig: Rig) -> None:
    rig.sight.opening = 0.030
    session = rig.seated()
    rig.run(session)
    result = session.result()
    assert (result.outcome, result.reason) == (Outcome.REFUSED, "too_narrow")
    assert "30 mm" in result.detail
    assert "35 mm" in result.detail
    assert not any(isinstance(goal, Enter | Wipe) for goal in rig.arm.goals)
    assert Instruction.OPEN_WIDE in rig.said
    assert all(site.skipped == "too_narrow" for site in result.sites)


def test_the_person_is_told_what_to_do_about_a_refusal(rig: Rig) -> None:
    rig.sight.hidden = {Site.POSTERIOR_WALL: RefusalReason.TONGUE_HIGH}
    session = rig.seated()
    rig.run(session)
    assert Instruction.TONGUE_DOWN in rig.said
    assert session.result().reason == "tongue_high"


def test_a_refused_look_needs_no_second_reason(rig: Rig) -> None:
    rig.sight.seen = lambda now: Refusal(RefusalReason.MASK, now, "a mask covers the mouth")
    session = rig.seated()
    rig.run(session)
    assert session.result().reason == "mask"
    assert Instruction.MASK_OFF in rig.said


@pytest.mark.parametrize("state", [State.APPROACHING, State.ENTERING, State.SWABBING])
def test_a_closing_mouth_brings_the_swab_out_and_is_tried_again(rig: Rig, state: State) -> None:
    rig.settings = SessionSettings(hold_s=0.0)
    session = rig.seated()
    rig.run_until(session, state)
    session.tick()
    rig.sight.closed_for = 3
    session.tick()
    assert session.state is State.WITHDRAWING
    rig.sight.closed_for = 0
    rig.run(session)
    assert session.state is State.DONE
    assert any(decision.event == "retry" for decision in rig.decisions)


def test_a_mouth_that_keeps_closing_is_given_up(rig: Rig) -> None:
    rig.settings = SessionSettings(hold_s=0.0)
    session = rig.seated()
    for _ in range(10):
        rig.sight.closed_for = 0
        while not session.finished and session.state is not State.SWABBING:
            session.tick()
        if session.finished:
            break
        rig.sight.closed_for = 3
        session.tick()
    result = session.result()
    assert (result.outcome, result.reason) == (Outcome.REFUSED, "mouth_closing")
    assert rig.withdrew()
    assert rig.gripper.log == ["grasp", "release"]


@pytest.mark.parametrize(("speed", "event"), [(0.1, "head_moved"), (0.3, "gagged")])
def test_a_moving_head_brings_the_swab_out(rig: Rig, speed: float, event: str) -> None:
    session = rig.seated()
    rig.run_until(session, State.SWABBING)
    rig.sight.speed = speed
    session.tick()
    assert session.state is State.WITHDRAWING
    assert event in rig.decisions[-1].detail


@pytest.mark.parametrize(("state", "hold_s"), [("approaching", 40.0), ("swabbing", 0.0)])
def test_a_mouth_out_of_sight_brings_the_swab_out(rig: Rig, state: str, hold_s: float) -> None:
    rig.settings = SessionSettings(hold_s=hold_s, mouth_lost_s=0.1)
    session = rig.seated()
    rig.run_until(session, state)
    rig.sight.seen = lambda now: Refusal(RefusalReason.NO_FACE, now, "nobody there")
    rig.run_until(session, State.WITHDRAWING)
    assert "nobody there" in rig.decisions[-1].detail
    rig.run(session)
    assert session.state is State.REFUSED


def test_a_lost_contact_is_touched_again_without_leaving_the_mouth(rig: Rig) -> None:
    session = rig.seated()
    rig.run_until(session, State.SWABBING)
    rig.arm.faults[Wipe] = Fault(FaultKind.LOST_CONTACT, "slipped off", latched=False)
    rig.run_until(session, State.ENTERING)
    assert rig.decisions[-1].event == "touch_again"
    rig.arm.faults.clear()
    rig.run(session)
    result = session.result()
    assert result.outcome is Outcome.SAMPLED
    assert result.sites[0].attempts == 2


def test_too_much_force_lets_go_and_touches_again(rig: Rig) -> None:
    session = rig.seated()
    rig.run_until(session, State.SWABBING)
    rig.arm.faults[Wipe] = Fault(FaultKind.FORCE, "0.6 N, bound 0.5 N", latched=False)
    rig.run_until(session, State.ENTERING)
    assert (rig.decisions[-1].event, rig.decisions[-1].detail) == (
        "touch_again",
        "0.6 N, bound 0.5 N",
    )


def test_the_swab_is_fetched_while_the_person_comes(rig: Rig) -> None:
    session = rig.session()
    session.call(rig.arm.now)
    for _ in range(200):
        session.tick()
    assert rig.gripper.log == ["grasp"]
    session.sit(rig.arm.now)
    session.tick()
    assert session.state is State.LOCATING


def test_the_person_opens_the_mouth_while_the_arm_is_on_its_way(rig: Rig) -> None:
    session = rig.seated()
    rig.run_until(session, State.LOCATING)
    session.tick()
    assert rig.said[-1] is Instruction.OPEN_WIDE


def test_sight_is_told_when_the_swab_is_inside(rig: Rig) -> None:
    session = rig.seated()
    told = {}
    while not session.finished:
        state, looks = session.state, len(rig.sight.looks)
        session.tick()
        if len(rig.sight.looks) > looks:
            told[state] = rig.sight.looks[-1]
    inside = {state for state, said in told.items() if said}
    assert inside == {State.ENTERING, State.SWABBING, State.WITHDRAWING}
    assert {State.LOCATING, State.APPROACHING} <= told.keys() - inside


def test_a_dead_camera_brings_the_swab_out_and_aborts(rig: Rig) -> None:
    session = rig.seated()
    rig.run_until(session, State.SWABBING)
    rig.sight.seen = lambda _: NoFrame(CameraFault.TIMEOUT, "no picture for 1.1 s")
    rig.run(session)
    result = session.result()
    assert (result.outcome, result.reason) == (Outcome.ABORTED, "camera")
    assert rig.withdrew()


def test_a_latched_fault_aborts_at_once(rig: Rig) -> None:
    session = rig.seated()
    rig.run_until(session, State.SWABBING)
    rig.arm.faults[Wipe] = Fault(FaultKind.FORCE, "1.2 N, bound 1.0 N", latched=True)
    rig.run(session)
    result = session.result()
    assert (result.outcome, result.reason) == (Outcome.ABORTED, "force")
    assert "1.0 N" in result.detail


def test_an_arm_that_does_not_answer_aborts_at_once(rig: Rig) -> None:
    session = rig.seated()
    rig.run_until(session, State.ENTERING)
    rig.arm.dead = ArmControlError("the arm is offline")
    session.tick()
    assert session.finished
    assert session.result().outcome is Outcome.ABORTED


@pytest.mark.parametrize("state", ["seated", "locating", "approaching", "entering", "swabbing"])
def test_cancelled_in_any_state_it_ends_aborted_with_the_arm_away(rig: Rig, state: str) -> None:
    session = rig.seated()
    rig.run_until(session, state)
    session.tick()
    session.cancel(Reason.OPERATOR)
    rig.run(session)
    result = session.result()
    assert (result.outcome, result.reason) == (Outcome.ABORTED, "operator")
    if state in ("approaching", "entering", "swabbing"):
        assert rig.withdrew()
        assert rig.gripper.log[-1] == "release" or state == "approaching"
    assert state == "locating" or rig.arm.stopped or rig.withdrew()


def test_cancelled_while_withdrawing_it_still_comes_out(rig: Rig) -> None:
    session = rig.seated()
    rig.run_until(session, State.WITHDRAWING)
    session.tick()
    session.cancel(Reason.OPERATOR)
    rig.run(session)
    assert rig.withdrew()
    assert session.state is State.ABORTED


def test_a_failing_withdrawal_stops_the_arm(rig: Rig) -> None:
    session = rig.seated()
    rig.arm.faults[Withdraw] = Fault(FaultKind.TRACKING, "it does not follow", latched=False)
    rig.run(session)
    assert rig.arm.stopped
    assert session.result().outcome is Outcome.ABORTED


def test_an_empty_rack_is_noticed_before_anybody_is_approached(rig: Rig) -> None:
    rig.gripper.empty = True
    session = rig.seated()
    rig.run(session)
    assert session.result().reason == "no_swab"


def test_nobody_sitting_down_is_a_no_show(rig: Rig) -> None:
    session = rig.session()
    session.call(0)
    for _ in range(20_000):
        if session.finished:
            break
        session.tick()
    assert session.result().reason == "no_show"


def test_a_person_cannot_sit_before_the_call(rig: Rig) -> None:
    with pytest.raises(StationError, match="sit cannot happen in idle"):
        rig.session().sit(0)


def test_too_few_strokes_are_no_sample(rig: Rig) -> None:
    rig.arm.strokes_lost = 1
    session = rig.seated()
    rig.run(session)
    result = session.result()
    assert result.outcome is Outcome.REFUSED
    assert result.reason == "wiped_too_little"
    assert rig.gripper.log == ["grasp", "release"]


def test_a_site_hardly_wiped_is_touched_again_looked_at_again_and_then_given_up(rig: Rig) -> None:
    rig.arm.wiped = 0.3
    session = rig.seated()
    rig.run(session)
    result = session.result()
    assert (result.outcome, result.reason) == (Outcome.REFUSED, "wiped_too_little")
    events = [decision.event for decision in rig.decisions]
    assert events.index("touch_again") < events.index("retry") < events.index("give_up")
    assert "33% of right_tonsil wiped in contact, wants 60%" in rig.decisions[-1].detail
    first = result.sites[0]
    assert (first.strokes, first.attempts, first.skipped) == (9, 3, "wiped_too_little")
    assert first.coverage == pytest.approx(1 / 3)


def test_what_two_touches_wiped_together_counts(rig: Rig) -> None:
    rig.arm.wiped = 0.3
    session = rig.seated()
    rig.run_until(session, State.SWABBING)
    rig.run_until(session, State.ENTERING)
    rig.arm.wiped = 1.0
    rig.run(session)
    assert session.result().outcome is Outcome.SAMPLED
    assert session.result().sites[0].attempts == 2


def test_a_touch_too_short_is_no_swab(rig: Rig) -> None:
    steps = tuple(replace(step, least_contact_s=3.0) for step in rig.procedure.sites)
    rig.procedure = replace(rig.procedure, sites=steps, retries=0)
    session = rig.seated()
    rig.run(session)
    assert session.result().reason == "wiped_too_little"
    assert "touched for 1.0 s, wants 3.0 s" in session.result().detail


def test_an_optional_site_that_is_not_seen_is_left_out(rig: Rig) -> None:
    steps = tuple(
        replace(step, required=step.site != "left_tonsil") for step in rig.procedure.sites
    )
    rig.procedure = replace(rig.procedure, sites=steps)
    rig.sight.hidden = {Site.LEFT_TONSIL: RefusalReason.TONSIL_NOT_SEEN}
    session = rig.seated()
    rig.run(session)
    result = session.result()
    assert result.outcome is Outcome.SAMPLED
    assert [site.skipped for site in result.sites] == ["", "tonsil_not_seen", ""]


def test_inside_a_mouth_hidden_by_the_swab_is_held_and_the_sample_taken(rig: Rig) -> None:
    session = rig.seated()
    rig.run_until(session, State.SWABBING)
    rig.sight.seen = lambda now: Refusal(RefusalReason.TOO_NARROW, now, "the swab hides it")
    rig.run(session)
    assert session.result().outcome is Outcome.SAMPLED


def test_a_mouth_hidden_for_too_long_brings_the_swab_out(rig: Rig) -> None:
    rig.settings = SessionSettings(hold_s=0.5)
    session = rig.seated()
    rig.run_until(session, State.ENTERING)
    rig.sight.seen = lambda now: Refusal(RefusalReason.TOO_NARROW, now, "the swab hides it")
    rig.run_until(session, State.WITHDRAWING)
    assert "the swab hides it" in rig.decisions[-1].detail


@pytest.mark.parametrize("state", ["seated", "locating", "withdrawing", "depositing"])
def test_a_motion_that_never_arrives_ends_the_session(rig: Rig, state: str) -> None:
    session = rig.seated()
    rig.run_until(session, state)
    rig.arm.stuck = True
    rig.run(session, 8000)
    assert session.result().outcome is Outcome.ABORTED
    assert "has not arrived" in session.result().detail
    assert rig.arm.stopped


def test_tissue_touched_on_the_way_out_does_not_keep_the_swab_inside(rig: Rig) -> None:
    session = rig.seated()
    rig.arm.faults[Withdraw] = Fault(FaultKind.FORCE, "0.6 N, bound 0.5 N", latched=False)
    rig.run(session)
    assert session.result().outcome is Outcome.SAMPLED
    ways = [goal for goal in rig.arm.goals if isinstance(goal, Withdraw | MoveTip)]
    first = next(index for index, goal in enumerate(ways) if isinstance(goal, Withdraw))
    assert isinstance(ways[first + 1], MoveTip), "straight back"


def test_a_way_out_that_touches_again_and_again_is_left_to_rest(rig: Rig) -> None:
    session = rig.seated()
    rig.run_until(session, State.WITHDRAWING)
    fault = Fault(FaultKind.FORCE, "0.6 N, bound 0.5 N", latched=False)
    rig.arm.faults.update({Withdraw: fault, MoveTip: fault})
    rig.run(session)
    assert session.result().reason == "force"
    assert rig.arm.stopped


def test_a_way_out_that_never_arrives_becomes_a_way_straight_back(rig: Rig) -> None:
    session = rig.seated()
    rig.run_until(session, State.WITHDRAWING)
    rig.arm.stuck = True
    for _ in range(2000):
        session.tick()
        if isinstance(rig.arm.goals[-1], MoveTip):
            break
    rig.arm.stuck = False
    rig.run(session)
    assert session.result().outcome is Outcome.SAMPLED


@pytest.mark.parametrize(
    "state", ["locating", "approaching", "entering", "swabbing", "withdrawing"]
)
def test_a_swab_dropped_on_the_way_is_no_sample(rig: Rig, state: str) -> None:
    session = rig.seated()
    rig.run_until(session, state)
    session.tick()
    rig.gripper.holding = False
    rig.run(session)
    result = session.result()
    assert (result.outcome, result.reason) == (Outcome.ABORTED, "swab_lost")
    assert state in ("locating", "approaching") or rig.withdrew()
    assert rig.said[-1] is Instruction.ASK_STAFF


def test_a_flicker_of_the_grip_sensor_drops_no_swab(rig: Rig) -> None:
    session = rig.seated()
    rig.run_until(session, State.SWABBING)
    rig.gripper.holding = False
    session.tick()
    rig.gripper.holding = True
    rig.run(session)
    assert session.result().outcome is Outcome.SAMPLED


@pytest.mark.parametrize("stuck", [False, True])
def test_a_swab_that_does_not_end_in_its_tube_is_no_sample(rig: Rig, stuck: bool) -> None:
    """It fell on the way to the tube, or the jaws did not open over it."""
    session = rig.seated()
    rig.run_until(session, State.DEPOSITING)
    session.tick()
    rig.gripper.holding, rig.gripper.stuck = stuck, stuck
    rig.run(session)
    result = session.result()
    assert (result.outcome, result.reason) == (Outcome.ABORTED, "swab_lost")
    assert "tube" in result.detail
