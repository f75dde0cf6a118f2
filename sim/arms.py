"""The arms a booth can be built around: offline models, chosen by name alone."""

import xml.etree.ElementTree as ET  # the models come from installed packages, never from outside
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from types import MappingProxyType

import numpy as np

from sim.errors import SimError
from spatial import Pose, Vector, vector


@dataclass(frozen=True, slots=True, eq=False)
class ArmDescription:
    """One arm: where its model lies, how it is mounted and where the person's mouth sits.

    ``urdf`` is the model as its package ships it and ``package_root`` is what ``package://`` stands
    for in it. ``flange_plate`` maps the mounting plate, z out of the flange, to ``flange_link``.
    ``home`` (n,) [rad] holds the swab level, 0.13 m in front of ``base_mouth``, the nominal mouth
    in base coordinates. ``velocity`` (n,) [rad/s] and ``effort`` (n,) [N·m] are the maker's limits,
    ``command_delay_s`` what passes between a command and the first motion. ``acceleration``
    [rad/s²] is what a real one's set-points may ask of each joint, and ``stops``, lower and upper,
    each (n,) [rad], is where its joints end before the model's.
    """

    name: str
    urdf: Path
    package_root: Path
    base_link: str
    flange_link: str
    joint_names: tuple[str, ...]
    home: Vector
    velocity: Vector
    effort: Vector
    base_mouth: Pose
    flange_plate: Pose = field(default_factory=Pose)
    command_delay_s: float = 0.004
    rate_hz: float = 500.0
    acceleration: float = 15.0
    stops: tuple[Vector, Vector] | None = None

    def __post_init__(self) -> None:
        n = len(self.joint_names)
        for name in ("home", "velocity", "effort"):
            object.__setattr__(self, name, vector(getattr(self, name), n, f"{self.name} {name}"))
        if not self.urdf.is_file():
            raise SimError(f"the model of arm {self.name} is not at {self.urdf}; reinstall it")
        if not 0.0 <= self.command_delay_s <= 0.1:
            raise SimError(
                f"command delay {self.command_delay_s} s of arm {self.name} is outside 0 to 0.1 s"
            )


# In the base frame the person looks back at the arm: mouth x is base -x, mouth z is base z.
FACING_THE_ARM = np.diag([-1.0, -1.0, 1.0])


def _package_folder(package: str) -> Path:
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise SimError(f"the package {package} with the arm's model is not installed")
    return Path(next(iter(spec.submodule_search_locations)))


def _kuka_iiwa() -> ArmDescription:
    folder = _package_folder("pybullet_data") / "kuka_iiwa"
    return ArmDescription(
        name="kuka_iiwa",
        urdf=folder / "model.urdf",
        package_root=folder,
        base_link="lbr_iiwa_link_0",
        flange_link="lbr_iiwa_link_7",
        joint_names=tuple(f"lbr_iiwa_joint_{i}" for i in range(1, 8)),
        home=vector((0.0, 0.6452, 0.0, -1.9687, 0.0, -1.0430, -np.pi / 2), None),
        # KUKA LBR iiwa 14 R820 data sheet
        velocity=np.deg2rad([85.0, 85.0, 100.0, 75.0, 130.0, 135.0, 135.0]),
        effort=vector((320.0, 320.0, 176.0, 176.0, 110.0, 40.0, 40.0), None),
        base_mouth=Pose(FACING_THE_ARM, vector((0.99, 0.0, 0.35))),
        flange_plate=Pose(translation=vector((0.0, 0.0, 0.045))),
        command_delay_s=0.003,
        rate_hz=1000.0,  # Fast Robot Interface
    )


def _ur5() -> ArmDescription:
    root = _package_folder("cmeel").parent / "cmeel.prefix" / "share"
    return ArmDescription(
        name="ur5",
        urdf=root / "example-robot-data/robots/ur_description/urdf/ur5_robot.urdf",
        package_root=root,
        base_link="base_link",
        flange_link="tool0",
        joint_names=(
            "shoulder_pan_joint",
            "shoulder_lift_joint",
            "elbow_joint",
            "wrist_1_joint",
            "wrist_2_joint",
            "wrist_3_joint",
        ),
        home=vector((-0.2408, -1.4074, 1.7019, -0.2945, 1.3300, -np.pi), None),
        velocity=vector(np.full(6, 3.15), None),
        effort=vector((150.0, 150.0, 150.0, 28.0, 28.0, 28.0), None),
        base_mouth=Pose(FACING_THE_ARM, vector((0.95, 0.0, 0.30))),
        command_delay_s=0.008,
        rate_hz=500.0,  # as on the e-Series; the CB3 takes commands at 125 Hz
    )


