"""The booth as a graph: real processes, real DDS, the simulator behind them.

One booth serves all tests of this module, each of which begins with it up, reset and idle. Times
are not asserted here: a machine that runs tests is busy. `make test-graph` runs them.
"""

import itertools
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from booth import ROOT, BoothUnderTest, Session

from station.replay import read_frames
from station.signing import PublicKey, SignedRecord
from station.workspace import Workspace

pytestmark = [pytest.mark.ros, pytest.mark.graph, pytest.mark.slow, pytest.mark.timeout(900)]

DONE, REFUSED, ABORTED, CANCELLED = 1, 2, 3, 4
FAULT = 4  # of booth_interfaces/msg/Mode, which can only be imported when ROS is there
NOTICED_S = 30.0  # on a machine that is very busy

_domains = itertools.cycle(range(1 + os.getpid() % 50, 100))


@pytest.fixture(scope="module")
def booth(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BoothUnderTest]:
    name = f"booth_{os.getpid()}"  # another booth on this machine is left in peace
    with BoothUnderTest(tmp_path_factory.mktemp("graph"), next(_domains), name) as running:
        yield running


@pytest.fixture(autouse=True)
def ready(request: pytest.FixtureRequest) -> None:
    """Begin each test with a booth that is up, reset and idle."""
    if "booth" in request.fixturenames:
        request.getfixturevalue("booth").make_ready()


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
    # an action's last feedback may be overtaken by its result, the session's topic may not
    booth.client.until(
        lambda: booth.client.newest("station/session").progress == 1.0, 30.0, "no whole progress"
    )
    recordings = booth.folder / "recordings"
    booth.client.until(lambda: list(recordings.glob("*.mcap")), 30.0, "nothing was recorded")
    assert_recording_is_whole(next(recordings.glob("*.mcap")), booth.namespace)


def assert_recording_is_whole(path: Path, booth: str) -> None:
    from mcap.reader import make_reader
    from mcap_ros2.decoder import DecoderFactory

    with path.open("rb") as file:
        reader = make_reader(file, decoder_factories=[DecoderFactory()])
        seen: dict[str, Any] = {}
        for _, channel, _, message in reader.iter_decoded_messages():
            seen[channel.topic] = message
    for topic in ("arm/state", "vision/sighting", "vision/color/image_raw", "station/session"):
        assert f"/{booth}/{topic}" in seen
    assert len(seen[f"/{booth}/arm/state"].position) == 7
    assert next(read_frames(path))[0].rgb.shape == (16, 16, 3)


