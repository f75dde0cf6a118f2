"""Where a booth's things are, and what runs in it."""

from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import yaml

from spatial import Pose, SpatialError, Vector, vector
from station.errors import StationError
from station.places import Places
from station.record import Provenance

_PREFIX = "sim:"
_POSES = ("rest", "exit", "look_out", "swab_rack", "tube_rack", "bin")
_OPTIONAL = frozenset({"lift", "home"})
_KEYS = frozenset(_POSES) | _OPTIONAL


def layout(source: str) -> Places:
    """Return the places of a simulated booth (``sim:ARM``) or of a layout file.

    Raises StationError naming file and key where the file cannot be used.
    """
    if source.startswith(_PREFIX):
        return _simulated(source.removeprefix(_PREFIX))
    path = Path(source)
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise StationError(f"cannot read the layout {path}: {error}") from error
    if not isinstance(document, dict) or set(document) - _KEYS or _KEYS - set(document) - _OPTIONAL:
        raise StationError(f"{path}: wants the keys {', '.join(sorted(_KEYS))}, and no others")
    try:
        poses = {name: _pose(document[name]) for name in _POSES}
        return Places(
            poses["rest"],
            poses["exit"],
            poses["look_out"],
            poses["swab_rack"],
            poses["tube_rack"],
            poses["bin"],
            float(document.get("lift", 0.06)),
        )
    except (TypeError, ValueError, KeyError) as error:
        raise StationError(f"{path}: {error}; see docs/how-to/ros_booth.md") from error


def home(source: str) -> Vector | None:
    """Return the arm's home position (n,) [rad], or None where the layout names none.

    Raises StationError where what it names is no list of numbers.
    """
    if source.startswith(_PREFIX):
        # a real booth's machine need not have the simulator
        from sim.scene import Scene  # noqa: PLC0415

        return Scene(arm_name=source.removeprefix(_PREFIX)).home
    position = yaml.safe_load(Path(source).read_text(encoding="utf-8")).get("home")
    try:
        return None if position is None else vector(position, None, "home")
    except (TypeError, ValueError, SpatialError) as error:
        raise StationError(f"{source}: home is no list of angles ({error})") from error


def provenance(source: str) -> Provenance:
    """Return what ran: the versions that go into the record."""
    return Provenance(
        software=_version("swab-booth"),
        configuration=source,
        procedure="",
        model="",
        packages={name: _version(name) for name in ("numpy", "onnxruntime", "ros-rclpy")},
        simulated=source.startswith(_PREFIX),
    )


def _simulated(arm_name: str) -> Places:
    # a real booth's machine need not have the simulator
    from sim.scene import Scene  # noqa: PLC0415
    from station.simulated import places_of  # noqa: PLC0415

    return places_of(Scene(arm_name=arm_name))


def _pose(values: dict[str, list[float]]) -> Pose:
    """Return the pose of ``position`` [m] and ``orientation`` (w, x, y, z)."""
    return Pose.from_quaternion(values["orientation"], values["position"])


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"
