"""The booth as a graph: real processes, real DDS, the simulator behind them."""

import itertools
import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from booth import BoothUnderTest, Session

from station.signing import PublicKey, SignedRecord

pytestmark = [pytest.mark.ros, pytest.mark.slow, pytest.mark.timeout(900)]

DONE, REFUSED, ABORTED, CANCELLED = 1, 2, 3, 4
NOTICED_S = 0.5

_domains = itertools.cycle(range(1 + os.getpid() % 50, 100))


@pytest.fixture(scope="module")
def booth(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BoothUnderTest]:
    with BoothUnderTest(tmp_path_factory.mktemp("graph"), next(_domains)) as running:
        yield running


@pytest.fixture(autouse=True)
def ready(request: pytest.FixtureRequest) -> None:
    """Begin each test with a booth that is up, reset and idle."""
    if "booth" not in request.fixturenames:
        return
    booth: BoothUnderTest = request.getfixturevalue("booth")
    client = booth.client
    client.until(client.all_active, 240.0, "a node is missing")
    if not client.newest("safety/state").safe:
        client.until(lambda: client.reset().accepted, 60.0, "the reset is refused")
    client.until(lambda: client.newest("safety/state").safe, 20.0, "not safe after the reset")
    client.until(lambda: client.newest("station/mode").value == 1, 20.0, "not automatic")


def outcome(session: Session) -> int:
    return int(session.result().outcome)


def test_a_whole_session_with_its_feedback_record_and_recording(booth: BoothUnderTest) -> None:
    session = booth.client.send()
    assert session.accepted
    assert booth.client.send(ticket="A002").accepted is False, "one goal at a time"
    result = session.result()
    assert result.outcome == DONE, result.reason
    expected = ["called", "seated", "locating", "approaching", "entering", "swabbing"]
    assert [state for state in session.states if state in expected] == expected
    assert {entry.site for entry in session.feedback if entry.state == "swabbing"} == {
        "right_tonsil",
        "left_tonsil",
        "posterior_wall",
    }
    forces = [entry.force for entry in session.feedback]
    assert 0.05 < max(forces) < 1.0
    signed = SignedRecord.from_document(json.loads(result.record_json))
    PublicKey.load(booth.folder / "records" / "booth.pub").verify(signed)
    assert signed.digest == result.record_id
    assert session.feedback[-1].progress == 1.0
    recordings = booth.folder / "recordings"
    booth.client.until(lambda: list(recordings.glob("*.mcap")), 20.0, "nothing was recorded")
    assert_recording_is_whole(next(recordings.glob("*.mcap")))


def assert_recording_is_whole(path: Path) -> None:
    from mcap.reader import make_reader
    from mcap_ros2.decoder import DecoderFactory

    with path.open("rb") as file:
        reader = make_reader(file, decoder_factories=[DecoderFactory()])
        seen: dict[str, Any] = {}
        for _, channel, _, message in reader.iter_decoded_messages():
            seen[channel.topic] = message
    for topic in ("arm/state", "vision/sighting", "vision/color/image_raw", "station/session"):
        assert f"/booth/{topic}" in seen
    assert len(seen["/booth/arm/state"].position) == 7


@pytest.mark.parametrize("state", ["called", "locating", "entering", "swabbing"])
def test_cancelling_withdraws_and_ends(booth: BoothUnderTest, state: str) -> None:
    session = booth.client.send()
    assert session.accepted
    session.reach(state)
    session.cancel()
    assert outcome(session) == CANCELLED
    assert booth.client.newest("arm/state").zone != "mouth"
    assert booth.client.newest("safety/state").safe, "cancelling is no fault"


@pytest.mark.slow
@pytest.mark.parametrize("state", ["seated", "approaching", "withdrawing", "depositing"])
def test_cancelling_in_the_other_states(booth: BoothUnderTest, state: str) -> None:
    session = booth.client.send()
    session.reach(state)
    session.cancel()
    assert outcome(session) in (CANCELLED, DONE)  # in the tube already: it is a sample
    assert booth.client.newest("arm/state").zone != "mouth"


@pytest.mark.parametrize("node", ["vision", "arm", "safety"])
def test_a_node_that_dies_stops_the_booth(booth: BoothUnderTest, node: str) -> None:
    client = booth.client
    session = client.send()
    session.reach("entering")
    booth.kill(node)
    if node == "safety":
        took = client.until(
            lambda: client.newest("arm/state").fault_latched, 5.0, "the arm did not stop"
        )
    else:
        took = client.until(
            lambda: (
                node in client.newest("safety/state").missing_nodes
                or client.newest("safety/state").latched
            ),
            5.0,
            "the death was not noticed",
        )
    print(f"{node}: noticed after {took:.3f} s")
    result = session.result()
    assert result.outcome == ABORTED
    assert node in result.reason
    assert took < NOTICED_S + 0.3, "beside 0.5 s for the verdict, 0.3 s for it to reach this test"
    if node != "safety":
        refused = client.reset(person="")
        assert not refused.accepted
    if node in ("arm", "safety"):  # nothing starts them but a person
        booth.supervisor.start([node])
    client.until(client.all_active, 240.0, f"{node} did not come back")
    assert client.send(ticket="A003").accepted is False, "not before a person has reset"
    assert client.reset().accepted
    client.until(lambda: client.newest("safety/state").safe, 20.0, "not safe after the reset")
    again = client.send(ticket="A004")
    assert again.accepted
    again.reach("locating")
    again.cancel()
    assert outcome(again) == CANCELLED


