from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="training is an extra")

from vision.train.resume import grown  # noqa: E402 - torch first
from vision.train.sighthead import SightHead  # noqa: E402 - the same
from vision.train.unet import ThroatNet  # noqa: E402 - the same


def levels(n: int, side: int) -> "list[torch.Tensor]":
    return [torch.randn(n, c, side >> k, side >> k) for k, c in enumerate((4, 6, 8))]


def test_a_place_is_judged_by_what_is_found_there_alone() -> None:
    torch.manual_seed(0)
    head, found = SightHead((4, 6, 8), 3), levels(1, 16)
    maps = torch.full((1, 3, 16, 16), -30.0)
    maps[0, :, 4, 4] = 30.0
    said = head(maps, found)
    for features, column in zip(found, (12, 6, 3), strict=True):
        features[..., column:] += 5.0  # elsewhere
    assert torch.allclose(head(maps, found), said, atol=1e-5)
    for features, column in zip(found, (5, 3, 2), strict=True):
        features[..., :column] += 5.0
    assert not torch.allclose(head(maps, found), said, atol=1e-2)


def test_places_are_not_moved_for_the_sake_of_what_is_said_of_them() -> None:
    head, found = SightHead((4, 6, 8), 3), levels(2, 16)
    for features in found:
        features.requires_grad_()
    maps = torch.randn(2, 3, 16, 16, requires_grad=True)
    head(maps, found).sum().backward()
    assert maps.grad is None
    assert all(features.grad is not None for features in found)


def test_it_learns_what_stands_at_a_place() -> None:
    torch.manual_seed(1)
    head = SightHead((4, 6, 8), 1)
    optimiser = torch.optim.Adam(head.parameters(), lr=1e-2)
    losses = []
    for _ in range(150):
        found, maps = levels(32, 16), torch.full((32, 1, 16, 16), -30.0)
        maps[:, 0, 8, 8] = 30.0
        seen = torch.rand(32) < 0.5
        found[0][:, 0, 8, 8] = torch.where(seen, 1.0, -1.0)
        loss = torch.nn.functional.binary_cross_entropy_with_logits(
            head(maps, found)[:, 0], seen.float()
        )
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert sum(losses[-10:]) < 0.3 * sum(losses[:10])


def test_a_network_that_learnt_without_it_goes_on_as_it_was(tmp_path: Path) -> None:
    network, x = ThroatNet().eval(), torch.randn(2, 5, 64, 64)
    network.sight.hush()
    state = {k: v for k, v in network.state_dict().items() if not k.startswith("sight.")}
    torch.save(state, tmp_path / "old.pt")
    with torch.no_grad():
        assert torch.allclose(grown(tmp_path / "old.pt").eval()(x).seen, network(x).seen)
