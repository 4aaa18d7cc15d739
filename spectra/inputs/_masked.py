"""Cells that hold no value in any sample, as the sea of a map of the land: filled, and said so."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import chain, islice
from typing import TYPE_CHECKING

import numpy as np
import scipy
import torch

from spectra._text import listed
from spectra.errors import InputError

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

    from spectra.inputs._arrays import Stack
    from spectra.inputs._field import Field

WIDTHS = (8, 4, 2, 1)  # cells, of the Gaussians within which known cells count
ENOUGH = 0.5  # share of known cells, as at a straight coast, from which on their mean is taken
TINY = 1e-12


def without_mask(stack: Stack, source: str, num: int | None) -> tuple[Stack, Iterator[Tensor]]:
    """Return a stack in which cells that are NaN in every sample are filled, and its samples.

    A step at the edge of a mask has power at all frequencies, those of a grid included, and so
    have the streaks that the nearest values would make. So a filled cell holds the mean of its
    variable, and passes smoothly into what is known within some cells of the edge.

    That mean is over the other cells of all samples that are looked at, by their area where
    latitudes are known. Other NaN stay: their samples are dropped by who reads them.

    Parameters
    ----------
    stack : Stack
        Samples of named channels.
    source : str
        What holds them.
    num : int or None
        How many samples are looked at; None for all.

    Raises
    ------
    InputError
        If a variable holds no value at all.
    """
    rows = stack.rows()
    if stack.named is None:
        return stack, rows
    first = [*islice(rows, 1)]
    if not first or not bool(first[0].isnan().any()):
        return stack, chain(first, rows)
    mask, means = _mask(stack, stack.named, num)
    if not bool(mask.any()):
        return stack, stack.rows()
    names = stack.named.names
    empty = [name for name, whole in zip(names, mask.flatten(1).all(1), strict=True) if whole]
    if empty:
        raise InputError(
            f"{source} holds no value of {listed(empty, 6)} in the samples that were looked at: "
            "expected numbers; leave it out with ?variables=..."
        )

    fill = _Fill(mask, means)

    def filled(first: int = 0) -> Iterator[Tensor]:
        for row in stack.rows(first):
            yield fill(row) if row.shape == mask.shape else row

    return replace(stack, rows=filled, notes=(*stack.notes, _note(mask, names))), filled()


def _mask(stack: Stack, field: Field, num: int | None) -> tuple[Tensor, Tensor]:
    """Return which cells are NaN in every sample, and the mean of each channel elsewhere."""
    mask = torch.ones(stack.shape, dtype=torch.bool)
    total = torch.zeros(stack.shape[0], dtype=torch.float64)
    area, cells = _areas(field, stack.shape), torch.zeros_like(total)
    for row in islice(stack.rows(), num):
        known = row.isfinite()
        mask &= row.isnan()
        total += (torch.where(known, row, 0).double() * area).flatten(1).sum(1)
        cells += (known * area).flatten(1).sum(1)
    means = (total / cells.clamp(min=torch.finfo(torch.float64).tiny)).float()
    return mask, means


class _Fill:
    """Fills what a mask hides, one sample at a time.

    From afar to near: where a Gaussian about a cell holds enough known cells, their mean in it
    takes the place of what wider ones gave.
    """

    def __init__(self, mask: Tensor, means: Tensor) -> None:
        self._masks, self._means = mask.numpy(), means.tolist()
        self._cover: dict[bytes, list[NDArray[np.float64]]] = {}

    def __call__(self, row: Tensor) -> Tensor:
        """Return a sample, shape (channel, *spatial), without the mask."""
        values = row.numpy().copy()
        for own, mask, mean in zip(values, self._masks, self._means, strict=True):
            if mask.any():
                own[mask] = self._behind(own, mask, mean)[mask]
        return torch.from_numpy(values)

    def _behind(
        self, values: NDArray[np.float32], mask: NDArray[np.bool_], mean: float
    ) -> NDArray[np.float64]:
        known = np.where(mask | ~np.isfinite(values), 0.0, values - mean)
        found = np.zeros(values.shape)
        for width, cover in zip(WIDTHS, self._covers(mask), strict=True):
            share = np.clip(cover / ENOUGH, 0, 1)
            share = share**2 * (3 - 2 * share)
            near = scipy.ndimage.gaussian_filter(known, width) / np.maximum(cover, TINY)
            found += share * (near - found)
        return found + mean

    def _covers(self, mask: NDArray[np.bool_]) -> list[NDArray[np.float64]]:
        """Return the share of known cells about each cell, for each width."""
        key = mask.tobytes()  # variables share masks
        if key not in self._cover:
            known = np.where(mask, 0.0, 1.0)
            self._cover[key] = [scipy.ndimage.gaussian_filter(known, w) for w in WIDTHS]
        return self._cover[key]


def _areas(field: Field, shape: tuple[int, ...]) -> Tensor:
    """Return the area of each cell over the mean one."""
    even = torch.ones(shape[1:], dtype=torch.float64)
    areas = field.areas(shape[1:])
    return even if areas is None else even * torch.from_numpy(areas)


def _note(mask: Tensor, names: tuple[str, ...]) -> str:
    shares = mask.flatten(1).double().mean(1).tolist()
    masked = [f"{name} {share:.0%}" for name, share in zip(names, shares, strict=True) if share]
    return (
        f"cells that are NaN in every sample ({listed(masked, 6)} of the map) hold the mean of "
        "their variable, by area where latitudes are known, and near the edge pass into what is "
        "known"
    )