def _fr3() -> ArmDescription:
    """Franka's Research 3: the links of the Panda before it, whose lengths it has, its own stops.

    Stops and lengths: fr3.urdf of the maker's libfranka 0.21, whose control interface takes
    10 rad/s² of a joint; half of it leaves the driver's smoothing its share.
    """
    root = _package_folder("cmeel").parent / "cmeel.prefix" / "share"
    lower = (-2.7501, -1.7918, -2.9065, -3.0481, -2.8101, 0.5409, -3.0196)
    upper = (2.7501, 1.7918, 2.9065, -0.1458, 2.8101, 4.5205, 3.0196)
    return ArmDescription(
        name="fr3",
        urdf=root / "example-robot-data/robots/panda_description/urdf/panda.urdf",
        package_root=root,
        base_link="panda_link0",
        flange_link="panda_link8",
        joint_names=tuple(f"panda_joint{i}" for i in range(1, 8)),
        home=vector((0.0, -0.4040, 0.0, -2.4281, 0.0, 3.5949, np.pi / 2), None),
        velocity=vector((2.62, 2.62, 2.62, 2.62, 5.26, 4.18, 5.26), None),
        effort=vector((87.0, 87.0, 87.0, 87.0, 12.0, 12.0, 12.0), None),
        base_mouth=Pose(FACING_THE_ARM, vector((0.85, 0.0, 0.65))),
        command_delay_s=0.003,
        rate_hz=1000.0,
        acceleration=5.0,
        stops=(vector(lower, None), vector(upper, None)),
    )


def _xarm7() -> ArmDescription:
    root = _package_folder("cmeel").parent / "cmeel.prefix" / "share"
    return ArmDescription(
        name="xarm7",
        urdf=root / "example-robot-data/robots/xarm_description/urdf/xarm7.urdf",
        package_root=root,
        base_link="link_base",
        flange_link="link7",
        joint_names=tuple(f"joint{i}" for i in range(1, 8)),
        home=vector((0.0, -0.1837, 0.0, 0.5907, 0.0, -0.7964, np.pi / 2), None),
        velocity=vector(np.full(7, 3.14), None),
        effort=vector((50.0, 50.0, 30.0, 30.0, 30.0, 20.0, 20.0), None),
        base_mouth=Pose(FACING_THE_ARM, vector((0.80, 0.0, 0.45))),
        command_delay_s=0.02,
        rate_hz=100.0,
    )


_CATALOGUE = MappingProxyType({"kuka_iiwa": _kuka_iiwa, "ur5": _ur5, "fr3": _fr3, "xarm7": _xarm7})

KNOWN_ARMS: tuple[str, ...] = tuple(_CATALOGUE)

ARM_NAMES: tuple[str, ...] = ("kuka_iiwa", "ur5")
"""Those that a booth can be simulated with; the others are for drivers."""


def arm(name: str) -> ArmDescription:
    """Return the description of the arm called ``name``.

    Raises SimError for a name that is in no catalogue, or whose model is not installed.
    """
    try:
        make = _CATALOGUE[name]
    except KeyError:
        raise SimError(f"arm {name!r} is unknown; choose one of {', '.join(KNOWN_ARMS)}") from None
    return make()


def joint_limits(description: ArmDescription) -> tuple[Vector, Vector]:
    """Return the lower and upper joint limits, each (n,) [rad], of its model and its stops."""
    robot = ET.parse(description.urdf).getroot()  # noqa: S314 - an installed package's own file
    bounds: dict[str, tuple[float, float]] = {}
    for joint in robot.iter("joint"):
        limit = joint.find("limit")
        if limit is not None:
            name = joint.get("name", "")
            bounds[name] = (float(limit.get("lower", "nan")), float(limit.get("upper", "nan")))
    missing = [name for name in description.joint_names if name not in bounds]
    if missing:
        raise SimError(f"{description.urdf} gives no limit for joint {missing[0]}; correct it")
    lower, upper = np.array([bounds[name] for name in description.joint_names]).T
    if description.stops is not None:
        lower = np.maximum(lower, description.stops[0])
        upper = np.minimum(upper, description.stops[1])
    return vector(lower, None, "lower limits"), vector(upper, None, "upper limits")
