"""The group sums of one channel, without what all blocks have in common."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from spectra.score._distinct import Distinct, folds

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spectra.score._view_sums import ViewSums

STEADY = 1e-10  # variance of tile means over their square, below which they differ by rounding


@dataclass(frozen=True)
class Channel:
    """Sums over the blocks of each group, of one channel; their first axis is the group.

    All but the lines are centred: their means over all blocks are zero. What all maps share may
    be a hundred times what differs between them; it would be lost to rounding, and leak into
    what is predicted where groups differ in size. One constant for all folds changes nothing.

    Attributes
    ----------
    n : ndarray, shape (group, 1)
        Blocks.
    distinct : Distinct
        Means of products over distinct groups of so many blocks.
    total : ndarray, shape (fold, 1)
        Mean power in each fold: of the tiles, and of their means about the map's.
    level, level_square : ndarray, shape (group, 1)
        The tiles' means, ``D``.
    base, base_power, base_level : ndarray, shape (group, bin) and (group, near bin)
        ``Y(e)``, its squared magnitude, its product with ``D``.
    replica, replica_level : ndarray, shape (group, pair) and (group, near pair)
        ``Y(e + k/s)``, its product with ``D``.
    cross : ndarray, shape (group, pair)
        ``conj Y(e) Y(e + k/s)``.
    line, line_level : ndarray, shape (group, point)
        Lines as they are, and their products with ``D``.
    beside : ndarray, shape (group, point, neighbour)
        What lies beside the lines, as it is.
    """

    n: NDArray[np.float64]
    distinct: Distinct
    total: NDArray[np.float64]
    level: NDArray[np.float64]
    level_square: NDArray[np.float64]
    base: NDArray[np.complex128]
    base_power: NDArray[np.float64]
    base_level: NDArray[np.complex128]
    replica: NDArray[np.complex128]
    replica_level: NDArray[np.complex128]
    cross: NDArray[np.complex128]
    line: NDArray[np.complex128]
    line_level: NDArray[np.complex128]
    beside: NDArray[np.complex128]
    _mean_level: float

    @classmethod
    def centred(cls, view: ViewSums, index: int) -> Channel:
        """Return one channel of a view."""

        def sums(name: str) -> Any:
            return view.groups(name, index)

        n, d, line = sums("blocks")[:, None], sums("level")[:, None], sums("line")
        a, b = sums("base"), sums("replica")
        count = n.sum()
        mean_d, mean_a, mean_b = (x.sum(axis=0) / count for x in (d, a, b))
        bins, near_a, near_b = (view.get(f) for f in ("pair_bin", "near_bin", "near_pair"))

        def with_level(products: Any, x: Any, mean: Any) -> Any:
            return products - mean_d * x - mean * d + n * mean_d * mean

        # sum (A - mean A)* (B - mean B), and likewise below: products of what differs from the mean
        # follow from sums of products, so that the maps need not be read twice.
        base = a - n * mean_a
        cross = sums("cross") - mean_a[bins].conj() * b
        cross -= base.conj()[:, bins] * mean_b
        return cls(
            n=n,
            distinct=Distinct(n),
            total=folds(sums("total")[:, None]) / folds(n),
            level=d - n * mean_d,
            level_square=sums("level_square")[:, None] - 2 * mean_d * d + n * mean_d**2,
            base=base,
            base_power=sums("base_power") - 2 * (mean_a.conj() * a).real + n * np.abs(mean_a) ** 2,
            base_level=with_level(sums("base_level"), a[:, near_a], mean_a[near_a]),
            replica=b - n * mean_b,
            replica_level=with_level(sums("replica_level"), b[:, near_b], mean_b[near_b]),
            cross=cross,
            line=line,
            line_level=sums("line_level") - mean_d * line,
            beside=sums("beside"),
            _mean_level=float(mean_d[0]),
        )

    def varies(self, variance: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Return whether a variance of the tiles' means is more than rounding."""
        varies: NDArray[np.bool_] = variance > STEADY * (self._mean_level**2 + self.total[0])
        return varies
