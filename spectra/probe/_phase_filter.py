"""What a grid makes of a map's base band: a filter of its own for each phase."""

from __future__ import annotations

from itertools import count

import torch
from torch import Tensor, nn
from torch.nn import functional

from spectra.probe._base_band import phases_joined, phases_of_base_band
from spectra.probe._locked_sums import window_order


class PhaseFilter(nn.Module):
    """The grid-locked part of maps at one period, as a layer.

    With b the base band of a map about its level and p the phase of pixel n, it gives
    ``taps[p, 0] + sum_m taps[p, m] b(n - m * period)``: a filter that repeats with the period
    (linear and periodically time-varying). Maps may be of any size.

    Parameters
    ----------
    taps : Tensor, shape (C, M, *period)
        Of each channel and phase: of the constant, then of the base band shifted by whole periods,
        the nearest first, ``M = 1 + (2 * reach + 1) ** axes``.
    level : Tensor, shape (C,)
        Of each channel, about which the base band is taken.
    """

    taps: Tensor
    level: Tensor

    def __init__(self, taps: Tensor, level: Tensor) -> None:
        super().__init__()
        self.register_buffer("taps", taps)
        self.register_buffer("level", level)
        self.period = tuple(taps.shape[2:])
        shifts = taps.shape[1] - 1
        self._reach = next(r for r in count() if (2 * r + 1) ** len(self.period) >= shifts)

    def forward(self, maps: Tensor) -> Tensor:
        """Return the locked part of maps (B, C, *spatial), whose first pixel has phase 0."""
        return torch.stack([self._locked(one) for one in maps]).to(maps)

    def _locked(self, one: Tensor) -> Tensor:
        """Return the locked part of a map (C, *spatial): each pixel's own taps on the columns.

        The pixels of one phase make a map of their own, on which these are a convolution.
        """
        axes, width = len(self.period), 2 * self._reach + 1
        bands = phases_of_base_band(about(one, self.level), self.period, self._reach)
        of_phase = bands.reshape(1, -1, *bands.shape[1 + axes :])
        flat = self.taps.movedim(1, -1).reshape(of_phase.shape[1], -1).to(bands)
        weight = torch.zeros(len(flat), width**axes, dtype=bands.dtype, device=bands.device)
        weight[:, window_order(self._reach, axes)] = flat[:, 1:]
        convolve = (functional.conv1d, functional.conv2d, functional.conv3d)[axes - 1]
        locked = convolve(
            of_phase,
            weight.reshape(-1, 1, *[width] * axes),
            bias=flat[:, 0].contiguous(),
            groups=len(flat),
        )
        whole = phases_joined(locked.reshape(*bands.shape[: 1 + axes], *locked.shape[2:]))
        return whole[(slice(None), *map(slice, one.shape[1:]))]


def about(one: Tensor, level: Tensor) -> Tensor:
    """Return a map (C, *spatial) about a level for each channel, in single precision at least.

    A level that was left in would pass through the borders' window to every lattice point.
    """
    kept = one if one.dtype == torch.float64 else one.float()
    return kept - level.to(kept).reshape(-1, *[1] * (one.ndim - 1))
