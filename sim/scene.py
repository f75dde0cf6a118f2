"""The booth as configuration: arm, tool, chin rest, racks, camera and swab, bounded and frozen."""

from dataclasses import dataclass, field, replace

import numpy as np

from arm_control.model import ArmModel
from arm_control.surroundings import Capsule, Surroundings
from arm_control.tool import Tool
from sim.arms import ArmDescription, arm, joint_limits
from sim.errors import SimError
from sim.jitter import LARGEST_S
from spatial import Pose, Vector, vector


def _bounded(name: str, value: float, low: float, high: float, unit: str) -> None:
    if not low <= value <= high:
        raise SimError(f"{name} is {value} {unit}, bound {low} to {high} {unit}; change the scene")


@dataclass(frozen=True, slots=True)
class SwabShape:
    """The swab beyond the gripper, as common products are made.

    ``length`` [m] from the gripper's jaws to the tip, shaft and bud diameters [m], Young's modulus
    [Pa] (PET-like 1 to 3 GPa) and mass [kg] of that length.
    """

    length: float = 0.150
    shaft_diameter: float = 0.0025
    bud_diameter: float = 0.005
    youngs_modulus: float = 2.7e9
    mass: float = 0.0012

    def __post_init__(self) -> None:
        _bounded("swab length", self.length, 0.05, 0.25, "m")
        _bounded("shaft diameter", self.shaft_diameter, 0.001, 0.006, "m")
        _bounded("bud diameter", self.bud_diameter, 0.002, 0.01, "m")
        _bounded("Young's modulus", self.youngs_modulus, 0.2e9, 2.1e11, "Pa")
        _bounded("swab mass", self.mass, 0.0001, 0.02, "kg")

    @property
    def flexural_rigidity(self) -> float:
        """EI [N·m²] of the round shaft."""
        return self.youngs_modulus * np.pi * self.shaft_diameter**4 / 64.0

    @property
    def tip_stiffness(self) -> float:
        """Lateral stiffness [N/m] of the tip, cantilever: 3 EI / L³ (Gere, Mechanics)."""
        return 3.0 * self.flexural_rigidity / self.length**3


@dataclass(frozen=True, slots=True)
class ToolShape:
    """What is bolted to the flange, seen from the wrist sensor's plate (z out of the flange).

    The plate's axes are turned like an optical frame when the arm is home: x right, y down, z
    forward. ``grip_depth`` [m] is where the gripper's jaws hold the shaft. The lens sits
    ``lens_height`` [m] above the shaft line and ``lens_setback`` [m] behind the swab's tip, tilted
    down by ``lens_tilt`` [rad] so that swab, mouth and throat stay in one picture. ``mass`` [kg]
    and ``center_of_mass`` (3,) [m] are of camera, bracket, gripper and swab.
    """

    grip_depth: float = 0.13
    lens_height: float = 0.055
    lens_setback: float = 0.20
    lens_tilt: float = 0.15
    mass: float = 0.62
    center_of_mass: tuple[float, float, float] = (0.0, -0.008, 0.062)

    def __post_init__(self) -> None:
        _bounded("grip depth", self.grip_depth, 0.03, 0.30, "m")
        _bounded("lens height", self.lens_height, 0.02, 0.15, "m")
        _bounded("lens setback", self.lens_setback, 0.08, 0.40, "m")
        _bounded("lens tilt", self.lens_tilt, -0.2, 0.6, "rad")
        _bounded("tool mass", self.mass, 0.05, 3.0, "kg")
        for axis, value in zip("xyz", self.center_of_mass, strict=True):
            _bounded(f"tool centre of mass {axis}", value, -0.3, 0.3, "m")


