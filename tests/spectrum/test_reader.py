"""What is read of the spectra of tiles, against full planes by the definition."""

import numpy as np
import pytest
import torch

from spectra.spectrum import plan_maps
from spectra.spectrum._reader import PairReader


@pytest.mark.parametrize(
    ("shape", "period"), [((112, 96), (4, 4)), ((90, 96), (3, 2)), ((640,), (5,))]
)
def test_the_coherence_of_a_cell_is_that_of_its_bins_in_the_full_plane(shape, period):
    plan = plan_maps((1, *shape), period, count=20)
    view, generator = plan.views[0], torch.Generator().manual_seed(0)
    reader = PairReader(plan, view)
    maps = torch.randn(2, 1, *shape, generator=generator).cumsum(-1).double()
    read = reader.read(reader.tiles(maps))
    pairs = reader.pairs
    cross = read.base[torch.from_numpy(pairs.bin)].conj().resolve_conj() * read.replica
    found = reader.cell_coherence(cross, read.base.abs() ** 2, read.replica.abs() ** 2)

    tile = np.array(view.tile)
    cut = maps[(0, 0, *[slice(m, m + t) for m, t in zip(view.margin, tile, strict=True)])].numpy()
    seen = cut - cut.mean()
    for axis, side in enumerate(tile):
        window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(side) / side)
        seen = seen * window.reshape([-1 if a == axis else 1 for a in range(len(tile))])
    plane = np.fft.fftn(seen)
    bins = np.where(pairs.mirrored[:, None], -pairs.base[pairs.bin], pairs.base[pairs.bin])
    steps = np.array([[float(f) for f in point.frequency] for point in view.points]) * tile
    base = plane[tuple((bins % tile).T)]
    replica = plane[tuple((bins + steps[pairs.point].round().astype(int)).T % tile[:, None])]
    for cell, value in enumerate(found[:, 0, 0, 0].numpy()):
        own = pairs.cell == cell
        power = (np.abs(base[own]) ** 2).sum() * (np.abs(replica[own]) ** 2).sum()
        expected = (base[own] * replica[own].conj()).sum() / np.sqrt(power)
        assert abs(value - expected) < 1e-9
    assert found.abs().max() <= 1 + 1e-12
