"""Camera models: what a depth camera makes of a perfect picture."""

from sim.cameras.model import CAMERAS, D405, D435, CameraModel

__all__ = ["CAMERAS", "D405", "D435", "CameraModel"]
