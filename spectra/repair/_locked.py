"""The grid-locked part of maps as an image: what a period of the grid does to the base band."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product
from math import prod

import torch
from torch import Tensor
from torch.nn import functional

from spectra.errors import ParameterError
from spectra.repair._lines import inside
from spectra.spectrum import by_phase

REACH = {1: 3, 2: 3, 3: 1}  # taps on each side, a period apart, by number of axes
ENOUGH = 20  # samples of each phase for a tap; fewer make the reach smaller
PERIODS = 6  # of the low-pass, on each side of its centre
BETA = 5.0  # of its Kaiser window
RIDGE = 1e-8  # of the mean power of the columns: smooth pictures make them nearly dependent


class LockedPart:
    """Estimate what of some maps is locked to the grid, and give it for any maps.

    What upsampling leaves is a filter that differs from phase to phase of the grid. With b the
    map's base band, ``abs(f) < 1 / (2 * period)``, and p the phase of pixel n,

        locked(n) = c_p + sum_m h_p(m) b(n - m * period),  sum_p c_p = 0,  sum_p h_p(m) = 0.

    The c are the lines and the h the replicas: the energy that `spectra.score` calls locked,
    predictable from the same channel's base band by one transfer for all images. Both come
    from least squares for each phase and channel; the mean over the phases, which is no grid,
    is taken out. The shortest period comes first, and each next one sees what is left, as a
    frequency belongs to the shortest period that can make it.

    Parameters
    ----------
    maps : Tensor, shape (B, C, *spatial)
        Maps to estimate it from; an eighth of each side at the borders is left out.
    *periods : sequence of int
        Period of each grid, in pixels along each axis.

    Raises
    ------
    ParameterError
        If the maps are smaller than two periods.

    Examples
    --------
    >>> x = torch.linspace(0, 6, 96)
    >>> pictures = torch.stack([torch.sin(k * x + k)[None] for k in (1.0, 2.0, 3.0)])
    >>> striped = pictures.clone()
    >>> striped[..., ::2] += 0.1
    >>> locked = LockedPart(striped, (2,))(striped)
    >>> [round(v, 3) for v in locked[0, 0, 48:52].tolist()]
    [0.05, -0.05, 0.05, -0.05]
    """

    def __init__(self, maps: Tensor, *periods: Sequence[int]) -> None:
        self._filters: list[_PhaseFilter] = []
        for period in sorted({tuple(p) for p in periods}, key=lambda p: (prod(p), p)):
            self._filters.append(_PhaseFilter(maps, period))
            maps = maps - self._filters[-1](maps)

    def __call__(self, maps: Tensor) -> Tensor:
        """Return the locked part of maps (B, C, *spatial), whose first pixel has phase 0."""
        rest = maps
        for phase_filter in self._filters:
            rest = rest - phase_filter(rest)
        return maps - rest


class _PhaseFilter:
    """The filter of one period; ``taps`` has shape (*period, C, column)."""

    def __init__(self, maps: Tensor, period: tuple[int, ...]) -> None:
        sides = maps.shape[2:]
        if any(n < 2 * s for n, s in zip(sides, period, strict=True)):
            raise ParameterError(f"a map of {tuple(sides)} holds no two periods of {period}")
        self.period = period
        inner = inside(sides, period)
        samples = len(maps) * prod(
            (i.stop - i.start) // s for i, s in zip(inner, period, strict=True)
        )
        self.reach = next(
            r
            for r in range(REACH[len(period)], -1, -1)
            if (2 * r + 1) ** len(period) * ENOUGH <= samples or r == 0
        )
        gram: Tensor | float = 0.0
        cross: Tensor | float = 0.0
        for image in torch.split(maps, 1):  # the columns of all images would not fit in memory
            columns = [_phases(c[:, *inner], period) for c in self._columns(image.double())]
            rows = torch.stack(columns, dim=-2)
            values = _phases(image[0].double()[:, *inner], period)
            gram = gram + rows @ rows.transpose(-1, -2)
            cross = cross + rows @ values[..., None]
        assert isinstance(gram, Tensor)
        ridge = RIDGE * gram.diagonal(dim1=-2, dim2=-1).mean(-1)
        eye = torch.eye(gram.shape[-1], dtype=gram.dtype, device=gram.device)
        taps = torch.linalg.solve(gram + (ridge + 1e-300)[..., None, None] * eye, cross)[..., 0]
        phases = tuple(range(len(period)))
        # What all phases share is a filter like any other and no grid.
        self.taps = taps - taps.mean(phases, keepdim=True)

    def __call__(self, maps: Tensor) -> Tensor:
        return torch.cat([self._locked(image) for image in torch.split(maps, 1)])

    def _locked(self, image: Tensor) -> Tensor:
        """Return the locked part of one image: each pixel's own taps on the columns."""
        sides = image.shape[2:]
        taps = self.taps.to(image.device).movedim((-1, -2), (0, 1))  # (column, C, *period)
        for axis, (n, s) in enumerate(zip(sides, self.period, strict=True), start=2):
            taps = taps.index_select(axis, torch.arange(n, device=image.device) % s)
        columns = self._columns(image.double())
        locked = sum(tap * column for tap, column in zip(taps, columns, strict=True))
        assert isinstance(locked, Tensor)
        return locked[None].to(image)

    def _columns(self, image: Tensor) -> Iterator[Tensor]:
        """Yield the shifted base bands of one image and a constant, each (C, *spatial)."""
        base, reach = _base_band(image, self.period), self.reach
        pads = [v for s in self.period[::-1] for v in (reach * s, reach * s)]
        padded = functional.pad(base, pads, mode="replicate")[0]
        for shift in product(range(2 * reach + 1), repeat=len(self.period)):
            moved = zip(shift, self.period, image.shape[2:], strict=True)
            yield padded[:, *(slice(m * s, m * s + n) for m, s, n in moved)]
        yield torch.ones_like(image[0])


def _base_band(maps: Tensor, period: Sequence[int]) -> Tensor:
    """Return maps without what lies above ``1 / (2 * period)``, along each axis with a period."""
    for axis, s in enumerate(period, start=2):
        if s == 1:
            continue
        reach = PERIODS * s
        n = torch.arange(-reach, reach + 1, dtype=maps.dtype, device=maps.device)
        window = torch.kaiser_window(
            2 * reach + 1, periodic=False, beta=BETA, dtype=maps.dtype, device=maps.device
        )
        kernel = torch.sinc(n / s) * window
        lines = maps.movedim(axis, -1)
        padded = functional.pad(
            lines.reshape(-1, 1, lines.shape[-1]), (reach, reach), mode="replicate"
        )
        smooth = functional.conv1d(padded, (kernel / kernel.sum())[None, None])
        maps = smooth.reshape(lines.shape).movedim(-1, axis)
    return maps


def _phases(column: Tensor, period: tuple[int, ...]) -> Tensor:
    """Return (C, *spatial) as (*period, C, sample)."""
    axes = len(period)
    order = [2 + 2 * i for i in range(axes)] + [0] + [1 + 2 * i for i in range(axes)]
    return by_phase(column[None], period)[0].permute(order).flatten(axes + 1)
