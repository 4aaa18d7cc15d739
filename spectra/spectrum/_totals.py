"""Running sums that stay on the device where the maps are, until they are asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from spectra.spectrum._sums import STATE, Sums, check_alike

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray
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
        self._held: dict[str, Tensor] = {}  # those that something was added to

    def __contains__(self, name: str) -> bool:
        return name in self._zero

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

    def parts(self, name: str) -> NDArray[np.float64]:
        """Return a sum on the host to be added to in place, real and imaginary parts in turn.

        It lies in the order of its dimensions; of two dimensions, it is one group of them.
        """
        zero = self._zero[name]
        held = self._held.get(name)
        made = torch.from_numpy(np.zeros_like(zero)) if held is None else held.contiguous()
        self._held[name] = made
        parts = made.numpy().view(np.float64)
        return parts if parts.ndim >= MANY else parts[None]

    def on_host(self) -> dict[str, Sums]:
        """Return all sums."""
        return {name: _on_host(self._held.get(name), zero) for name, zero in self._zero.items()}

    def taken(self) -> dict[str, Sums]:
        """Return all sums, and begin again from zero; none of them lies in memory twice."""
        held, self._held = self._held, {}
        return {name: _on_host(held.pop(name, None), zero) for name, zero in self._zero.items()}

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
        held = self._held.get(name)
        if held is None:
            held = self._held[name] = _zeros(name, self._zero[name])
        if isinstance(value, torch.Tensor) and held.device != value.device:
            held = self._held[name] = held.to(value.device)
        return held


def _zeros(name: str, zero: Sums) -> Tensor:
    """Return zeros; of sums (group, channel, bin, ...) a bin of all channels is one stretch."""
    if name.rpartition("_")[0] not in STATE or zero.ndim < MANY:
        return torch.from_numpy(np.zeros_like(zero))
    group, channel, *bins = zero.shape
    stored = np.zeros((group, *bins, channel), zero.dtype)
    return torch.from_numpy(np.moveaxis(stored, -1, 1))


def _on_host(held: Tensor | None, zero: Sums) -> Sums:
    """Return a sum in the order of its dimensions, without a copy where it lies so already."""
    if held is None:
        return np.zeros_like(zero)
    array: Sums = held.contiguous().numpy(force=True)
    return array


def may_lack(mask: Tensor) -> bool:
    """Tell whether a mask may hold a False: on another device than the CPU it is not asked."""
    return mask.device.type != "cpu" or not bool(mask.all())
