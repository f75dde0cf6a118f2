from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="training is an extra")

from sim.dataset import DatasetPlan, write_dataset  # noqa: E402 - torch first
from vision.errors import VisionError  # noqa: E402 - the same
from vision.train.average import average, mean_weights  # noqa: E402 - the same
from vision.train.unet import ThroatNet  # noqa: E402 - the same


def test_the_mean_lies_half_way_between_two_networks() -> None:
    a, b = ThroatNet().state_dict(), ThroatNet().state_dict()
    mean = mean_weights([a, b])
    for name, values in mean.items():
        assert torch.allclose(2.0 * values.float(), a[name].float() + b[name].float(), atol=1e-5)


def test_a_silent_head_says_half_of_the_other_and_notes_all_of_it() -> None:
    before, after = ThroatNet(), ThroatNet()
    before.sight.hush()
    mean = mean_weights([before.state_dict(), after.state_dict()])
    assert torch.equal(mean["sight.mix"], after.sight.mix)
    assert torch.allclose(2.0 * mean["sight.word"], after.sight.word)


@pytest.mark.parametrize("count", [0, 1])
def test_fewer_than_two_networks_have_no_mean(tmp_path: Path, count: int) -> None:
    with pytest.raises(VisionError, match="two checkpoints or more"):
        average([tmp_path / "a.pt"] * count, tmp_path)


@pytest.mark.slow
def test_normalisations_are_those_of_the_pictures_shown(tmp_path: Path) -> None:
    write_dataset(DatasetPlan(tmp_path / "data", frames=24, seed=1, width=128, height=96))
    torch.save(ThroatNet().state_dict(), tmp_path / "a.pt")
    torch.save(ThroatNet().state_dict(), tmp_path / "b.pt")
    network = average([tmp_path / "a.pt", tmp_path / "b.pt"], tmp_path / "data")
    first = network.down[0][1]
    assert first.num_batches_tracked == 24
    assert (first.running_mean != 0.0).all()
    assert not network.training
