from pathlib import Path

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

from arm_control.model import ArmModel
from sim.commands import app
from sim.errors import SimError
from sim.portrait import Motif, portrait, reach
from sim.scene import Scene
from spatial import Pose, vector


@pytest.mark.parametrize("arm", ["kuka_iiwa", "ur5"])
def test_the_arm_reaches_where_the_portrait_wants_its_tip(arm: str) -> None:
    scene = Scene(arm)
    d = scene.arm
    model = ArmModel.from_urdf(d.urdf, d.base_link, d.flange_link, d.joint_names, scene.tool)
    home = model.base_tip(scene.home)
    wanted = home @ Pose(translation=vector((0.01, -0.02, 0.06)))
    got = model.base_tip(reach(model, wanted, scene.home))
    np.testing.assert_allclose(got.matrix(), wanted.matrix(), atol=1e-4)
    away = Pose(home.rotation, home.translation + vector((2.0, 0.0, 0.0)))
    with pytest.raises(SimError, match="from the pose"):
        reach(model, away, scene.home)


def test_the_command_writes_a_picture_of_a_throat_and_its_labels(tmp_path: Path) -> None:
    out = tmp_path / "throat.png"
    done = CliRunner().invoke(app, ["picture", str(out), "--motif", "throat", "--size", "320x240"])
    assert done.exit_code == 0, done.output
    image = cv2.imread(str(out))
    assert image is not None
    assert image.shape == (240, 320, 3)
    # the left half is a picture, the right half a few flat colours
    left, right = image[:, :160].reshape(-1, 3), image[:, 160:].reshape(-1, 3)
    assert len(np.unique(left, axis=0)) > 5 * len(np.unique(right, axis=0))


def test_the_booth_shows_person_and_arm() -> None:
    image = portrait(Motif.BOOTH, 7, 320, 240)
    assert image.shape == (240, 320, 3)
    assert image.std() > 15


def test_the_command_refuses_in_one_line(tmp_path: Path) -> None:
    runner = CliRunner()
    assert runner.invoke(app, ["picture", "x.png", "--motif", "moon"]).exit_code == 2
    small = runner.invoke(app, ["picture", str(tmp_path / "x.png"), "--size", "10x10"])
    assert small.exit_code == 1
    assert "320x240" in small.output
    nowhere = str(tmp_path / "no" / "x.png")
    lost = runner.invoke(app, ["picture", nowhere, "--motif", "throat", "--size", "320x240"])
    assert lost.exit_code == 1
    assert "cannot be written" in lost.output
