"""One robot of arm and tool: the arm's own URDF with wrist sensor, hand and camera bolted on."""

import xml.etree.ElementTree as ET  # the models come from installed packages, never from outside
from pathlib import Path

import numpy as np

from sim.arms import ArmDescription
from sim.errors import SimError
from sim.scene import Scene
from spatial import Pose

SENSOR_LINK = "wrist_sensor"
SENSOR_JOINT = "wrist_sensor_joint"
HAND_LINK = "hand"

# A weightless-as-can-be link right behind the measuring joint: the joint's reaction is then given
# in the sensor's own frame, and no engine merges sensor and hand into one body.
_SENSOR_MASS = 1e-3
_SENSOR_INERTIA = 1e-6


def assemble(scene: Scene, *, meshes: bool = True) -> str:
    """Return the URDF text of the scene's arm with its tool.

    Mesh references become absolute paths; visual meshes are dropped (the pictures have a renderer
    of their own); with ``meshes`` False so are the arm's collision meshes.

    Raises
    ------
    SimError
        Where the arm's model lacks the flange link of its description.
    """
    description = scene.arm
    robot = ET.parse(description.urdf).getroot()  # noqa: S314 - an installed package's own file
    names = {link.get("name") for link in robot.iter("link")}
    if description.flange_link not in names:
        raise SimError(
            f"{description.urdf} has no link {description.flange_link!r}; correct the description"
        )
    for link in robot.iter("link"):
        unwanted = [*link.findall("visual"), *([] if meshes else link.findall("collision"))]
        for geometry in unwanted:
            link.remove(geometry)
    for mesh in robot.iter("mesh"):
        mesh.set("filename", str(_resolve(mesh.get("filename", ""), description)))
    shape = scene.tool_shape
    plate = description.flange_plate
    _bolt(robot, SENSOR_JOINT, description.flange_link, SENSOR_LINK, plate)
    _inertia(_link(robot, SENSOR_LINK), _SENSOR_MASS, (0.0, 0.0, 0.0), _SENSOR_INERTIA)
    _bolt(robot, "hand_joint", SENSOR_LINK, HAND_LINK, Pose())
    hand = _link(robot, HAND_LINK)
    # the inertia of a solid cylinder about as large as gripper and camera together
    gyration2 = (3 * 0.05**2 + shape.grip_depth**2) / 12.0
    _inertia(
        hand,
        shape.mass - _SENSOR_MASS,
        tuple(np.array(shape.center_of_mass) * shape.mass / (shape.mass - _SENSOR_MASS)),
        (shape.mass - _SENSOR_MASS) * gyration2,
    )
    _cylinder(hand, radius=0.032, start=0.0, end=shape.grip_depth - 0.03)
    _cylinder(hand, radius=0.012, start=shape.grip_depth - 0.03, end=shape.grip_depth)
    camera = scene.sensor_camera.translation
    _box(hand, (0.10, 0.025, 0.03), (camera[0], camera[1], camera[2] - 0.015))
    return ET.tostring(robot, encoding="unicode")


def _resolve(reference: str, description: ArmDescription) -> Path:
    """Return the absolute path of a mesh reference, relative to the model or to its package."""
    if reference.startswith("package://"):
        return description.package_root / reference.removeprefix("package://")
    return description.urdf.parent / reference


def _link(robot: ET.Element, name: str) -> ET.Element:
    return ET.SubElement(robot, "link", name=name)


def _bolt(robot: ET.Element, name: str, parent: str, child: str, parent_child: Pose) -> None:
    joint = ET.SubElement(robot, "joint", name=name, type="fixed")
    ET.SubElement(joint, "parent", link=parent)
    ET.SubElement(joint, "child", link=child)
    if parent_child.rotation_vector().any():
        raise SimError(f"joint {name} is turned; plates must keep the axes of their flange")
    ET.SubElement(joint, "origin", xyz=_text(parent_child.translation), rpy="0 0 0")


def _inertia(link: ET.Element, mass: float, center: tuple[float, ...], moment: float) -> None:
    inertial = ET.SubElement(link, "inertial")
    ET.SubElement(inertial, "origin", xyz=_text(center), rpy="0 0 0")
    ET.SubElement(inertial, "mass", value=repr(float(mass)))
    zeros = dict.fromkeys(("ixy", "ixz", "iyz"), "0")
    moments = dict.fromkeys(("ixx", "iyy", "izz"), repr(float(moment)))
    ET.SubElement(inertial, "inertia", {**moments, **zeros})


def _cylinder(link: ET.Element, radius: float, start: float, end: float) -> None:
    collision = ET.SubElement(link, "collision")
    ET.SubElement(collision, "origin", xyz=f"0 0 {(start + end) / 2!r}", rpy="0 0 0")
    geometry = ET.SubElement(collision, "geometry")
    ET.SubElement(geometry, "cylinder", radius=repr(radius), length=repr(end - start))


def _box(link: ET.Element, size: tuple[float, ...], center: tuple[float, ...]) -> None:
    collision = ET.SubElement(link, "collision")
    ET.SubElement(collision, "origin", xyz=_text(center), rpy="0 0 0")
    geometry = ET.SubElement(collision, "geometry")
    ET.SubElement(geometry, "box", size=_text(size))


def _text(values: object) -> str:
    return " ".join(repr(float(v)) for v in np.asarray(values, dtype=np.float64))
