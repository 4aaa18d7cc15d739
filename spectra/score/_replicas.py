"""Replicas: what a base-band bin predicts above the base band."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from spectra.score._distinct import folds

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spectra.score._channel import Channel
    from spectra.score._view_sums import ViewSums

LEAST_VARIANCE = 1e-12  # of a bin, over its mean power: below, all maps are the same
CHUNK = 512  # pairs, whose arrays stay in the cache
TINY = np.finfo(float).tiny


def predicted_power(channel: Channel, view: ViewSums) -> NDArray[np.float64]:
    """Return ``|cov(Y(e), Y(e + k/s))|^2 / var Y(e)`` in every fold, shape (fold, pair).

    Centred, so that what all maps share is no replica. Beside DC and the lattice points both are
    first cleared of what the tile's mean predicts of them: a line that follows the brightness of
    the pictures leaks into these bins and would be charged again.
    """
    bins, near = view.get("pair_bin"), view.get("near_pair")
    count = folds(channel.n)
    variance = folds(channel.base_power) / count - channel.distinct.squared_mean(channel.base)
    per_variance = _per(variance, channel)
    power = np.empty((len(count), len(bins)))
    for first in range(0, len(bins), CHUNK):
        some = slice(first, first + CHUNK)
        square = channel.distinct.squared_covariance(
            channel.cross[:, some],
            channel.base[:, bins[some]],
            channel.replica[:, some],
        )
        power[:, some] = square * per_variance[:, bins[some]]
    if len(near):
        power[:, near] = _near_power(channel, view, variance)
    return power


def _near_power(
    channel: Channel, view: ViewSums, variance: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the predicted power of the near pairs, cleared of the tiles' means."""
    near, near_bin = view.get("near_pair"), view.get("near_bin")
    bins = view.get("pair_bin")[near]
    count = folds(channel.n)
    mean_level = folds(channel.level) / count
    spread = folds(channel.level_square) / count - mean_level**2
    varies = channel.varies(spread)
    per_level = np.where(varies, 1 / np.where(varies, spread, 1), 0.0)

    base_level = folds(channel.base_level) / count
    base_level -= folds(channel.base[:, near_bin]) / count * mean_level
    left = variance.copy()
    left[:, near_bin] -= np.abs(base_level) ** 2 * per_level
    replica_level = folds(channel.replica_level) / count
    replica_level -= folds(channel.replica[:, near]) / count * mean_level
    slope = replica_level * per_level

    # |cov(A, B - slope D)|^2 = |C_B|^2 - 2 Re(slope* C_B C_D*) + |slope|^2 |C_D|^2, and the product
    # of both covariances from those with B + D and with B + i D, D in the unit of B.
    place = np.searchsorted(near_bin, bins)
    cross, base, replica = channel.cross[:, near], channel.base[:, bins], channel.replica[:, near]
    unit = np.sqrt((np.abs(replica) ** 2).mean() / max((channel.level**2).mean(), TINY))
    level = unit * channel.level * np.ones(len(near_bin))
    with_level = unit * channel.base_level.conj()
    square = channel.distinct.squared_covariance
    of_replica = square(cross, base, replica)
    of_level = square(with_level, channel.base[:, near_bin], level + 0j)[:, place]
    level, with_level = level[:, place], with_level[:, place]
    real, imaginary = (
        (square(cross + c * with_level, base, replica + c * level) - of_replica - of_level) / 2
        for c in (1, 1j)
    )
    slope = slope / unit if unit else slope
    both = slope.real * real + slope.imag * imaginary
    cleared: NDArray[np.float64] = of_replica - 2 * both + np.abs(slope) ** 2 * of_level
    cleared *= _per(left, channel)[:, bins]
    return cleared


def _per(variance: NDArray[np.float64], channel: Channel) -> NDArray[np.float64]:
    """Return 1 / variance of each bin; 0 where it does not vary."""
    power = channel.base_power.sum(axis=0) / channel.n.sum()
    varies = variance > LEAST_VARIANCE * power
    inverse: NDArray[np.float64] = np.where(varies, 1 / np.where(varies, variance, 1), 0.0)
    return inverse
