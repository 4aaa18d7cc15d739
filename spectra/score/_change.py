"""How much locked energy one change of a network took away, on the same inputs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import special

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
        Negative: it fell. None where there is none on one side.
    ci95_db : tuple of float or None
        Its 95 % interval; None where a group of blocks less leaves no energy to compare.
    fell, rose : bool
        Whether the 95 % interval of the difference of the shares lies below, above zero.
    """

    db: float | None
    ci95_db: tuple[float, float] | None
    fell: bool
    rose: bool


def locked_change(before: xr.Dataset, after: xr.Dataset) -> Change | str:
    """Compare the locked energy of the same inputs' maps before and after.

    The inputs differ much in how strong a grid they carry; the change of each does not. A
    jackknife over the same groups of blocks on both sides therefore gives a narrower interval than
    the two sides' own.

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
    first, second = (_shares(locked_lattice(data)) for data in (before, after))
    if first.shape != second.shape:
        return "some maps are constant or not finite on one side only"
    low, high = _interval(second - first)
    return Change(*_in_db(first, second), fell=high < 0, rose=low > 0)


def _shares(lattice: Lattice) -> NDArray[np.float64]:
    """Return the locked share in each fold, all lattice points together."""
    shares: NDArray[np.float64] = (lattice.line + lattice.replica).sum(axis=1)
    return shares


def _in_db(
    before: NDArray[np.float64], after: NDArray[np.float64]
) -> tuple[float | None, tuple[float, float] | None]:
    totals = jackknife(before), jackknife(after)
    if min(totals) <= 0:
        return None, None
    change = float(_level(totals[1]) - _level(totals[0]))
    if min(before.min(), after.min()) <= 0:
        return change, None
    low, high = _interval(_level(after) - _level(before))
    return change, (min(low, change), max(high, change))


def _level(share: NDArray[np.float64]) -> NDArray[np.float64]:
    level: NDArray[np.float64] = 10 * np.log10(share / np.maximum(1 - share, 1e-6))
    return level


def _interval(folds: NDArray[np.float64]) -> tuple[float, float]:
    centre = float(jackknife(folds))
    reach = float(special.stdtrit(folds.size - 2, (1 + CONFIDENCE) / 2) * jackknife_error(folds))
    return centre - reach, centre + reach
