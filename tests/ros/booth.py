"""One booth's graph under test: its processes, and a client in this process that looks on."""

import json
import os
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import yaml

from station.supervisor import Graph, Supervisor
from station.workspace import Workspace

ROOT = Path(__file__).resolve().parents[2]
FOLDER = Path("/dev/shm")  # noqa: S108 - where the stand-in of the arm looks for its lens cap
QUICK = {"pace": 5.0, "seed": 257}
"""Five simulated seconds a second at most: the nodes keep up, for simulated time waits for them.
The seed is of a calm person, who hardly sways and does not gag: what fails is then the graph.
"""

STAND_INS = {"arm": "stand_in.arm", "vision": "stand_in.vision"}
UP_S = 450.0  # a first start compiles the arm's kernels, on a machine that may be busy
SESSION_S = 600.0
AUTOMATIC = 1  # of booth_interfaces/msg/Mode, which can only be imported when ROS is there


class NeverCame(AssertionError):  # noqa: N818 - reads as what happened
    """The graph did not do in time what the test waits for."""


class BoothUnderTest:
    """Starts a booth with the simulator; use it as a context manager.

    ``parameters`` go over the shipped file, by node.
    """

    def __init__(
        self,
        folder: Path,
        domain: int,
        namespace: str = "booth",
        parameters: dict[str, dict[str, Any]] | None = None,
    ) -> None:
        self.folder = folder / namespace
        self.folder.mkdir(parents=True)
        own: dict[str, dict[str, Any]] = {
            "arm": dict(QUICK),
            "station": {"records": str(self.folder / "records")},
            "safety": {"reset_timeout_s": 10.0},
            "recorder": {"folder": str(self.folder / "recordings")},
            "queue": self._queue_without_a_service(),
        }
        for node, values in (parameters or {}).items():
            own.setdefault(node, {}).update(values)
        over = self.folder / "over.yaml"
        document = {f"/**/{node}": {"ros__parameters": values} for node, values in own.items()}
        over.write_text(yaml.safe_dump(document), encoding="utf-8")
        os.environ["PYTHONPATH"] = str(ROOT / "tests" / "ros")
        graph = Graph(
            namespace,
            (ROOT / "launch/config/sim.yaml", over),
            self.folder / "logs",
            with_queue=True,
            domain=domain,
            replaced=STAND_INS,
        )
        self.namespace = namespace
        self.domain = domain
        self.said: list[str] = []
        self.supervisor = Supervisor(graph, Workspace.find(), self.said.append)
        self._ending = threading.Event()
        self._watch = threading.Thread(
            target=self.supervisor.watch, args=(self._ending.is_set,), daemon=True
        )

    def __enter__(self) -> "BoothUnderTest":
        self.supervisor.start()
        self._watch.start()
        self.client = Client(self.namespace, self.domain)
        try:
            self.client.until(self.client.all_active, UP_S, "the booth did not come up")
            self.make_ready()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._ending.set()
        self._watch.join()
        self.supervisor.stop()
        self.client.close()

    def _queue_without_a_service(self) -> dict[str, Any]:
        """Return the bridge's parameters: nobody answers, so nobody is called."""
        credentials = self.folder / "credentials.json"
        booth = {"client_id": "booth-1", "secret": "nobody asks for it"}
        credentials.write_text(json.dumps({"booths": [booth]}), encoding="utf-8")
        return {
            "url": "http://127.0.0.1:9",
            "credentials": str(credentials),
            "memory": str(self.folder / "open_session.json"),
            "patience_s": 0.5,
        }

    def make_ready(self) -> None:
        """Do what the staff do before the next citizen: see that it is up, reset what has tripped.

        Also after the start: on a machine that is very busy a node may have been lost by then.
        """
        client = self.client

        def safe() -> bool:
            if client.newest("safety/state").latched:
                client.reset()
                time.sleep(0.2)  # until it is told
            return bool(client.newest("safety/state").safe)

        def rests() -> bool:
            """Whether the arm stands: after a session it tidies up."""
            before = client.newest("arm/state").position
            time.sleep(0.5)
            after = client.newest("arm/state").position
            return max(abs(b - a) for a, b in zip(before, after, strict=True)) < 1e-3

        client.until(client.all_active, 240.0, "a node is missing")
        client.until(lambda: client.newest("arm/state").zone != "mouth", 60.0, "the swab is inside")
        client.until(safe, 120.0, "not safe after a reset")
        client.until(
            lambda: client.newest("station/mode").value == AUTOMATIC, 30.0, "not automatic"
        )
        client.until(rests, 60.0, "the arm does not come to rest")

    @contextmanager
    def lens_capped(self) -> Iterator[None]:
        """Leave the booth without pictures."""
        cap = FOLDER / f"swab_{self.namespace}_lens_cap"
        cap.touch()
        try:
            yield
        finally:
            cap.unlink()

    def ended(self) -> bool:
        """Whether the supervisor has given the booth up."""
        return not self._watch.is_alive()

    def log(self, node: str) -> str:
        return (self.folder / "logs" / f"{node}.log").read_text(encoding="utf-8")

    def kill(self, node: str) -> None:
        """End a node as nothing else does: kill -9."""
        self.supervisor.process(node).kill()


