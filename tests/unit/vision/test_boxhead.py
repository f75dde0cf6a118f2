"""The box head: what it is asked to say, and how it is taken into and out of training."""

from pathlib import Path

import numpy as np
import pytest

from vision.errors import VisionError

torch = pytest.importorskip("torch")
pytest.importorskip("onnx")

from vision.train.boxhead import BoxHead, box_loss, edges_of  # noqa: E402 - after the skip
from vision.train.resume import grown  # noqa: E402 - the same
from vision.train.unet import ThroatNet  # noqa: E402 - the same

CELLS = 48
BOX = (21.0, 12.6, 60.2, 77.0)


def certain(edges: tuple[float, ...]) -> "torch.Tensor":
    """Logits (1, 1, 4, cells) of distributions about edges [px], all but certain."""
    cells = 2.0 * torch.arange(CELLS) + 1.0
    return torch.stack([-2.0 * (cells - e) ** 2 for e in edges])[None, None]


def test_the_mean_of_a_distribution_is_the_edge() -> None:
    assert edges_of(certain(BOX))[0, 0].tolist() == pytest.approx(BOX, abs=0.5)


def test_a_better_box_costs_less_and_is_worth_more() -> None:
    truth, unsure = torch.tensor([[BOX]]), torch.zeros(1, 1)
    costs = []
    for off in (0.0, 2.0, 8.0, 30.0):
        found, _ = box_loss(certain(tuple(e + off for e in BOX)), unsure, truth)
        costs.append(float(found))
    assert costs == sorted(costs)
    sure, doubting = torch.full((1, 1), 4.0), torch.full((1, 1), -4.0)
    assert box_loss(certain(BOX), sure, truth)[1] < box_loss(certain(BOX), doubting, truth)[1]


def test_where_there_is_nothing_to_box_a_box_is_worth_nothing() -> None:
    nothing = torch.full((1, 1, 4), float("nan"))
    logits = certain(BOX).requires_grad_()
    edges, worth = box_loss(logits, torch.full((1, 1), -9.0), nothing)
    assert edges.item() == 0.0
    assert worth.item() < 1e-3
    edges.backward()
    assert logits.grad is not None
    assert torch.isfinite(logits.grad).all()


def test_a_picture_on_its_side_gives_the_box_on_its_side() -> None:
    torch.manual_seed(0)
    head = BoxHead(6, 4)
    head.rows.load_state_dict(head.columns.state_dict())
    features, probability = torch.rand(2, 6, 24, 24), torch.rand(2, 4, 4, 24, 24)
    edges, _ = head(features, probability)
    on_its_side = probability[:, :, [0, 2, 1, 3]].transpose(3, 4)
    turned, _ = head(features.transpose(2, 3), on_its_side)
    assert torch.allclose(edges[:, :, [1, 0, 3, 2]], turned, atol=1e-5)


def test_a_network_grows_and_says_what_it_said(tmp_path: Path) -> None:
    torch.manual_seed(1)
    network, path = ThroatNet().eval(), tmp_path / "narrow.pt"
    with torch.no_grad():  # as if its last features beyond 16 had never been
        network.classes.weight[:, 16:] = 0.0
    state = {k: v for k, v in network.state_dict().items() if not k.startswith("boxes.")}
    state["classes.weight"] = state["classes.weight"][:, :16]
    for name in [n for n in state if n.startswith("up.0.")]:
        state[name] = state[name][:16] if state[name].dim() else state[name]
    torch.save(state, path)
    x = torch.from_numpy(np.random.default_rng(0).random((1, 5, 64, 64), dtype=np.float32))
    with torch.no_grad():
        said, again = network(x), grown(path).eval()(x)
    assert torch.allclose(said.logs, again.logs, atol=1e-5)
    assert torch.allclose(said.seen, again.seen, atol=1e-5)


def test_a_foreign_checkpoint_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "foreign.pt"
    torch.save({"conv1.weight": torch.zeros(3, 3)}, path)
    with pytest.raises(VisionError, match=r"conv1\.weight does not fit"):
        grown(path)
