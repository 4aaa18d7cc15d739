"""How much locked energy one change of a network took away, on the same inputs."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, log10
from typing import TYPE_CHECKING

import numpy as np
import scipy

from spectra.score._energy import (
    CONFIDENCE,
    Lattice,
    jackknife,
    jackknife_error,
    locked_lattice,
)
from spectra.score._score import obstacle

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Change:
    """Locked over remaining energy after, against before.

    Attributes
    ----------
    db : float or None
        Negative: it fell. None where nothing above zero is left.
    ci95_db : tuple of float or None
        Its 95 % interval; None where the lower end is zero energy.
    upper_db : float or None
        The interval's upper end; None where before there was no energy to compare with.
    """

    db: float | None
    ci95_db: tuple[float, float] | None
    upper_db: float | None

    @property
    def fell(self) -> bool:
        """Whether the whole interval lies below no change."""
        return self.upper_db is not None and self.upper_db < 0

    @property
    def rose(self) -> bool:
        """Whether the whole interval lies above no change."""
        return self.ci95_db is not None and self.ci95_db[0] > 0


def locked_change(before: xr.Dataset, after: xr.Dataset) -> Change | str:
    """Compare the locked energy of the same inputs' maps before and after.

    The inputs differ much in how strong a grid they carry; the change of each does not. A
    jackknife of the ratio over the same groups of blocks on both sides therefore gives a narrower
    interval than the two sides' own.

    Parameters
    ----------
    before, after : Dataset
        Of one plan, see `spectra.spectrum.to_dataset`.

    Returns
    -------
    Change or str
        A text says why the maps cannot be compared.
    """
    for data in (before, after):
        if reason := obstacle(data):
            return reason
        if data.attrs["views"] == 0:
            return "no lattice"
    first, second = (_ratios(locked_lattice(data)) for data in (before, after))
    if first.shape != second.shape:
        return "some maps are constant or not finite on one side only"
    if first.min() <= 0:
        return Change(None, None, None)
    folds = second / first
    centre = float(jackknife(folds))
    reach = float(
        scipy.special.stdtrit(folds.size - 2, (1 + CONFIDENCE) / 2) * jackknife_error(folds)
    )
    low, middle, high = (_decibel(v) for v in (centre - reach, centre, centre + reach))
    interval = None if low is None or high is None else (low, high)
    return Change(middle, interval, high if high is not None else -inf)


def _ratios(lattice: Lattice) -> NDArray[np.float64]:
    """Return locked over remaining energy in each fold, all lattice points together."""
    shares: NDArray[np.float64] = (lattice.line + lattice.replica).sum(axis=1)
    return shares / np.maximum(1 - shares, 1e-6)


def _decibel(ratio: float) -> float | None:
    return 10 * log10(ratio) if ratio > 0 else None
