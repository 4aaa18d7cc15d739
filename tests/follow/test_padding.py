"""How far padding reaches into a map is what changes when there is no border to pad."""

from math import ceil

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from spectra.capture import discover
from spectra.follow._borders import ROUNDING, SPREAD

SIDE, AROUND = 24, 24
ALL_GRIDS = (1000, 1000)


class Skips(nn.Module):
    """A U-Net of one level: a padded layer at full resolution meets the way around it."""

    def __init__(self):
        super().__init__()
        self.first = nn.Conv2d(2, 4, 3, padding=1)
        self.down = nn.Conv2d(4, 4, 3, stride=2, padding=1)
        self.up = nn.ConvTranspose2d(4, 4, 2, stride=2)
        self.last = nn.Conv2d(8, 4, 5, padding=2)

    def forward(self, x):
        x = self.first(x)
        return self.last(torch.cat([x, self.up(self.down(x))], 1))


class Same(nn.Module):
    def forward(self, x):
        return F.interpolate(
            F.conv2d(x, torch.ones(2, 2, 3, 3).to(x), padding="same"), scale_factor=2
        )


NETWORKS = {
    "two sizes": nn.Sequential(
        nn.Conv2d(2, 4, 3, padding=1),
        nn.ReLU(),
        nn.Conv2d(4, 4, 5, padding=2),
        nn.ConvTranspose2d(4, 4, 4, stride=2, padding=1),
        nn.Conv2d(4, 4, 3, padding=1),
    ),
    "dilated": nn.Sequential(
        nn.Conv2d(2, 4, 3, padding=4, dilation=4), nn.Upsample(scale_factor=2)
    ),
    "reflected": nn.Sequential(
        nn.ReflectionPad2d(3), nn.Conv2d(2, 4, 3), nn.Conv2d(4, 4, 5), nn.Upsample(scale_factor=3)
    ),
    "bilinear": nn.Sequential(
        nn.Conv2d(2, 4, 3, padding=1), nn.Upsample(scale_factor=2, mode="bilinear")
    ),
    "bicubic": nn.Sequential(
        nn.Conv2d(2, 4, 3, padding=1), nn.Upsample(scale_factor=4, mode="bicubic")
    ),
    "wide kernel": nn.ConvTranspose2d(2, 4, 9, stride=2, padding=4, output_padding=1),
    "same": Same(),
    "strided": nn.Sequential(
        nn.Conv2d(2, 4, 3, stride=2, padding=1), nn.Conv2d(4, 4, 3, padding=1), nn.PixelShuffle(2)
    ),
    "skips": Skips(),
}


