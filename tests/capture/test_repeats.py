import pytest
import torch
import torch.nn.functional as F
from torch import nn

from spectra.capture import discover, forward, stream


class Tiles(nn.Module):
    """Enlarges a picture tile by tile; what is left over at the edges has tiles of its own."""

    def __init__(self, side):
        super().__init__()
        self.side = side
        self.up = nn.Sequential(nn.Conv2d(3, 12, 3, padding=1), nn.PixelShuffle(2))

    def forward(self, x):
        rows = [
            torch.cat([self.up(tile) for tile in row.split(self.side, -1)], -1)
            for row in x.split(self.side, -2)
        ]
        return torch.cat(rows, -2)


class Twice(nn.Module):
    """Enlarges in two branches of their own lines, or again what it has enlarged."""

    def __init__(self, *, again):
        super().__init__()
        self.again = again

    def forward(self, x):
        if self.again:
            for _ in range(2):
                x = F.avg_pool2d(F.interpolate(x, scale_factor=2), 2)
            return x
        one = F.interpolate(x, scale_factor=2)
        other = F.interpolate(x.flip(-1), scale_factor=2)
        return torch.cat([one, other], 1)


@pytest.mark.parametrize(("side", "calls"), [(16, [9]), (20, [4, 2, 2, 1]), (48, [1])])
def test_tiles_of_one_shape_are_one_step(side, calls):
    found = discover(Tiles(side), torch.rand(1, 3, 48, 48))
    assert [step.calls for step in found.steps] == calls
    assert [step.call for step in found.steps] == list(range(len(calls)))
    assert len({step.output_shape for step in found.steps}) == len(calls)


@pytest.mark.parametrize("again", [False, True])
def test_branches_and_loops_are_several_steps(again):
    found = discover(Twice(again=again), torch.rand(1, 3, 16, 16))
    assert [step.calls for step in found.steps] == [1, 1]


def test_a_stream_hands_on_every_call_of_a_step():
    model, x = Tiles(16), torch.rand(2, 3, 48, 48)
    found = discover(model, x[:1])
    tiles = []
    with torch.no_grad(), stream(model, found, lambda index, maps: tiles.append((index, maps))):
        y = forward(model, x)
    assert [index for index, _ in tiles] == [0] * 9
    rows = [torch.cat([maps for _, maps in tiles[i : i + 3]], -1) for i in (0, 3, 6)]
    assert torch.equal(torch.cat(rows, -2), y)
