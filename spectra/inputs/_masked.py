"""Cells that hold no value in any sample, as the sea of a map of the land: filled, and said so."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import chain, islice
from typing import TYPE_CHECKING

import torch

from spectra._text import listed
from spectra.errors import InputError

if TYPE_CHECKING:
    from torch import Tensor

    from spectra.inputs._arrays import Stack
    from spectra.inputs._field import Field


def without_mask(stack: Stack, source: str, num: int | None) -> tuple[Stack, Iterator[Tensor]]:
    """Return a stack in which cells that are NaN in every sample hold the mean of their variable.

    Beside it an iterator over its samples that is read for the first time.

    The mean is over the other cells of all samples that are looked at, by their area where
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

    def filled() -> Iterator[Tensor]:
        for row in stack.rows():
            yield torch.where(mask, means, row) if row.shape == mask.shape else row

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
    return mask, means.reshape(-1, *[1] * (len(stack.shape) - 1))


def _areas(field: Field, shape: tuple[int, ...]) -> Tensor:
    """Return the area of each cell over the mean one."""
    areas = torch.ones(shape[1:], dtype=torch.float64)
    if field.latitude is None:
        return areas
    axis = field.dims.index(field.latitude)
    weights = field.area_weights(shape[1 + axis])
    if weights is None:
        return areas
    along = [1] * len(areas.shape)
    along[axis] = len(weights)
    return areas * torch.from_numpy(weights).reshape(along)


def _note(mask: Tensor, names: tuple[str, ...]) -> str:
    shares = mask.flatten(1).double().mean(1).tolist()
    masked = [f"{name} {share:.0%}" for name, share in zip(names, shares, strict=True) if share]
    return (
        "cells that are NaN in every sample hold the mean of their variable, by area where "
        f"latitudes are known: {listed(masked, 6)} of the map"
    )
