"""From the camera's exposure over the graph to an accepted arm goal, with one booth and with four.

The simulated booth runs as `booth ros up` starts it, with the shipped network. For each sighting
that arrives, a client asks the arm to hold; the latency is the time of acceptance less the stamp of
the picture, both on the clock of the booth, which is that of the simulator: with a real-time factor
below one the machine is too slow to simulate that many booths at once, and the figure says so. Of
each latency 45 ms are the camera's, from exposure to arrival. Where the kernels of the arm are not
compiled yet, the start does so first, for about two minutes.
"""

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from common import Figure, arguments, cannot_run, report

from station.errors import StationError
from station.supervisor import Graph, Supervisor
from station.workspace import Workspace

ROOT = Path(__file__).resolve().parents[1]
DOMAIN = 60
NAMES = ("one", "two", "three", "four")
PACKAGES = ("ros-rclpy", "ros-rmw-fastrtps-cpp", "numpy", "onnxruntime")


@dataclass(slots=True)
class Tap:
    """What one booth was heard to do."""

    latencies_s: list[float] = field(default_factory=list)  # from exposure to acceptance
    sightings_s: list[float] = field(default_factory=list)  # from exposure to the sighting
    answers_s: list[float] = field(default_factory=list)  # from the sighting to acceptance, wall's
    states: list[tuple[float, float]] = field(default_factory=list)  # wall [s], booth's clock [s]
    pending: bool = False

    def now_s(self) -> float:
        """Return the booth's clock now: its last state's, and the wall's time since."""
        wall, clock = self.states[-1]
        return clock + time.monotonic() - wall


def measure(booths: int, seconds: float, up_s: float) -> list[Tap]:
    """Start ``booths`` booths, listen for ``seconds`` [s], return what was heard."""
    import rclpy  # noqa: PLC0415 - only with the workspace's environment

    with tempfile.TemporaryDirectory(prefix="booth-bench-") as folder:
        supervisors = [start(name, Path(folder)) for name in NAMES[:booths]]
        context = rclpy.Context()
        rclpy.init(context=context, domain_id=DOMAIN)
        try:
            return listen(rclpy, context, booths, seconds, up_s)
        finally:
            context.try_shutdown()
            for supervisor in supervisors:
                supervisor.stop()


def start(name: str, folder: Path) -> Supervisor:
    """Start one booth's processes."""
    own = folder / name
    own.mkdir()
    over = own / "over.yaml"
    over.write_text(
        f"/**/station:\n  ros__parameters:\n    records: {own}/records\n", encoding="utf-8"
    )
    graph = Graph(name, (ROOT / "launch/config/sim.yaml", over), own / "logs", domain=DOMAIN)
    supervisor = Supervisor(graph, Workspace.find(), lambda line: print(line, file=sys.stderr))
    supervisor.start([p.name for p in graph.programs() if p.name != "recorder"])
    return supervisor


def listen(rclpy: Any, context: Any, booths: int, seconds: float, up_s: float) -> list[Tap]:  # noqa: ANN401 - rclpy has no types
    """Wait until every booth is safe, then measure."""
    from booth_common import topics  # noqa: PLC0415 - only with the workspace's environment
    from booth_common.process import events_executor  # noqa: PLC0415 - the same

    executor = events_executor(context)
    taps, safe = [Tap() for _ in range(booths)], [False] * booths
    for index, name in enumerate(NAMES[:booths]):
        node = rclpy.create_node("bench", namespace=name, context=context)
        executor.add_node(node)
        connect(node, topics, taps[index], safe, index)
    end = time.monotonic() + up_s
    while not all(safe):
        if time.monotonic() > end:
            cannot_run(f"{booths} booths did not come up within {up_s:.0f} s on this machine")
        executor.spin_once(timeout_sec=0.05)
    for tap in taps:
        for kept in (tap.latencies_s, tap.sightings_s, tap.answers_s):
            kept.clear()
        del tap.states[:-1]
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        executor.spin_once(timeout_sec=0.05)
    executor.shutdown(timeout_sec=1.0)
    return taps


