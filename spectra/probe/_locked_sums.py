"""Sums of products of shifted base bands with each other and with a map, as least squares need."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from spectra.probe._base_band import shifts

COLUMN_BYTES = 2 << 20  # of the columns of some channels, held at a time: they stay in the cache
TOGETHER = 4  # rows that are multiplied at once
FEW_PHASES = 8  # up to which rows cost less than all columns at once


def locked_sums(bands: Tensor, inside: Tensor, reach: int) -> tuple[Tensor, Tensor]:
    """Return the gram of a constant and the shifted base bands, and their cross with a map.

    Parameters
    ----------
    bands : Tensor, shape (C, *period, *block + 2 * reach)
        What `phases_of_base_band` returns.
    inside : Tensor, shape (C, *period, *block)
        The map itself, the pixels of each phase apart.
    reach : int
        Farthest period to each side.

    Returns
    -------
    gram : Tensor of float64, shape (C, M, M)
        Sums over all pixels of every two columns, the constant first, then as `shifts` has them.
    cross : Tensor of float64, shape (C, M, *period)
        Sums over the pixels of each phase of every column and the map.
    """
    axes = (bands.ndim - 1) // 2
    by_rows = axes == 2 and bands.shape[axes] <= FEW_PHASES
    width = (2 * reach + 1) ** (1 if by_rows else axes)
    some = max(COLUMN_BYTES // (bands.element_size() * width * bands[0].numel()), 1)
    some = min(some, len(bands))
    products = _Rows(some, bands, inside) if by_rows else _all_columns
    sums = [
        products(*parts)
        for parts in zip(torch.split(bands, some), torch.split(inside, some), strict=True)
    ]
    grams, crosses = (torch.cat(part) for part in zip(*sums, strict=True))
    # Windows come in the order of their places, columns in that of their distance.
    order = window_order(reach, axes).to(bands.device)
    shifted = grams[:, order][:, :, order]
    level = _sums_of_windows(bands, inside.shape[1 + axes :])[:, order]
    pixels = torch.full_like(level[:, :1], inside[0].numel())
    gram = torch.cat([torch.cat([pixels, level], 1)[:, None], _beside(level, shifted)], dim=1)
    own = inside.sum(tuple(range(1 + axes, inside.ndim))).double()
    return gram, torch.cat([own[:, None], crosses[:, order]], dim=1)


def window_order(reach: int, axes: int) -> Tensor:
    """Return where the shifts of `shifts` stand in a window of neighbouring periods."""
    places = [[reach - m for m in shift] for shift in shifts(reach, axes)]
    width = 2 * reach + 1
    return torch.tensor(
        [sum(p * width**i for i, p in enumerate(reversed(place))) for place in places]
    )


def _beside(level: Tensor, gram: Tensor) -> Tensor:
    """Return a gram with one column before it."""
    return torch.cat([level[..., None], gram], dim=2)


def _sums_of_windows(bands: Tensor, blocks: Sequence[int]) -> Tensor:
    """Return the sum of each shifted base band over all pixels, in the order of the places."""
    axes = len(blocks)
    sums = bands.sum(tuple(range(1, 1 + axes))).double()
    for count in blocks:  # the axis that is summed up moves to the end, as its places
        sums = sums.movedim(1, -1).unfold(-1, count, 1).sum(-1)
    return sums.flatten(1)


def _all_columns(bands: Tensor, inside: Tensor) -> tuple[Tensor, Tensor]:
    """Return both kinds of products from all columns at once."""
    axes = (bands.ndim - 1) // 2
    phases = tuple(range(1, 1 + axes))
    x = _windows(bands, inside.shape[1 + axes :])
    cross = (x @ inside.flatten(1 + axes)[..., None])[..., 0]
    return (x @ x.mT).double().sum(phases), cross.double().movedim(-1, 1)


def _windows(bands: Tensor, blocks: Sequence[int]) -> Tensor:
    """Return the shifted base bands, shape (C, *period, M - 1, sample), see `window_order`."""
    axes, width = len(blocks), bands.shape[-1] - blocks[-1] + 1
    for axis in range(1 + axes, 1 + 2 * axes):
        bands = bands.unfold(axis, width, 1)
    # Rows of blocks stay together and are copied as they lie: the copy is most of the cost.
    head, block, window = (range(i * axes, (i + 1) * axes) for i in range(3))
    order = [0, *(1 + a for a in head), *(1 + a for a in window), *(1 + a for a in block)]
    return bands.permute(order).flatten(1 + axes, 2 * axes).flatten(2 + axes)


class _Rows:
    """Products of maps with two axes, row by row.

    Two columns that are shifted alike along y have the same products, one row on. So each row is
    multiplied once, with itself and the next ``2 * reach`` rows, and sums over rows give the gram.
    With w = 2 * reach + 1 row i on the left meets one stretch of memory on the right:

        w rows: row i shifted along x             w * w rows: rows i ... i + 2 * reach,
        and a row for each phase of the map   x               each shifted along x

    The map's rows stand ``reach`` rows before those of the base band in the middle of that stretch.
    Some rows i are multiplied at once, of which the blocks on the diagonal are kept.

    Parameters
    ----------
    channels : int
        At most so many come at a time: their rows are laid out in the same memory.
    bands, inside : Tensor
        As of `locked_sums`, of any channels.
    """

    def __init__(self, channels: int, bands: Tensor, inside: Tensor) -> None:
        (self._sy, self._sx, self._high), (self._by, self._bx) = bands.shape[1:4], inside.shape[3:]
        self._width = bands.shape[-1] - self._bx + 1
        # Rows beyond a map are zero, and so are those of other phases: both are never written.
        self._rows = -(-(self._high + self._width - 1) // TOGETHER) * TOGETHER
        count, line = channels * self._sy * self._rows, (self._sx, self._bx)
        self._right = bands.new_zeros(count + self._width + TOGETHER, self._width, *line)
        self._left = bands.new_zeros(count, self._width + self._sx, *line)

    def __call__(self, bands: Tensor, inside: Tensor) -> tuple[Tensor, Tensor]:
        c, width, square = len(bands), self._width, self._width**2
        count = c * self._sy * self._rows
        of_map = (c, self._sy, self._rows)
        shifted = bands.unfold(-1, self._bx, 1).permute(0, 1, 3, 4, 2, 5)
        left, right = (x[:count].view(*of_map, *x.shape[1:]) for x in (self._left, self._right))
        right[:, :, : self._high].copy_(shifted)
        left[:, :, : self._high, :width].copy_(shifted)
        for phase in range(self._sx):
            left[:, :, : self._by, width + phase, phase] = inside[:, :, phase]
        products = self._multiplied(count).view(*of_map, width + self._sx, square)
        cross = products[:, :, : self._by, width:].sum(2).double()
        each = products[:, :, : self._high, :width].sum(1).flatten(2)
        inner = torch.stack([torch.arange(self._high) - place for place in range(width)])
        inner = ((inner >= 0) & (inner < self._by)).to(each)
        sums = (inner @ each).double().view(c, *[width] * 4)  # y, x; y from there on, x
        gram = sums.new_zeros(c, *[width] * 4)
        for place in range(width):
            gram[:, place, :, place:] = sums[:, place, :, : width - place]
        upper = gram.view(c, square, square).triu()
        return upper + upper.triu(1).mT, cross.permute(0, 3, 1, 2)

    def _multiplied(self, count: int) -> Tensor:
        """Return the products of some rows, shape (row, w + phases, w * w)."""
        width, square = self._width, self._width**2
        pitch, pixels = self._right.stride(0), self._sx * self._bx
        some, high = count // TOGETHER, (width + TOGETHER - 1) * width
        right = self._right.as_strided((some, high, pixels), (TOGETHER * pitch, pixels, 1))
        left = self._left[:count].view(some, -1, pixels)
        products = torch.bmm(left, right.mT).view(some, TOGETHER, -1, high)
        diagonal = [products[:, i, :, i * width : i * width + square] for i in range(TOGETHER)]
        return torch.stack(diagonal, dim=1)