@torch.no_grad()
def depth(network):
    """Return how deep the middle of each side differs from the same map without borders."""
    network = network.double()
    wide = torch.randn(1, 2, SIDE + 2 * AROUND, SIDE + 2 * AROUND, dtype=torch.float64)
    alone = network(wide[..., AROUND:-AROUND, AROUND:-AROUND])
    side = alone.shape[-1]
    off = AROUND * side // SIDE
    middle = network(wide)[..., off : off + side, off : off + side]
    apart = ((alone - middle).abs() > 1e-9).any(1)[0]
    network.float()
    halves = [
        half[: side // 2]
        for line in (apart[:, side // 2], apart[side // 2])
        for half in (line, line.flip(0))
    ]
    return max(1 + max(half.nonzero().flatten().tolist(), default=-1) for half in halves)


@pytest.mark.parametrize("name", NETWORKS)
def test_padding_reaches_as_far_as_the_map_differs_from_one_without_borders(name):
    """Exact, but for rounding up where a stride divides."""
    torch.manual_seed(0)
    network = NETWORKS[name]
    for layer in network.modules():
        if hasattr(layer, "weight"):
            nn.init.normal_(layer.weight)
    found = discover(network, torch.zeros(1, 2, SIDE, SIDE))
    share = sum(part.farthest for part in found.borders.parts)
    reach = [ceil(share * side - ROUNDING) for side in found.output_shape[1:]]
    spare = 2 if name in ("strided", "skips") else 0
    assert depth(network) <= reach[0] <= depth(network) + spare
    assert reach[0] == reach[1]


@pytest.mark.parametrize(("layers", "kernel"), [(2, 3), (6, 3), (20, 3), (40, 3), (12, 5)])
def test_behind_many_layers_only_what_a_walk_reaches_counts(layers, kernel):
    """The walk is that of equal taps, one layer after the other."""
    network = nn.Sequential(
        *[nn.Conv2d(1, 1, kernel, padding=kernel // 2) for _ in range(layers)],
        nn.Upsample(scale_factor=1),
    )
    found = discover(network, torch.zeros(1, 1, 128, 128))
    (reach, _) = found.borders.reach(found.output_shape, ALL_GRIDS)
    farthest = layers * (kernel // 2)
    walk = np.ones(1)
    for _ in range(layers):
        walk = np.convolve(walk, np.full(kernel, 1 / kernel))
    beyond = walk[np.abs(np.arange(len(walk)) - farthest) > reach].sum()
    assert beyond < 10**-4.2
    deviation = np.sqrt(walk @ (np.arange(len(walk)) - farthest) ** 2)
    assert reach == min(farthest, np.ceil(SPREAD * deviation))


def test_what_a_coarse_grid_disturbs_is_not_charged_to_a_finer_lattice():
    coarse = nn.Sequential(*[nn.Conv2d(4, 4, 3, padding=1) for _ in range(6)])
    network = nn.Sequential(coarse, nn.Upsample(scale_factor=2), nn.Conv2d(4, 4, 3, padding=1))
    found = discover(network, torch.zeros(1, 4, 16, 16))
    assert found.steps[0].borders.reach(found.steps[0].output_shape, (2, 2)) == (0, 0)
    assert found.borders.reach(found.output_shape, (2, 2)) == (1, 1)
    assert found.borders.reach(found.output_shape, (4, 4)) == (13, 13)


class Zeros(nn.Module):
    """Inserts zeros between pixels and filters, as StyleGAN's reference does or by writing."""

    def __init__(self, pads):
        super().__init__()
        self.pads = pads

    def forward(self, x):
        n, c, h, w = x.shape
        if self.pads:
            spread = F.pad(x.reshape(n, c, h, 1, w, 1), [0, 1, 0, 0, 0, 1])
            spread = spread.reshape(n, c, 2 * h, 2 * w)
        else:
            spread = torch.zeros(n, c, 2 * h, 2 * w).to(x)
            spread[..., ::2, ::2] = x
        return F.conv2d(spread, torch.ones(c, 1, 3, 3).to(x), padding=1, groups=c)


@pytest.mark.parametrize("stages", [1, 2])
def test_zeros_padded_onto_an_inserted_axis_are_no_border(stages):
    x = torch.zeros(1, 2, SIDE, SIDE)
    padded, written = (discover(nn.Sequential(*[Zeros(p)] * stages), x) for p in (True, False))
    assert [s.kind for s in padded.steps] == ["zero_insertion"] * stages
    assert padded.output_shape == written.output_shape
    reach = padded.borders.reach(padded.output_shape, ALL_GRIDS)
    assert reach == written.borders.reach(written.output_shape, ALL_GRIDS)
    assert max(reach) <= 3


def test_downsampling_forgets_on_which_fine_grid_a_border_was():
    fine = [nn.Conv2d(4, 4, 3, padding=1) for _ in range(3)]
    network = nn.Sequential(*fine, nn.AvgPool2d(4), nn.Upsample(scale_factor=4))
    found = discover(network, torch.zeros(1, 4, 32, 32))
    assert found.borders.reach(found.output_shape, (2, 2)) == (0, 0)
    assert found.borders.reach(found.output_shape, (8, 8)) == (3, 3)