class Client:
    """A stranger's node in a context of its own; keeps the newest message of every topic."""

    def __init__(self, namespace: str, domain: int) -> None:
        from booth_common import topics
        from booth_common.actions import SharedActionClient
        from booth_common.beside import NodeBeside

        link = NodeBeside("looker_on", namespace, domain)
        self.node, self.close = link.node, link.close
        self.messages: dict[str, list[tuple[float, Any]]] = defaultdict(list)
        skip = (topics.PICTURE, topics.TRANSFORM)
        for topic in topics.TOPICS:
            if topic.quality not in skip and topic.name != "/clock":
                link.listen(topic, partial(self._take, topic.name))
        self._action = SharedActionClient(
            self.node, topics.interface(topics.COLLECT_SAMPLE.type), topics.COLLECT_SAMPLE.name
        )

    def until(self, condition: Callable[[], Any], timeout_s: float, why: str) -> float:
        """Wait for ``condition``; return how long [s] that took."""
        began = time.monotonic()
        while not condition():
            if time.monotonic() - began > timeout_s:
                raise NeverCame(f"{why} within {timeout_s} s")
            time.sleep(0.01)
        return time.monotonic() - began

    def newest(self, topic: str) -> Any:
        """Return the newest message of ``topic``, waiting for the first."""
        self.until(lambda: self.messages[topic], 30.0, f"nothing came on {topic}")
        return self.messages[topic][-1][1]

    def all_active(self, *nodes: str) -> bool:
        names = nodes or ("safety", "arm", "vision", "station", "queue")
        now = time.monotonic()
        beats = [self.messages[f"{name}/heartbeat"][-1:] for name in names]
        return all(
            beat and now - beat[0][0] < 3.0 and beat[0][1].lifecycle_state == 3 for beat in beats
        )

    def call(self, call: Any, timeout_s: float = 20.0, **fields: Any) -> Any:
        """Call a service of the table."""
        from booth_common import topics

        kind = topics.interface(call.type)
        client = self.node.create_client(kind, call.name)
        self.until(client.service_is_ready, timeout_s, f"{call.name} is not offered")
        future = client.call_async(kind.Request(**fields))
        self.until(future.done, timeout_s, f"{call.name} did not answer")
        self.node.destroy_client(client)
        return future.result()

    def reset(self, person: str = "Li Wei", reason: str = "looked; all is well") -> Any:
        from booth_common import topics

        return self.call(topics.RESET, person=person, reason=reason)

    def send(self, procedure: str = "oropharyngeal_adult", ticket: str = "A001") -> "Session":
        """Send a goal."""
        from booth_interfaces.action import CollectSample

        self.until(self._action.server_is_ready, 30.0, "no action server")
        session = Session(self)
        goal = CollectSample.Goal(ticket_key=ticket, procedure=procedure, tube="T-000001")
        future = self._action.send_goal_async(goal, feedback_callback=session.take)
        self.until(future.done, 30.0, "the goal was not answered")
        session.handle = future.result()
        session.accepted = session.handle.accepted
        if session.accepted:
            session.future = session.handle.get_result_async()
        return session

    def _take(self, name: str, message: Any) -> None:
        kept = self.messages[name]
        kept.append((time.monotonic(), message))
        del kept[:-4000]


class Session:
    """One goal: its feedback and its result."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self.handle: Any = None
        self.future: Any = None
        self.accepted = False
        self.feedback: list[Any] = []

    def take(self, message: Any) -> None:
        self.feedback.append(message.feedback)

    @property
    def states(self) -> list[str]:
        """The states passed, each once."""
        return list(dict.fromkeys(entry.state for entry in self.feedback))

    def reach(self, state: str) -> None:
        """Wait until the session is in ``state``; fail if it ends before."""
        self._client.until(
            lambda: state in self.states or self.future.done(), SESSION_S, f"{state} did not come"
        )
        if state not in self.states:
            raise NeverCame(f"ended before {state}: {self.states}, {self.result().reason}")

    def cancel(self) -> None:
        future = self.handle.cancel_goal_async()
        self._client.until(future.done, 10.0, "the cancellation was not answered")

    def result(self) -> Any:
        """Wait for the end and return the action's result."""
        self._client.until(self.future.done, SESSION_S, "the session did not end")
        return self.future.result().result
