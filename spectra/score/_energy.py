"""Grid-locked energy: how much of a map is tied to the sampling grid."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import scipy

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray

CONFIDENCE = 0.95
REPLICA_FLOOR = 10**-4.5  # of the total power, below which a component cannot matter
LINE_FLOOR = 10**-7.0


@dataclass(frozen=True)
class Lattice:
    """All lattice points of one place, and their share of the power.

    Attributes
    ----------
    frequency : ndarray, shape (point, axis)
        Cycles/pixel.
    period : ndarray, shape (point, axis)
        Period of the lattice that owns each point.
    line, replica : ndarray, shape (fold, point)
        Locked share of the total power, averaged over channels, of the point and its mirror
        image: fold 0 from all blocks, fold g without the g-th group of blocks.
    line_power, replica_power : ndarray, shape (point,)
        Share of the total power at the point and in its replica band, locked or not.
    """

    frequency: NDArray[np.float64]
    period: NDArray[np.int64]
    line: NDArray[np.float64]
    replica: NDArray[np.float64]
    line_power: NDArray[np.float64]
    replica_power: NDArray[np.float64]

    @property
    def locked(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Locked share of each point, lines and replicas together, and its standard error."""
        folds = self.line + self.replica
        return jackknife(folds), jackknife_error(folds)

    @property
    def audible(self) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Which lines and which replica bands hold enough power to matter."""
        return self.line_power >= LINE_FLOOR, self.replica_power >= REPLICA_FLOOR


@dataclass(frozen=True)
class Energy:
    """Locked over remaining energy, with its jackknife interval.

    Attributes
    ----------
    share : float
        Locked share of the total power, corrected for bias; may be negative by chance.
    interval : tuple of float
        Its 95 % interval.
    line, replica : float
        Its two parts.
    """

    share: float
    interval: tuple[float, float]
    line: float
    replica: float


def locked_lattice(data: xr.Dataset) -> Lattice:
    """Return the locked share of the power at every lattice point.

    With ``Z_g(e)``, the sum of ``Y_b(e) conj Y_b(e + k/s)`` over the blocks of group ``g``, the
    part of the replica power that is linearly predictable from the same channel's base band
    is estimated without bias from products of different groups,
    ``sum_e (|sum_g Z_g|^2 - sum_g |Z_g|^2) / (n^2 - sum_g n_g^2) / P(e)``, single bins ``e``; a
    line by the same statistic of ``Y_b(k/s)``, times 3/2 for each axis because a Hann window
    leaves 2/3 of a line's power in its own bin.

    Parameters
    ----------
    data : Dataset
        Of one place, see `spectra.spectrum.to_dataset`, with at least one view.
    """
    parts = [_view_lattice(data, number) for number in range(data.attrs["views"])]
    return Lattice(
        np.concatenate([p.frequency for p in parts]),
        np.concatenate([p.period for p in parts]),
        np.concatenate([p.line for p in parts], axis=1),
        np.concatenate([p.replica for p in parts], axis=1),
        np.concatenate([p.line_power for p in parts]),
        np.concatenate([p.replica_power for p in parts]),
    )


def _view_lattice(data: xr.Dataset, number: int) -> Lattice:
    def get(name: str) -> NDArray[np.float64]:
        values: NDArray[np.float64] = data[f"{name}_{number}"].to_numpy()
        return values

    frequency, multiplicity = get("frequency"), get("multiplicity")
    point, weight = get("pair_point").astype(int), get("pair_weight")
    points, axes = frequency.shape
    used = get("blocks").sum(axis=1) > 0
    blocks = get("blocks")
    n = _folds(blocks, used)
    each_block = 1 / np.where(n > 0, n, np.inf)  # a dead channel has no block
    total = _folds(get("total"), used) * each_block
    base = _folds(get("base"), used) * each_block[..., None]
    products = n**2 - _folds(blocks**2, used)

    valid = (products > 0) & (total > 0)
    per_product = 1 / np.where(valid, products, np.inf)[..., None]
    coherent = _between_groups(get("cross_re") + 1j * get("cross_im"), used) * per_product
    predicted = np.divide(coherent, base, out=np.zeros_like(coherent), where=base > 0) * weight
    replica = np.stack([predicted[..., point == i].sum(-1) for i in range(points)], axis=-1)
    line = get("line_re") + 1j * get("line_im")
    steady = _between_groups(line, used) * per_product * 1.5**axes

    share = np.where(valid, 1 / np.where(total > 0, total, np.inf), 0.0)[..., None]
    channels = np.maximum(valid.sum(axis=1), 1)[:, None]
    replica = (replica * share).sum(axis=1) / channels * multiplicity
    steady = (steady * share).sum(axis=1) / channels * multiplicity

    seen = blocks.sum(axis=0)[:, None]
    whole = share[0]
    each = np.divide(get("replica"), seen, out=np.zeros_like(get("replica")), where=seen > 0)
    band = np.stack([(each * weight)[:, point == i].sum(-1) for i in range(points)], axis=-1)
    spot = np.divide(get("line_power"), seen, out=np.zeros_like(get("line_power")), where=seen > 0)
    return Lattice(
        frequency,
        np.broadcast_to(get("period").astype(int), (points, axes)),
        steady,
        replica,
        (spot * whole).sum(axis=0) / channels[0] * multiplicity * 1.5**axes,
        (band * whole).sum(axis=0) / channels[0] * multiplicity,
    )


def _folds(sums: NDArray[Any], used: NDArray[np.bool_]) -> NDArray[Any]:
    """Return the sum over all groups, then the sums without each used group."""
    total = sums.sum(axis=0)
    return np.concatenate([total[None], total - sums[used]])


def _between_groups(sums: NDArray[np.complex128], used: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return ``Re sum Z_a conj Z_b`` over blocks of different groups, in every fold."""
    squares: NDArray[np.float64] = _folds(np.abs(sums) ** 2, used)
    products: NDArray[np.float64] = np.abs(_folds(sums, used)) ** 2 - squares
    return products