def test_a_strangers_client_collects_a_sample(booth: BoothUnderTest) -> None:
    environment = os.environ | Workspace.find().environment(booth.domain)
    example = [sys.executable, str(ROOT / "examples" / "ros_client.py"), booth.namespace]
    done = subprocess.run(
        example, env=environment, capture_output=True, text=True, check=False, timeout=600
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "swabbing     posterior_wall" in done.stdout
    assert done.stdout.splitlines()[-1].startswith("done")


@pytest.mark.parametrize(
    "state",
    [
        "called",
        "seated",
        "locating",
        "approaching",
        "entering",
        "swabbing",
        "withdrawing",
        "depositing",
    ],
)
def test_cancelling_withdraws_and_ends(booth: BoothUnderTest, state: str) -> None:
    session = booth.client.send()
    assert session.accepted
    session.reach(state)
    session.cancel()
    ended = outcome(session)
    # once it is out of the mouth again, a sample that was taken is kept
    assert ended == CANCELLED or (ended == DONE and state in ("withdrawing", "depositing"))
    assert booth.client.newest("arm/state").zone != "mouth"
    assert booth.client.newest("safety/state").safe, "cancelling is no fault"


@pytest.mark.parametrize(
    "node",
    [
        "vision",
        "arm",
        "safety",
        "queue",
    ],
)
def test_a_node_that_dies_stops_the_booth(booth: BoothUnderTest, node: str) -> None:
    client = booth.client
    session = client.send()
    session.reach("entering")
    booth.kill(node)
    if node == "safety":
        client.until(lambda: client.newest("arm/state").fault_latched, NOTICED_S, "no stop")
    else:
        client.until(lambda: blamed(booth, node), NOTICED_S, "the death was not noticed")
    result = session.result()
    assert result.outcome == ABORTED
    assert node in result.reason
    if node in ("arm", "safety"):  # nothing starts them but a person
        booth.supervisor.start([node])
    refused_until(booth, client.all_active, f"{node} did not come back")
    refused_until(booth, lambda: client.newest("safety/state").latched, "nothing is latched")
    booth.make_ready()
    assert_serves_again(booth)


def refused_until(booth: BoothUnderTest, condition: Callable[[], bool], why: str) -> None:
    """Wait for ``condition``; meanwhile, and once more after it, nobody is taken."""
    end = time.monotonic() + 240.0
    while not condition():
        assert booth.client.send(ticket="A003").accepted is False, "before a person has reset"
        assert time.monotonic() < end, why
    assert booth.client.send(ticket="A003").accepted is False, "before a person has reset"


def assert_serves_again(booth: BoothUnderTest) -> None:
    again = booth.client.send(ticket="A004")
    assert again.accepted
    again.reach("locating")
    again.cancel()
    assert outcome(again) == CANCELLED


def blamed(booth: BoothUnderTest, node: str) -> bool:
    state = booth.client.newest("safety/state")
    return node in state.missing_nodes or any(fault.source == node for fault in state.faults)


def test_a_safety_node_started_again_at_rest_wants_a_person(booth: BoothUnderTest) -> None:
    client = booth.client
    assert_serves_again(booth)  # the arm has been in use
    booth.kill("safety")
    client.until(
        lambda: client.newest("station/mode").value == FAULT, NOTICED_S, "its silence is no fault"
    )
    booth.supervisor.start(["safety"])
    refused_until(
        booth,
        lambda: any(fault.name == "restarted" for fault in client.newest("safety/state").faults),
        "it took over as if nothing had happened",
    )
    booth.make_ready()


def test_a_station_that_dies_leaves_an_arm_that_stops(booth: BoothUnderTest) -> None:
    client = booth.client
    session = client.send()
    session.reach("entering")
    booth.kill("station")
    client.until(lambda: client.newest("arm/state").fault_latched, NOTICED_S, "no stop")
    client.until(lambda: client.newest("arm/state").zone != "mouth", 60.0, "it did not come out")
    booth.make_ready()
    client.messages["arm/state"].clear()
    assert_serves_again(booth)
    held = [message.gripper_holding for _, message in client.messages["arm/state"]]
    assert held[0], "the swab that was in a mouth is still held"
    assert not all(held), "the next person got the same swab"


def test_a_recorder_that_dies_stops_nothing(booth: BoothUnderTest) -> None:
    session = booth.client.send()
    session.reach("locating")
    booth.kill("recorder")
    session.reach("approaching")
    assert booth.client.newest("safety/state").safe
    session.cancel()
    assert outcome(session) == CANCELLED


def test_a_camera_that_falls_silent_ends_the_session(booth: BoothUnderTest) -> None:
    session = booth.client.send()
    session.reach("approaching")
    with booth.lens_capped():
        result = session.result()
    assert result.outcome in (ABORTED, REFUSED)
    assert "camera" in result.reason or "not seen" in result.reason
    assert booth.client.newest("arm/state").zone != "mouth"


def test_only_a_person_resets(booth: BoothUnderTest) -> None:
    from booth_common import topics

    client = booth.client
    assert client.call(topics.STOP).success
    client.until(lambda: client.newest("safety/state").latched, 20.0, "the stop did not latch")
    assert client.send().accepted is False
    assert "name" in client.reset(person=" ").message
    assert "reason" in client.reset(reason="").message
    assert client.newest("safety/state").latched
    assert client.reset().accepted
    client.until(lambda: not client.newest("safety/state").latched, 20.0, "still latched")


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
    assert state.header.frame_id == f"{booth.namespace}/base"
    assert sighting.header.frame_id == f"{booth.namespace}/optical"
    stamps = [
        message.header.stamp.sec + 1e-9 * message.header.stamp.nanosec
        for _, message in booth.client.messages["arm/state"][-20:]
    ]
    assert all(late > early for early, late in itertools.pairwise(stamps))


def test_diagnostics_come_from_every_node(booth: BoothUnderTest) -> None:
    client = booth.client

    def names() -> set[str]:
        return {m.status[0].name for _, m in client.messages["/diagnostics"]}

    wanted = {
        f"/{booth.namespace}/{node}" for node in ("safety", "arm", "vision", "station", "queue")
    }
    client.until(lambda: wanted <= names(), 30.0, "diagnostics are missing")


def test_a_parameter_out_of_bounds_stops_the_start(tmp_path: Path) -> None:
    booth = BoothUnderTest(tmp_path, next(_domains), parameters={"safety": {"watched": ["nobody"]}})
    try:
        booth.supervisor.start(["safety"])
        process = booth.supervisor.process("safety")
        end = time.monotonic() + 120.0
        while process.running and time.monotonic() < end:
            time.sleep(0.1)
        assert not process.running
        assert "'watched' names 'nobody'" in booth.log("safety")
    finally:
        booth.supervisor.stop()


def test_two_booths_on_one_machine_do_not_touch(booth: BoothUnderTest, tmp_path: Path) -> None:
    with BoothUnderTest(
        tmp_path, booth.domain, f"{booth.namespace}_west", {"arm": {"seed": 11}}
    ) as west:
        booth.make_ready()
        first, second = booth.client.send(), west.client.send()
        assert first.accepted
        assert second.accepted
        first.reach("locating")
        second.reach("locating")
        west.kill("vision")
        assert outcome(second) == ABORTED
        assert booth.client.newest("safety/state").safe
        west.kill("lifecycle")
        booth.client.until(west.ended, NOTICED_S, "a booth without its manager goes on")
        assert "the booth is not up" in west.said[-1]
        first.cancel()
        assert outcome(first) == CANCELLED
