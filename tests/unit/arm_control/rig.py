"""The arm the tests drive."""

from pathlib import Path

import numpy as np
import pybullet_data

URDF = Path(pybullet_data.getDataPath()) / "kuka_iiwa" / "model.urdf"
LINKS = ("lbr_iiwa_link_0", "lbr_iiwa_link_7")
JOINTS = tuple(f"lbr_iiwa_joint_{i}" for i in range(1, 8))
HOME = np.array((0.0, 0.6323, 0.0, -1.9978, 0.0, -1.0593, -np.pi / 2))
