"""The built ROS 2 workspace: where it lies, and the environment its programs need."""

import os
import sys
import sysconfig
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from station.errors import StationError

_VARIABLE = "BOOTH_ROBOT_WS"


@dataclass(frozen=True, slots=True)
class Workspace:
    """A colcon workspace whose ``install`` folder is merged, as ``robot_ws/build.sh`` makes it."""

    root: Path

    @classmethod
    def find(cls, root: Path | None = None) -> "Workspace":
        """Return the built workspace at ``root``, at $BOOTH_ROBOT_WS, or beside this package.

        Raises StationError where it is missing or not built.
        """
        beside = Path(__file__).resolve().parents[1] / "robot_ws"
        chosen = root or Path(os.environ.get(_VARIABLE, beside))
        workspace = cls(chosen.resolve())
        if not (workspace.root / "src").is_dir():
            raise StationError(
                f"no ROS workspace at {workspace.root}; name it with --workspace or ${_VARIABLE}"
            )
        if not (workspace.packages / "booth_common").is_dir():
            raise StationError(f"{workspace.root} is not built; run {workspace.root}/build.sh")
        return workspace

    @property
    def install(self) -> Path:
        """The install prefix."""
        return self.root / "install"

    @property
    def packages(self) -> Path:
        """The prefix's Python packages."""
        version = f"python{sys.version_info.major}.{sys.version_info.minor}"
        return self.install / "lib" / version / "site-packages"

    def environment(
        self, domain: int | None = None, base: Mapping[str, str] | None = None
    ) -> dict[str, str]:
        """Return the variables a node's process needs on top of ``base`` (this process's).

        Discovery stays on this machine unless the caller's environment says otherwise.
        """
        given = os.environ if base is None else base
        variables = {
            "PYTHONPATH": _joined(
                [str(self.packages), *_own_source(), given.get("PYTHONPATH", "")]
            ),
            "AMENT_PREFIX_PATH": _joined(
                [str(self.install), given.get("AMENT_PREFIX_PATH", "") or sys.prefix]
            ),
            "LD_LIBRARY_PATH": _joined(
                [str(self.install / "lib"), *_wheel_libraries(), given.get("LD_LIBRARY_PATH", "")]
            ),
            # the wheels would start the interpreter a second time to set what is set here
            "_ROS_WHEELS_BOOTSTRAP_COMPLETE": "1",
            "ROS_AUTOMATIC_DISCOVERY_RANGE": given.get(
                "ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST"
            ),
            "RCUTILS_COLORIZED_OUTPUT": "0",
            "PYTHONUNBUFFERED": "1",
        }
        if domain is not None:
            variables["ROS_DOMAIN_ID"] = str(domain)
        return variables


def _own_source() -> list[str]:
    """Return the folder of this checkout, where the libraries are not installed."""
    return [str(Path(__file__).resolve().parents[1])]


def _wheel_libraries() -> list[str]:
    site = Path(sysconfig.get_path("platlib"))
    return [str(Path(sys.prefix) / "lib"), *sorted(str(path) for path in site.glob("ros_*.libs"))]


def _joined(parts: list[str]) -> str:
    return os.pathsep.join(dict.fromkeys(part for part in parts if part))
