"""Is anything tied to the grid at all? One test over all lattice points."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray

DRAWS = 1999


@dataclass(frozen=True)
class GridTest:
    """Statistics of the observed maps and of the same maps on randomly shifted grids.

    Attributes
    ----------
    observed : ndarray, shape (2, point)
        Standardised statistic of lines (row 0) and replicas (row 1).
    draws : ndarray, shape (2, point, draw)
        These statistics under random shifts.
    """

    observed: NDArray[np.float64]
    draws: NDArray[np.float64]

    def result(self, chosen: NDArray[np.bool_]) -> tuple[float, float]:
        """Return z and p of the chosen components together.

        Parameters
        ----------
        chosen : ndarray of bool, shape (2, point)
            Which lines and replicas count.

        Returns
        -------
        z, p : float
            The largest standardised statistic, and how often a random grid reaches it:
            ``(1 + reached) / (1 + draws)``. One maximum over all, so nothing needs to be
            corrected for the number of points.
        """
        z = float(self.observed[chosen].max())
        reached = int((self.draws[chosen].max(axis=0) >= z).sum())
        return z, (1 + reached) / (1 + DRAWS)


def offset_randomisation(data: xr.Dataset, *, seed: int = 0) -> GridTest:
    """Compare each lattice statistic with its value on randomly shifted grids.

    Without a privileged grid phase, shifting block ``b`` by a whole number of pixels ``r_b``
    leaves the joint law unchanged; it multiplies its cross-spectrum at ``k/s`` by
    ``exp(2i pi k.r_b / s)``. The statistic sums, over channels and cells, the products of
    different blocks, ``|sum_b v_b|^2 - sum_b |v_b|^2``; the same random offsets are used for
    all points.

    Parameters
    ----------
    data : Dataset
        Sums of one place, see `spectra.spectrum.MapStatistics.to_dataset`, with at least one view.
    seed : int
        Seed of the offsets.
    """
    generator = np.random.default_rng(seed)
    numbers = range(data.attrs["views"])
    period = np.lcm.reduce([data[f"period_{i}"].to_numpy() for i in numbers])
    slots = data.sizes["slot"]
    offsets = generator.integers(0, period, size=(DRAWS, slots, period.size))
    rows = [_view_statistics(data, number, offsets) for number in numbers]
    values = np.concatenate(rows, axis=1)
    drawn = values[..., 1:]
    mean, deviation = drawn.mean(axis=-1, keepdims=True), drawn.std(axis=-1, keepdims=True)
    varied = deviation > 1e-9 * np.abs(mean) + np.finfo(float).tiny
    standard = np.where(varied, (values - mean) / np.where(varied, deviation, 1), 0.0)
    return GridTest(standard[..., 0], standard[..., 1:])


def _view_statistics(
    data: xr.Dataset, number: int, offsets: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Return statistics, shape (2, point, 1 + draw); the observed ones come first."""
    frequency = data[f"frequency_{number}"].to_numpy()
    blocks = int(data[f"blocks_{number}"].sum("group").max())
    own = 1 + 1 / max(blocks, 1) if "content_share" in data.attrs else 1.0
    cell_point = data[f"cell_point_{number}"].to_numpy()
    lines = data[f"mark_{number}"].to_numpy()
    cells = data[f"cell_{number}"].to_numpy()
    rows = []
    for index, point in enumerate(frequency):
        # A shift by r pixels turns a block's cross-spectrum by k.r / s turns: maps need not move.
        turn = np.exp(2j * np.pi * (offsets @ point))
        phases = np.concatenate([np.ones((1, turn.shape[1])), turn])
        line = lines[:, :, index]
        replica = cells[:, :, cell_point == index].reshape(len(cells), -1)
        rows.append((_agreement(phases, line, own=own), _agreement(phases, replica, own=own)))
    return np.array(rows).transpose(1, 0, 2)


def _agreement(
    phases: NDArray[np.complex128], vectors: NDArray[np.complex128], *, own: float
) -> NDArray[np.float64]:
    """Return the products of different slots, summed; vectors have shape (slot, component).

    Where the mean of all blocks was taken out of each, products of different blocks share what
    that mean had of them, which adds at most ``alone / blocks`` to the observed sum: ``own`` takes
    it off again. Random shifts scatter it.
    """
    together: NDArray[np.float64] = (np.abs(phases @ vectors) ** 2).sum(axis=1)
    alone = float((np.abs(vectors) ** 2).sum())
    together[0] -= own * alone
    together[1:] -= alone
    return together