def test_a_station_that_dies_leaves_an_arm_that_stops(booth: BoothUnderTest) -> None:
    client = booth.client
    session = client.send()
    session.reach("approaching")
    booth.kill("station")
    took = client.until(lambda: client.newest("arm/state").fault_latched, 5.0, "no stop")
    print(f"station: the arm's stop was seen after {took:.3f} s")
    assert took < NOTICED_S + 0.3
    client.until(lambda: client.newest("arm/state").zone != "mouth", 30.0, "it did not come out")


def test_only_a_person_resets(booth: BoothUnderTest) -> None:
    from booth_common import topics

    client = booth.client
    assert client.call(topics.STOP).success
    client.until(lambda: client.newest("safety/state").latched, 5.0, "the stop did not latch")
    assert client.send().accepted is False
    assert "name" in client.reset(person=" ").message
    assert "reason" in client.reset(reason="").message
    assert client.newest("safety/state").latched
    assert client.reset().accepted
    client.until(lambda: not client.newest("safety/state").latched, 5.0, "still latched")


def test_goals_that_make_no_sense_are_refused(booth: BoothUnderTest) -> None:
    assert booth.client.send(procedure="no_such_procedure").accepted is False


def test_a_parameter_out_of_bounds_is_refused_while_running(booth: BoothUnderTest) -> None:
    from rcl_interfaces.msg import Parameter, ParameterType, ParameterValue
    from rcl_interfaces.srv import SetParameters

    client = booth.client
    service = client.node.create_client(SetParameters, "vision/set_parameters")
    client.until(service.service_is_ready, 20.0, "no parameter service")

    def set_rate(value: float) -> Any:
        typed = ParameterValue(type=ParameterType.PARAMETER_DOUBLE, double_value=value)
        request = SetParameters.Request(parameters=[Parameter(name="rate_hz", value=typed)])
        future = service.call_async(request)
        client.until(future.done, 20.0, "no answer")
        return future.result().results[0]

    assert not set_rate(500.0).successful
    assert set_rate(12.0).successful
    assert set_rate(10.0).successful


def test_messages_carry_the_stamp_of_the_measurement(booth: BoothUnderTest) -> None:
    state = booth.client.newest("arm/state")
    sighting = booth.client.newest("vision/sighting")
    assert state.header.frame_id == "booth/base"
    assert sighting.header.frame_id == "booth/optical"
    ages = [
        late.header.stamp.sec
        + 1e-9 * late.header.stamp.nanosec
        - early.header.stamp.sec
        - 1e-9 * early.header.stamp.nanosec
        for (_, early), (_, late) in itertools.pairwise(booth.client.messages["arm/state"][-50:])
    ]
    assert min(ages) > 0.0


def test_diagnostics_come_from_every_node(booth: BoothUnderTest) -> None:
    client = booth.client

    def names() -> set[str]:
        return {m.status[0].name for _, m in client.messages["/diagnostics"]}

    wanted = {f"/booth/{node}" for node in ("safety", "arm", "vision", "station")}
    client.until(lambda: wanted <= names(), 20.0, "diagnostics are missing")


def test_a_parameter_out_of_bounds_stops_the_start(tmp_path: Path) -> None:
    booth = BoothUnderTest(tmp_path, next(_domains), parameters={"safety": {"watched": ["nobody"]}})
    try:
        booth.supervisor.start(["safety"])
        process = booth.supervisor.process("safety")
        end = time.monotonic() + 60.0
        while process.running and time.monotonic() < end:
            time.sleep(0.1)
        assert not process.running
        assert "'watched' names 'nobody'" in booth.log("safety")
    finally:
        booth.supervisor.stop()


@pytest.mark.slow
def test_two_booths_on_one_machine_do_not_touch(tmp_path: Path) -> None:
    domain = next(_domains)
    with (
        BoothUnderTest(tmp_path, domain, "east") as east,
        BoothUnderTest(tmp_path, domain, "west", {"arm": {"seed": 11}}) as west,
    ):
        first, second = east.client.send(), west.client.send()
        first.reach("locating")
        west.kill("vision")
        assert outcome(second) == ABORTED
        assert east.client.newest("safety/state").safe
        first.cancel()
        assert outcome(first) == CANCELLED
