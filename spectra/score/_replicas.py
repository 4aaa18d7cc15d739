"""Replicas: what a base-band bin predicts above the base band."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from spectra.score._distinct import folds, squared_covariance, squared_mean

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spectra.score._channel import Channel
    from spectra.score._view import ViewSums

LEAST_VARIANCE = 1e-12  # of a bin, over its mean power: below, all maps are the same
CHUNK = 512  # pairs, whose arrays stay in the cache


def predicted_power(channel: Channel, view: ViewSums) -> NDArray[np.float64]:
    """Return ``|cov(Y(e), Y(e + k/s))|^2 / var Y(e)`` in every fold, shape (fold, pair).

    Centred, so that what all maps share is no replica. Beside DC and the lattice points both are
    first cleared of what the tile's mean predicts of them: a line that follows the brightness of
    the pictures leaks into these bins and would be charged again.
    """
    n, bins, near = channel.n, view.get("pair_bin"), view.get("near_pair")
    count = folds(n)
    variance = folds(channel.base_power) / count - squared_mean(channel.base, n)
    power = np.empty((len(count), len(bins)))
    for first in range(0, len(bins), CHUNK):
        some = slice(first, first + CHUNK)
        square = squared_covariance(
            channel.cross[:, some],
            channel.base[:, bins[some]],
            channel.replica[:, some],
            n,
        )
        power[:, some] = _over(square, variance[:, bins[some]], channel, bins[some])
    if len(near):
        power[:, near] = _near_power(channel, view, variance)
    return power


def _near_power(
    channel: Channel, view: ViewSums, variance: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the same of the near pairs, cleared of the tiles' means."""
    near, near_bin, n = view.get("near_pair"), view.get("near_bin"), channel.n
    bins = view.get("pair_bin")[near]
    count = folds(n)
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

    slope = slope[None]  # group, fold, pair
    followed = channel.base_level[:, None, np.searchsorted(near_bin, bins)].conj()
    square = squared_covariance(
        channel.cross[:, None, near] - slope * followed,
        channel.base[:, None, bins],
        channel.replica[:, None, near] - slope * channel.level[:, None],
        n,
    )
    return _over(square, left[:, bins], channel, bins)


def _over(
    square: NDArray[np.float64],
    variance: NDArray[np.float64],
    channel: Channel,
    bins: NDArray[np.int64],
) -> NDArray[np.float64]:
    """Return squared covariances over variances; 0 where a bin does not vary."""
    power = channel.base_power[:, bins].sum(axis=0) / channel.n.sum()
    varies = variance > LEAST_VARIANCE * power
    ratio: NDArray[np.float64] = np.where(varies, square / np.where(varies, variance, 1), 0.0)
    return ratio
