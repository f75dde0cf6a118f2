"""The launch files are sound: what they start, read and ask for exists. Needs no `launch`.

The stand-ins below take exactly the arguments that launch and launch_ros of Jazzy take, so a
misspelt one fails here as it would there.
"""

import ast
import importlib
import runpy
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml

from station.supervisor import PROGRAMS

ROOT = Path(__file__).resolve().parents[2]
LAUNCH = sorted((ROOT / "launch").glob("*.launch.py"))


@dataclass
class LaunchConfiguration:
    variable_name: str
    default: object = None


@dataclass
class DeclareLaunchArgument:
    name: str
    default_value: object = None
    description: str | None = None
    choices: list[str] | None = None
    condition: object = None


@dataclass
class SetEnvironmentVariable:
    name: str
    value: object


@dataclass
class Shutdown:
    reason: str = ""


@dataclass
class EmitEvent:
    event: object


@dataclass
class RegisterEventHandler:
    event_handler: object
    condition: object = None


@dataclass
class OnProcessExit:
    target_action: object = None
    on_exit: object = None


@dataclass
class IfCondition:
    predicate_expression: object


@dataclass
class LaunchDescription:
    initial_entities: list[Any]


@dataclass
class Node:
    executable: str
    package: str
    name: str
    namespace: object
    parameters: list[object]
    output: str = "log"
    remappings: list[tuple[str, str]] = field(default_factory=list)
    condition: object = None
    respawn: bool = False
    respawn_delay: float = 0.0


class LifecycleNode(Node):
    pass


class Condition:
    pass


STAND_INS = {
    "launch": (LaunchDescription, Condition),
    "launch.actions": (
        DeclareLaunchArgument,
        EmitEvent,
        RegisterEventHandler,
        SetEnvironmentVariable,
    ),
    "launch.conditions": (IfCondition,),
    "launch.event_handlers": (OnProcessExit,),
    "launch.events": (Shutdown,),
    "launch.substitutions": (LaunchConfiguration,),
    "launch_ros": (),
    "launch_ros.actions": (LifecycleNode, Node),
}


@pytest.fixture
def stand_ins(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, members in STAND_INS.items():
        module = ModuleType(name)
        for member in members:
            setattr(module, member.__name__, member)
        monkeypatch.setitem(sys.modules, name, module)


@pytest.fixture(params=LAUNCH, ids=lambda path: path.name)
def described(request: pytest.FixtureRequest, stand_ins: None) -> tuple[Path, list[Any]]:  # noqa: ARG001 - the modules must be there
    path = request.param
    described = runpy.run_path(str(path))["generate_launch_description"]()
    return path, described.initial_entities


def nodes(entities: list[Any]) -> list[Node]:
    return [entity for entity in entities if isinstance(entity, Node)]


def values(entity: object) -> Iterator[object]:
    """Yield an entity and everything within it."""
    yield entity
    if isinstance(entity, list | tuple):
        inner = list(entity)
    else:
        held = entity if isinstance(entity, dict) else getattr(entity, "__dict__", {})
        inner = list(held.values())
    for value in inner:
        yield from values(value)


def executables(package: str) -> dict[str, str]:
    """Return a package's console scripts as its setup.py declares them."""
    tree = ast.parse((ROOT / "robot_ws/src" / package / "setup.py").read_text(encoding="utf-8"))
    (scripts,) = (
        ast.literal_eval(value)
        for dictionary in ast.walk(tree)
        if isinstance(dictionary, ast.Dict)
        for key, value in zip(dictionary.keys, dictionary.values, strict=True)
        if isinstance(key, ast.Constant) and key.value == "console_scripts"
    )
    return dict(script.replace(" ", "").split("=") for script in scripts)


def test_there_is_a_launch_file_for_simulator_and_hardware() -> None:
    assert [path.name for path in LAUNCH] == ["booth.launch.py", "sim.launch.py"]


def test_every_node_exists(described: tuple[Path, list[Any]]) -> None:
    for node in nodes(described[1]):
        module, function = executables(node.package)[node.executable].split(":")
        source = ROOT / "robot_ws/src" / node.package / Path(*module.split(".")).with_suffix(".py")
        defined = ast.parse(source.read_text(encoding="utf-8")).body
        assert function in [d.name for d in defined if isinstance(d, ast.FunctionDef)]


def test_the_supervisor_starts_the_same_nodes(described: tuple[Path, list[Any]]) -> None:
    launched = {
        node.name: executables(node.package)[node.executable].removesuffix(":main")
        for node in nodes(described[1])
    }
    assert launched == {program.name: program.module for program in PROGRAMS}


def test_what_guards_the_arm_is_never_started_again(described: tuple[Path, list[Any]]) -> None:
    respawned = {node.name for node in nodes(described[1]) if node.respawn}
    assert not respawned & {"arm", "safety"}
    assert not {program.name for program in PROGRAMS if program.restarts} & {"arm", "safety"}


def test_every_argument_is_declared_and_described(described: tuple[Path, list[Any]]) -> None:
    declared = {e.name: e for e in described[1] if isinstance(e, DeclareLaunchArgument)}
    used = {v.variable_name for v in values(described[1]) if isinstance(v, LaunchConfiguration)}
    assert used == set(declared)
    assert all(argument.description for argument in declared.values())


def test_the_parameter_files_exist_and_name_the_nodes(described: tuple[Path, list[Any]]) -> None:
    defaults = {
        e.name: e.default_value for e in described[1] if isinstance(e, DeclareLaunchArgument)
    }
    document = yaml.safe_load(Path(str(defaults["config"])).read_text(encoding="utf-8"))
    named = {scope.removeprefix("/**/") for scope in document if scope != "/**"}
    assert named == {node.name for node in nodes(described[1])}


@pytest.mark.ros
def test_what_is_given_beside_the_files_is_a_parameter_of_the_node(
    described: tuple[Path, list[Any]],
) -> None:
    tables = importlib.import_module("booth_common.reference").tables()
    for node in nodes(described[1]):
        beside = [given for given in node.parameters if isinstance(given, dict)]
        assert {name for given in beside for name in given} <= set(tables[node.name])


def test_discovery_stays_on_the_machine_by_default(described: tuple[Path, list[Any]]) -> None:
    (discovery,) = (e for e in described[1] if getattr(e, "name", "") == "discovery")
    assert discovery.default_value == "LOCALHOST"


def test_launch_is_no_package() -> None:
    assert not (ROOT / "launch/__init__.py").exists()  # it would shadow ROS's own `launch`
