"""The running sums of one period, read from the labelled data of one place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from spectra.score._distinct import LEAST_GROUPS

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray


@dataclass(frozen=True)
class ViewSums:
    """What was summed for one period, and what indexes it.

    Attributes
    ----------
    data : Dataset
        Sums of one place, see `spectra.spectrum.MapStatistics.to_dataset`.
    number : int
        Number of the view.
    """

    data: xr.Dataset
    number: int

    def get(self, name: str) -> NDArray[Any]:
        """Return an array as it is stored."""
        if name not in self._read:
            self._read[name] = self.of_all(f"{name}_{self.number}")
        return self._read[name]

    def of_all(self, name: str) -> NDArray[Any]:
        """Return an array that all views share, without the labels, which cost more to align."""
        array: NDArray[Any] = self.data.variables[name].to_numpy()
        return array

    def groups(self, name: str, index: int) -> NDArray[Any]:
        """Return the sums of one channel over the groups that hold any block."""
        sums: NDArray[Any] = self.get(name)[self._rows, index]
        return np.ascontiguousarray(sums) if np.iscomplexobj(sums) else sums

    @cached_property
    def _read(self) -> dict[str, NDArray[Any]]:
        return {}

    @cached_property
    def used(self) -> NDArray[np.bool_]:
        """Which groups hold any block."""
        used: NDArray[np.bool_] = self.get("blocks").sum(axis=1) > 0
        return used

    @cached_property
    def _rows(self) -> NDArray[np.bool_] | slice:
        return slice(None) if self.used.all() else self.used

    @cached_property
    def channels(self) -> NDArray[np.int64]:
        """Channels that vary, in groups enough that four distinct ones are left in each fold."""
        enough = (self.get("blocks") > 0).sum(axis=0) > LEAST_GROUPS
        return np.flatnonzero(enough & (self.get("total").sum(axis=0) > 0))

    @cached_property
    def frequency(self) -> NDArray[np.float64]:
        """Lattice points in cycles/pixel, shape (point, axis)."""
        return self.get("frequency")

    @cached_property
    def target(self) -> NDArray[np.float64]:
        """Frequency of each pair's replica, shape (pair, axis); that of its mirror is the same."""
        base = self.get("base_bin")[self.get("pair_bin")] / self.get("tile")
        sign = np.where(self.get("pair_mirrored"), -1, 1)[:, None]
        target: NDArray[np.float64] = base + sign * self.frequency[self.get("pair_point")]
        return target

    def of_point(self, pairs: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the sum over the pairs of each lattice point, weighted; pairs come last."""
        summed: NDArray[np.float64] = pairs @ self._member
        return summed

    @cached_property
    def _member(self) -> NDArray[np.float64]:
        own = self.get("pair_point")[:, None] == np.arange(len(self.frequency))
        member: NDArray[np.float64] = own * self.get("pair_weight")[:, None]
        return member


def charged_once(views: Sequence[ViewSums]) -> list[NDArray[np.bool_]]:
    """Return which pairs of each view count: those whose replica no shorter period has charged.

    Whatever lies above the base band of the last step was made by it, copies of an earlier
    step's copies as well; so the shortest period comes first. What it leaves out at the edges of
    its band, its two outer bins, stays with the next.

    Parameters
    ----------
    views : sequence of ViewSums
        In ascending order of the period, which may nest or merely overlap.
    """
    counts = []
    for place, view in enumerate(views):
        free = np.ones(len(view.target), bool)
        for shorter in views[:place]:
            reach = (shorter.get("last_bin") + 0.5) / shorter.get("tile")
            for point in np.concatenate([shorter.frequency, -shorter.frequency]):
                # frequencies repeat every cycle/pixel: the nearest copy of the point counts
                apart = view.target - point
                apart -= np.round(apart)
                free &= (np.abs(apart) > reach + 1e-9).any(axis=1)
        counts.append(free)
    return counts
