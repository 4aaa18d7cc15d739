"""Running sums that stay on the device where the maps are, until they are asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from spectra.spectrum._sums import STATE, Sums, check_alike

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor


MANY = 3  # dimensions, from which on sums are of bins


class Totals:
    """Named sums in double precision; adding to them waits for no device.

    Parameters
    ----------
    zero : dict of ndarray
        All sums at zero, which tell their names, shapes and types.
    """

    def __init__(self, zero: Mapping[str, Sums]) -> None:
        self._zero = zero
        self._held = {name: _zeros(name, value) for name, value in zero.items()}

    def __contains__(self, name: str) -> bool:
        return name in self._held

    def add(self, name: str, value: Tensor | float) -> None:
        """Add to a sum what has its shape."""
        self._at(name, value).add_(value)

    def add_rows(self, name: str, rows: slice | Tensor, values: Tensor) -> None:
        """Add each of some values to the row of a sum that it is for; rows may come twice."""
        held = self._at(name, values)
        if isinstance(rows, slice):
            held[rows].add_(values)
        else:
            held.index_add_(0, rows, values.to(held.dtype))

    def on_host(self) -> dict[str, Sums]:
        """Return all sums."""
        return {name: _on_host(held) for name, held in self._held.items()}

    def taken(self) -> dict[str, Sums]:
        """Return all sums, and begin again from zero; none of them lies in memory twice."""
        names = list(self._held)
        taken = {name: _on_host(self._held.pop(name)) for name in names}
        self._held = {name: _zeros(name, value) for name, value in self._zero.items()}
        return taken

    def put(self, sums: Mapping[str, Sums]) -> None:
        """Take over sums, which are added to in place from then on.

        Raises
        ------
        ParameterError
            If they have other names, shapes or types.
        """
        check_alike(sums, self._zero)
        self._held = {name: torch.from_numpy(value) for name, value in sums.items()}

    def _at(self, name: str, value: Tensor | float) -> Tensor:
        """Return a sum, on the device of what is added."""
        held = self._held[name]
        if isinstance(value, torch.Tensor) and held.device != value.device:
            self._held = {name: each.to(value.device) for name, each in self._held.items()}
            held = self._held[name]
        return held


def _zeros(name: str, zero: Sums) -> Tensor:
    """Return zeros; of sums (group, channel, bin, ...) a bin of all channels is one stretch."""
    if name.rpartition("_")[0] not in STATE or zero.ndim < MANY:
        return torch.from_numpy(np.zeros(zero.shape, zero.dtype))
    group, channel, *bins = zero.shape
    stored = np.zeros((group, *bins, channel), zero.dtype)
    return torch.from_numpy(np.moveaxis(stored, -1, 1))


def _on_host(held: Tensor) -> Sums:
    """Return a sum in the order of its dimensions, without a copy where it lies so already."""
    array: Sums = held.contiguous().numpy(force=True)
    return array


def may_lack(mask: Tensor) -> bool:
    """Tell whether a mask may hold a False: on another device than the CPU it is not asked."""
    return mask.device.type != "cpu" or not bool(mask.all())
