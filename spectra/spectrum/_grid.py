"""The pattern of a grid: what maps are on average at each place within its period."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from torch import Tensor

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray


def grid_pattern(data: xr.Dataset) -> NDArray[np.float64]:
    """Return the mean at each phase of the grid less the mean over all phases.

    Parameters
    ----------
    data : Dataset
        Sums of one place, see `MapStatistics.to_dataset`.

    Returns
    -------
    ndarray of float64, shape (channel, *period)
    """
    phases = data["phase_mean"].to_numpy()
    pattern: NDArray[np.float64] = phases - phases.mean(
        axis=tuple(range(1, phases.ndim)), keepdims=True
    )
    return pattern


def by_phase(maps: Tensor, period: Sequence[int]) -> Tensor:
    """Return maps of whole periods with each axis split in two: the period, the phase in it.

    Parameters
    ----------
    maps : Tensor, shape (B, C, *spatial)
    period : sequence of int
        Period of the grid along each axis, in pixels.

    Returns
    -------
    Tensor of float64, shape (B, C, y // period, period, x // period, period) for two axes

    Examples
    --------
    >>> import torch
    >>> by_phase(torch.arange(6.0).reshape(1, 1, 6), [2]).shape
    torch.Size([1, 1, 3, 2])
    """
    pairs = zip(maps.shape[2:], period, strict=True)
    split = [n for size, p in pairs for n in (size // p, p)]
    return maps.double().reshape(*maps.shape[:2], *split)


def phase_mean(phases: Tensor, *, keepdim: bool = False) -> Tensor:
    """Return the mean at each phase, shape (C, *period), of what `by_phase` returned.

    Examples
    --------
    >>> import torch
    >>> phase_mean(by_phase(torch.arange(6.0).reshape(1, 1, 6), [2]))
    tensor([[2., 3.]], dtype=torch.float64)
    """
    return phases.mean((0, *range(2, phases.ndim, 2)), keepdim=keepdim)
