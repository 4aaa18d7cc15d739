"""How much locked energy one change of a network took away, on the same inputs."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, log10
from typing import TYPE_CHECKING

import numpy as np

from spectra.score._energy import (
    Energy,
    Lattice,
    jackknife,
    jackknife_error,
    locked_energy,
    locked_lattice,
    ratio_dbc,
    student,
)
from spectra.score._score import obstacle

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray


@dataclass(frozen=True)
class LockedChange:
    """Locked over remaining energy after, against before.

    Attributes
    ----------
    db : float or None
        Negative: it fell. None where nothing above zero is left, or all power before may have
        been locked.
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


def lattice_of(data: xr.Dataset) -> Lattice | str:
    """Return the lattice points of one place to compare, or why it has none.

    Parameters
    ----------
    data : Dataset
        Sums of the place, see `spectra.spectrum.MapStatistics.to_dataset`.
    """
    reason = obstacle(data) or ("no lattice" if data.attrs["views"] == 0 else None)
    return reason or locked_lattice(data)


def locked_change(
    before: Lattice | str, after: Lattice | str, *, chosen: NDArray[np.bool_] | None = None
) -> LockedChange | str:
    """Compare the locked energy at lattice points of the same inputs' maps before and after.

    The inputs differ much in how strong a grid they carry; the change of each does not. A
    jackknife of the ratio over the same groups of blocks on both sides therefore gives a narrower
    interval than the two sides' own.

    Parameters
    ----------
    before, after : Lattice or str
        Lattice points of maps of one plan, or why there are none: see `lattice_of`.
    chosen : ndarray of bool, shape (point,), optional
        Lattice points to compare; all by default.

    Returns
    -------
    LockedChange or str
        A text says why they cannot be compared.
    """
    if isinstance(before, str):
        return before
    if isinstance(after, str):
        return after
    points = np.ones(len(before.frequency), bool) if chosen is None else chosen
    old, new = (locked_energy(lattice, points) for lattice in (before, after))
    if new.bounded:
        return "all the power may be locked after the change"
    if old.bounded:
        return LockedChange(None, None, _most(old, new))
    first, second = (_ratios(lattice, points) for lattice in (before, after))
    if first.shape != second.shape:
        return "some maps are constant or not finite on one side only"
    if first.min() <= 0:
        return LockedChange(None, None, None)
    folds = second / first
    centre = float(jackknife(folds))
    reach = student(folds.size - 2) * float(jackknife_error(folds))
    low, middle, high = (_decibel(v) for v in (centre - reach, centre, centre + reach))
    interval = None if low is None or high is None else (low, high)
    return LockedChange(middle, interval, high if high is not None else -inf)


def _ratios(lattice: Lattice, chosen: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return locked over remaining energy in each fold, the chosen lattice points together."""
    shares: NDArray[np.float64] = (lattice.line + lattice.replica)[:, chosen].sum(axis=1)
    return shares / (1 - shares)


def _most(old: Energy, new: Energy) -> float | None:
    """Return the change at most, where of the energy before only a lower bound is known."""
    least, most = ratio_dbc(old.least), ratio_dbc(new.interval[1])
    if least is None:
        return None
    return -inf if most is None else most - least


def _decibel(ratio: float) -> float | None:
    return 10 * log10(ratio) if ratio > 0 else None