def _slanted(position: tuple[float, float, float]) -> Pose:
    """Return a tip pose at ``position`` [m], the shaft pointing out of the base and 45° down."""
    x, y, _ = position
    outward = np.array([x, y, 0.0]) / np.hypot(x, y)
    down = np.array([0.0, 0.0, -1.0])
    z = (outward + down) / np.sqrt(2.0)
    right = np.cross(outward, np.array([0.0, 0.0, 1.0]))
    return Pose.from_axes(z, right, position)


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """One booth. All poses are in the arm's base frame, which is the world frame of the physics.

    ``base_mouth`` is where a person's mouth is expected; None takes the arm's own layout.
    ``base_swab_rack`` and ``base_tube_rack`` are tip poses: where a fresh swab is grasped and where
    the tip stands in the tube. ``base_bin`` (3,) [m] is the middle of the mouth of the bin for used
    swabs, open upwards. ``pedestal`` [m] is the base's height above the floor, ``chin_rest``
    whether the person leans on one. ``control_rate_hz`` is how often the arm takes commands; None
    takes the arm's own rate, and ``link_jitter_s`` [s] how late its messages are on the mean, each
    way. ``swab_in_hand`` starts with a fresh swab in the gripper.
    """

    arm_name: str = "kuka_iiwa"
    base_mouth: Pose | None = None
    base_swab_rack: Pose = field(default_factory=lambda: _slanted((0.55, -0.62, 0.10)))
    base_tube_rack: Pose = field(default_factory=lambda: _slanted((0.55, 0.62, 0.10)))
    base_bin: Vector = field(default_factory=lambda: vector((0.43, 0.62, 0.10)))
    tool_shape: ToolShape = field(default_factory=ToolShape)
    swab: SwabShape = field(default_factory=SwabShape)
    control_rate_hz: float | None = None
    link_jitter_s: float = 0.0
    pedestal: float = 0.80
    chin_rest: bool = True
    swab_in_hand: bool = True

    def __post_init__(self) -> None:
        description = arm(self.arm_name)
        if self.base_mouth is None:
            object.__setattr__(self, "base_mouth", description.base_mouth)
        reach = float(np.linalg.norm(self.nominal_base_mouth.translation))
        _bounded("distance from base to mouth", reach, 0.4, 1.4, "m")
        _bounded("link jitter", self.link_jitter_s, 0.0, LARGEST_S, "s")
        _bounded("pedestal", self.pedestal, 0.0, 1.5, "m")

    @property
    def surroundings(self) -> Surroundings:
        """What the arm must keep clear of: floor, chin rest, and the person's head and trunk."""
        booth: tuple[Capsule, ...] = ()
        if self.chin_rest:
            left, right = (self.nominal_base_mouth.apply((-0.02, y, -0.085)) for y in (0.04, -0.04))
            booth = (Capsule("the chin rest", left, right, 0.022),)
        middle = vector((-0.105, 0.0, 0.075))
        waist, shoulders = vector((-0.16, 0.0, -0.545)), vector((-0.16, 0.0, -0.295))
        person = (
            Capsule("the head", middle, middle, 0.088),
            Capsule("the trunk", waist, shoulders, 0.16),
        )
        return Surroundings(booth, person, floor=-self.pedestal)

    @property
    def arm(self) -> ArmDescription:
        """The arm's description, from the catalogue."""
        return arm(self.arm_name)

    def arm_model(self, tool: Tool | None = None) -> ArmModel:
        """Return kinematics and dynamics of the arm with its tool, within the arm's own stops.

        Raises ModelError where the arm's description cannot be used.
        """
        arm = self.arm
        model = ArmModel.from_urdf(
            arm.urdf, arm.base_link, arm.flange_link, arm.joint_names, tool or self.tool
        )
        lower, upper = joint_limits(arm)
        return replace(model, lower=lower, upper=upper)

    @property
    def nominal_base_mouth(self) -> Pose:
        """Where the person's mouth is expected."""
        if self.base_mouth is None:
            raise SimError("the scene has no mouth pose; build it through its constructor")
        return self.base_mouth

    @property
    def home(self) -> Vector:
        """The arm's home position (n,) [rad]."""
        return self.arm.home

    @property
    def sensor_tip(self) -> Pose:
        """The unbent swab's tip seen from the wrist sensor's plate."""
        return Pose(translation=vector((0.0, 0.0, self.tool_shape.grip_depth + self.swab.length)))

    @property
    def sensor_camera(self) -> Pose:
        """The camera's optical frame seen from the wrist sensor's plate."""
        shape = self.tool_shape
        z = float(self.sensor_tip.translation[2]) - shape.lens_setback
        # turning about x by -tilt leans the optical axis towards +y, which is down
        return Pose.from_rotation_vector((-shape.lens_tilt, 0.0, 0.0), (0.0, -shape.lens_height, z))

    @property
    def tool(self) -> Tool:
        """The tool as the arm's model wants it: seen from the flange link."""
        plate = self.arm.flange_plate
        return Tool(
            flange_tip=plate @ self.sensor_tip,
            flange_camera=plate @ self.sensor_camera,
            flange_sensor=plate,
            mass=self.tool_shape.mass,
            center_of_mass=plate.apply(self.tool_shape.center_of_mass),
            shaft_stiffness=self.swab.tip_stiffness,
        )