def locked_energy(lattice: Lattice, chosen: NDArray[np.bool_]) -> Energy:
    """Return the locked share of the chosen points with a delete-one-group jackknife.

    The jackknife removes the 1/n bias of the ratio, ``G r - (G - 1) mean r_g`` over ``G``
    groups of blocks, and gives the interval (Student's t with G - 1 degrees of freedom).
    """
    line = float(jackknife(lattice.line[:, chosen].sum(axis=1)))
    replica = float(jackknife(lattice.replica[:, chosen].sum(axis=1)))
    folds = (lattice.line + lattice.replica)[:, chosen].sum(axis=1)
    share = float(jackknife(folds))
    freedom = folds.size - 2
    reach = float(scipy.special.stdtrit(freedom, (1 + CONFIDENCE) / 2) * jackknife_error(folds))
    return Energy(share, (share - reach, share + reach), line, replica)


def jackknife(folds: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return ``G r - (G - 1) mean r_g``, without the 1/n bias; folds come first."""
    groups = len(folds) - 1
    corrected: NDArray[np.float64] = groups * folds[0] - (groups - 1) * folds[1:].mean(axis=0)
    return corrected


def jackknife_error(folds: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the standard error of a statistic from its values without each group."""
    groups = len(folds) - 1
    spread = ((folds[1:] - folds[1:].mean(axis=0)) ** 2).sum(axis=0)
    error: NDArray[np.float64] = np.sqrt((groups - 1) / groups * spread)
    return error


def ratio_dbc(share: float) -> float | None:
    """Return locked over remaining energy in dB; None where there is no energy above zero."""
    if not share > 0:
        return None
    rest = max(1 - share, 1e-6)
    return float(10 * np.log10(share / rest))
