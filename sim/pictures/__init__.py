"""Pictures: colour, depth and part labels of a head, drawn off screen."""

from sim.pictures.figure import chin_rest_mesh, gripper_mesh, swab_mesh
from sim.pictures.look import Look
from sim.pictures.renderer import Renderer, look_at
from sim.pictures.view import Picture, Prop, SceneView

__all__ = [
    "Look",
    "Picture",
    "Prop",
    "Renderer",
    "SceneView",
    "chin_rest_mesh",
    "gripper_mesh",
    "look_at",
    "swab_mesh",
]
