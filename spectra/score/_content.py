"""What all maps share: its own replicas cannot be told from those of a grid."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spectra.score._channel import Channel
    from spectra.score._view_sums import ViewSums


def shared_power(
    channel: Channel, view: ViewSums, index: int, predicted: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return what the fixed content of one channel adds to the power of each pair.

    The mean of all maps, cut into tiles like a map, has replicas of its own wherever it differs
    from tile to tile: ``|mean of G conj G'|^2 / var``, ``G`` a tile of the mean map less the mean
    of all its tiles. What is rough has them by coincidence, about 1 / tiles of its power. What
    chance leaves in a mean of so many maps is taken out.

    Parameters
    ----------
    channel : Channel
        Its centred sums.
    view : ViewSums
        The view that they were summed for.
    index : int
        Number of the channel among those that are tested.
    predicted : ndarray, shape (pair,)
        What `predicted_power` found in fold 0, from all groups.
    """
    positions, maps = int(view.get("positions")), float(view.of_all("mean_map_count")[index])
    tiles = _tiles(view.of_all("mean_map")[index], view.get("tile"))
    if positions < 2 or len(tiles) < 2 or maps < 1:
        return np.zeros_like(predicted)
    spectra = _spectra(tiles)
    tile, bins = view.get("tile"), view.get("pair_bin")
    base = spectra[(slice(None), *(view.get("base_bin")[bins] % tile).T)]
    target = np.round(view.target * tile).astype(int) % tile
    products = (base - base.mean(axis=0)).conj()
    products *= spectra[(slice(None), *target.T)]
    count = len(tiles)
    own = (np.abs(products) ** 2).mean(axis=0)
    # A product of one tile with itself is never below zero, with or without replicas: what two
    # different tiles have in common is theirs alone.
    apart = (np.abs(products.mean(axis=0)) ** 2 * count - own) / (count - 1)
    square = apart + (own - apart) / positions

    blocks = channel.n.sum()
    variance = channel.base_power.sum(axis=0)[bins] / blocks
    replica = view.get("replica_power")[index] / blocks
    by_chance = (predicted + replica / positions) / maps**2
    varies = variance > 0
    fixed: NDArray[np.float64] = np.where(varies, square / np.where(varies, variance, 1), 0.0)
    fixed -= by_chance
    fixed[view.get("near_pair")] = 0.0  # what follows the tiles' means has been taken out there
    return fixed


def _tiles(mean_map: NDArray[np.float64], tile: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the whole tiles of a map, shape (tile, *side)."""
    parts = [n // int(t) for n, t in zip(mean_map.shape, tile, strict=True)]
    return np.array(
        [
            mean_map[tuple(slice(i * t, (i + 1) * t) for i, t in zip(place, tile, strict=True))]
            for place in product(*map(range, parts))
        ]
    )


def _spectra(tiles: NDArray[np.float64]) -> NDArray[np.complex128]:
    """Return the spectra of tiles without their means, as the maps' own are seen."""
    axes = tuple(range(1, tiles.ndim))
    seen = tiles - tiles.mean(axis=axes, keepdims=True)
    for axis, side in enumerate(tiles.shape[1:], start=1):
        window = 1 - np.cos(2 * np.pi * np.arange(side) / side)
        window /= np.sqrt((window**2).mean())
        seen = seen * window.reshape([-1 if a == axis else 1 for a in range(tiles.ndim)])
    spectra: NDArray[np.complex128] = np.fft.fftn(seen, axes=axes, norm="forward")
    return spectra