def connect(node: Any, topics: Any, tap: Tap, safe: list[bool], index: int) -> None:  # noqa: ANN401 - rclpy has no types
    """Subscribe to one booth, and answer each sighting with a goal."""
    kind = topics.interface(topics.START_MOTION.type)
    client = node.create_client(kind, topics.START_MOTION.name)

    def on_state(message: Any) -> None:  # noqa: ANN401 - messages have no types
        tap.states.append((time.monotonic(), stamp_s(message)))

    def on_safety(message: Any) -> None:  # noqa: ANN401 - the same
        safe[index] = message.safe

    def on_sighting(message: Any) -> None:  # noqa: ANN401 - the same
        if tap.pending or not tap.states or not safe[index]:
            return
        tap.pending = True
        exposed, seen = stamp_s(message), time.monotonic()
        tap.sightings_s.append(tap.now_s() - exposed)
        future = client.call_async(kind.Request())  # kind 0 of a goal: hold

        def accepted(done: Any) -> None:  # noqa: ANN401 - the same
            tap.pending = False
            if done.result().accepted:
                tap.latencies_s.append(tap.now_s() - exposed)
                tap.answers_s.append(time.monotonic() - seen)

        future.add_done_callback(accepted)

    for topic, callback in (
        (topics.ARM_STATE, on_state),
        (topics.SAFETY, on_safety),
        (topics.SIGHTING, on_sighting),
    ):
        node.create_subscription(
            topics.interface(topic.type), topic.name, callback, topics.profile(topic.quality)
        )


def stamp_s(message: Any) -> float:  # noqa: ANN401 - messages have no types
    """Return a message's stamp [s]."""
    return float(message.header.stamp.sec) + 1e-9 * float(message.header.stamp.nanosec)


def figures(taps: Sequence[Tap], suffix: str) -> list[Figure]:
    """Return what the taps heard, over all booths."""
    latencies = sorted(1e3 * value for tap in taps for value in tap.latencies_s)
    if len(latencies) < 20:
        cannot_run(f"only {len(latencies)} goals were accepted; the booth hardly ran")
    rates, factors = [], []
    for tap in taps:
        wall = tap.states[-1][0] - tap.states[0][0]
        rates.append((len(tap.states) - 1) / wall)
        factors.append((tap.states[-1][1] - tap.states[0][1]) / wall)
    p99 = latencies[min(len(latencies) - 1, round(0.99 * (len(latencies) - 1)))]
    return [
        Figure(f"camera_to_goal_ms_p50{suffix}", statistics.median(latencies), "ms", "lower"),
        Figure(f"camera_to_goal_ms_p99{suffix}", p99, "ms", "lower"),
        Figure(f"camera_to_sighting_ms_p50{suffix}", median_ms(taps, "sightings_s"), "ms", "lower"),
        Figure(f"sighting_to_goal_ms_p50{suffix}", median_ms(taps, "answers_s"), "ms", "lower"),
        Figure(f"state_topic_hz{suffix}", min(rates), "Hz", "higher", 50.0 if not suffix else None),
        Figure(f"real_time_factor{suffix}", min(factors), "1", "higher"),
    ]


def median_ms(taps: Sequence[Tap], name: str) -> float:
    """Return the median [ms] of what all taps noted under ``name``."""
    return 1e3 * statistics.median(value for tap in taps for value in getattr(tap, name))


def main() -> None:
    """Measure with one booth, then with four."""
    options = arguments(__doc__.splitlines()[0]).parse_args()
    try:
        workspace = Workspace.find()
    except StationError as error:
        cannot_run(str(error))
    if "BOOTH_BENCH_READY" not in os.environ:
        # the dynamic loader reads its path when a process starts: start once more with it
        environment = os.environ | workspace.environment() | {"BOOTH_BENCH_READY": "1"}
        os.execve(sys.executable, [sys.executable, *sys.argv], environment)  # noqa: S606 - ourselves
    seconds, up_s = (8.0, 300.0) if options.quick else (60.0, 900.0)
    found = figures(measure(1, seconds, up_s), "")
    if not options.quick:
        found += figures(measure(4, seconds, up_s), "_4_booths")
    report("ros_latency", found, quick=options.quick, json_file=options.json, packages=PACKAGES)


if __name__ == "__main__":
    main()
