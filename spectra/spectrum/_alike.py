"""Do maps share content? The phases of their spectra agree where they do.

Phases count whatever the contrast of a map is, as they do in the test. A few tiles of a few
channels tell: what is shared is shared by thousands of bins.
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

    from spectra.spectrum._pairs import Pairs
    from spectra.spectrum._view import View

HANN_BINS = 1.5  # neighbouring bins along each axis that a Hann window makes one
ERRORS = 3.0  # standard errors that are taken off
CHANNELS, BLOCKS, TILES = 2, 2, 2  # that are looked at, of each map


def alike_shape(view: View, channels: int) -> tuple[int, ...]:
    """Return the shape of the summed phases of a view: (block, channel, tile, bin)."""
    blocks, tiles = min(BLOCKS, prod(view.blocks)), min(TILES, prod(view.tiles))
    return blocks, min(CHANNELS, channels), tiles, prod(view.tile[:-1]) * (view.tile[-1] // 2 + 1)


def phases(spectra: Tensor, view: View, compiled: Any = None) -> tuple[Tensor, Tensor]:
    """Return the phases of a few tiles' spectra, summed over maps, and how many maps those are.

    Parameters
    ----------
    spectra : Tensor, complex, shape (map * block, channel, tile, bin)
        Half-plane spectra; zero for maps that do not count.
    view : View
    compiled : module, optional
        `spectra.spectrum._loops`, where it is done in one loop.

    Returns
    -------
    phases : Tensor, complex128, of `alike_shape`
    maps : Tensor, float64, shape (block, channel, tile, 1)
    """
    few, blocks = min(CHANNELS, spectra.shape[1]), prod(view.blocks)
    channels = np.array([i * spectra.shape[1] // CHANNELS for i in range(few)], np.int64)
    if compiled is not None:
        summed = np.zeros(alike_shape(view, few), complex)
        maps = np.zeros(summed.shape[:-1])
        parts = spectra.numpy().view(np.float32)
        sums = summed.view(np.float64)
        compiled.add_phases(parts, blocks, channels, phases=sums, maps=maps)
        return torch.from_numpy(summed), torch.from_numpy(maps[..., None])
    some = spectra.reshape(-1, blocks, *spectra.shape[1:])[:, :BLOCKS, :, :TILES][:, :, channels]
    turned = torch.sgn(some)
    counted = turned.real.any(-1, keepdim=True)
    return turned.to(torch.complex128).sum(0), counted.sum(0, dtype=torch.float64)


def agreement(
    summed: NDArray[np.complex128], maps: NDArray[np.float64], *, view: View, pairs: Pairs
) -> NDArray[np.float64]:
    """Return how far phases agree at least, in the base band and in the band of each point.

    The squared sum of phases over their number is 1 on average where each map has phases of its
    own, and the number of maps where all have the same. Of its mean over a band three standard
    errors are taken off, as few bins agree by chance. Bins beside DC and the lattice points are
    left out: a line is no content.

    Parameters
    ----------
    summed, maps : ndarray
        Sums of what `phases` returns.
    view : View
    pairs : Pairs
        Its pairs of bins.

    Returns
    -------
    ndarray, shape (1 + point,)
    """
    tile = np.array(view.tile)
    half = (*view.tile[:-1], view.tile[-1] // 2 + 1)
    over = np.where(maps > 0, np.abs(summed) ** 2 / np.maximum(maps, 1), np.nan)
    if not np.isfinite(over).any():
        return np.zeros(1 + len(view.points))
    of_bin = np.nanmean(over, axis=(0, 1, 2))
    base = pairs.base % tile
    base = np.where((base[:, -1] > half[-1] - 1)[:, None], -base % tile, base)
    of_base = of_bin[np.ravel_multi_index(tuple(base.T), half)]
    of_pair = of_bin[np.ravel_multi_index(tuple(pairs.replica.T), half)]
    far_bin, far_pair = _far(len(of_base), pairs.near_bin), _far(len(of_pair), pairs.near_pair)
    bands = [of_base[far_bin]]
    bands += [of_pair[far_pair & (pairs.point == k)] for k in range(len(view.points))]
    # Each bin has an exponential law; a window makes one of some, channels are much alike.
    looks = over.shape[0] * over.shape[2] / HANN_BINS ** len(tile)
    errors = [ERRORS / np.sqrt(max(looks * len(band), 1)) for band in bands]
    return np.array(
        [
            band.mean() * max(1 - error, 0.0) if len(band) else 0.0
            for band, error in zip(bands, errors, strict=True)
        ]
    )


def _far(count: int, near: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return what does not lie beside DC or a lattice point; all, where nothing else is there."""
    far = np.ones(count, bool)
    far[near] = False
    return far if far.any() else ~far
