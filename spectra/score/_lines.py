"""Lines: what a constant, and the mean of each tile, predict exactly at the lattice points."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from spectra.score._distinct import folds

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spectra.score._channel import Channel

# What is rough beside a line passes through the pattern of a line's leakage, (-1/2, 1, -1/2) of
# unit norm, more than through a single bin, as the window correlates its bins.
ROUGH_GAIN = (3 / 2 + 4 / 3 + 1 / 12) / (3 / 2)  # along each axis


def line_power(channel: Channel, axes: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the power of the lines in every fold, and of what is rough beside them.

    The line ``L`` of a block is regressed on ``(1, D)``, ``D`` the mean of its tile; the power
    that is predicted is ``sum_g Re(conj b_0 L_g + conj b_1 (LD)_g) / n`` with coefficients from
    the *other* groups: without bias where there is no line, and the whole power where ``L`` is
    proportional to ``D``. The background is that of the mean map beside the line.

    Returns
    -------
    line, background : ndarray, shape (fold, point)
        The background is already taken out of the line.
    """
    n, d, dd = channel.n, channel.level, channel.level_square
    groups = len(n)
    # Which groups predict which, in which fold: all but the predicted one and the one left out.
    members = np.concatenate([np.ones((1, groups)), 1 - np.eye(groups)])
    others = members[:, None, :] * (1 - np.eye(groups))[None]

    def mean(x: NDArray[Any]) -> NDArray[Any]:
        found: NDArray[Any] = others @ x / np.maximum(others @ n, 1)
        return found

    d_mean, l_mean = mean(d), mean(channel.line)
    variance = mean(dd) - d_mean**2
    varies = channel.varies(variance)
    covariance = mean(channel.line_level) - d_mean * l_mean
    slope = np.where(varies, covariance / np.where(varies, variance, 1), 0.0)
    level = l_mean - slope * d_mean
    predicted = (level.conj() * channel.line + slope.conj() * channel.line_level).real
    # Averaged over the predicted group; without bias, as none predicts itself.
    power = (members[:, :, None] * predicted).sum(axis=1) / folds(n)
    beside = channel.distinct.squared_mean(channel.beside.reshape(groups, -1))
    beside = beside.reshape(len(members), *channel.beside.shape[1:]).mean(axis=-1)
    background = ROUGH_GAIN**axes * beside
    return power - background, background
