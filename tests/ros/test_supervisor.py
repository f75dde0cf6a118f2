"""The supervisor that stands in for ROS's launch."""

from pathlib import Path
from typing import Any

import pytest

from station.errors import StationError
from station.supervisor import PROGRAMS, Graph

pytestmark = pytest.mark.ros


def test_the_supervisor_starts_what_the_launch_files_start(tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    file.write_text("")
    graph = Graph("east", (file,), tmp_path, with_queue=True)
    assert [program.name for program in graph.programs()] == [p.name for p in PROGRAMS]
    assert "queue" not in [p.name for p in Graph("east", (file,), tmp_path).programs()]
    arguments = graph.arguments(PROGRAMS[0])
    assert arguments[:4] == ["booth_safety.node", "--ros-args", "-r", "__ns:=/east"]
    assert arguments[-2:] == ["--params-file", str(file)]
    replaced = Graph("east", (file,), tmp_path, replaced={"safety": "mine.node"})
    assert replaced.arguments(PROGRAMS[0])[0] == "mine.node"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"namespace": "two words"}, "is no ROS name"),
        ({"parameters": (Path("/nowhere.yaml"),)}, "no parameter file /nowhere.yaml"),
        ({"replaced": {"nobody": "x"}}, "no node 'nobody' to replace"),
    ],
)
def test_a_graph_that_cannot_be_is_refused(change: dict[str, Any], message: str) -> None:
    values: dict[str, Any] = {"namespace": "booth", "parameters": (), "logs": Path()}
    with pytest.raises(StationError, match=message):
        Graph(**(values | change))
