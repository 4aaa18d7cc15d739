"""The variables of fields: those of an output by themselves, and means by the area of cells."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from torch import Tensor

    from spectra.capture import Discovery
    from spectra.inputs import Inputs

MOST_VARIABLES = 128  # that are measured by themselves: their sums take some MB each


@dataclass(frozen=True, eq=False)
class Variables:
    """The channels of an output that are variables with names.

    Attributes
    ----------
    count : int
        How many are measured; none where the output has other channels than the inputs.
    weight : Tensor or None
        By what maps are multiplied, so that powers are weighted by the cells' areas.
    """

    count: int = 0
    weight: Tensor | None = None

    @classmethod
    def of(cls, found: Discovery, inputs: Inputs) -> Variables:
        """Return the variables of the output, if it has those of its inputs.

        Its channels are taken for the inputs' where there are as many, two or more. Where a
        latitude is an axis of the maps, the root of its cosine over the mean cosine is the weight.
        """
        shape, named = found.output_shape, inputs.named
        if named is None or not shape or shape[0] != len(inputs.variables) or shape[0] < 2:
            return cls()
        count = min(shape[0], MOST_VARIABLES)
        areas = named.areas(shape[1:]) if found.ratio else None
        return cls(count, None if areas is None else torch.from_numpy(areas).sqrt())

    def each(self, maps: Tensor) -> Iterator[tuple[int, Tensor]]:
        """Yield the maps of each variable, shape (B, 1, *spatial), weighted."""
        for index in range(self.count):
            own = maps[:, index : index + 1]
            weight = self.weight
            yield index, own if weight is None else own * weight.to(own.device, own.dtype)


def level_of(x: Tensor, inputs: Inputs) -> Tensor:
    """Return the sum of the inputs' mean of each channel, by area where latitudes are known.

    Parameters
    ----------
    x : Tensor, shape (B, C, *spatial)
        Inputs.
    inputs : Inputs
        What they are of.

    Returns
    -------
    Tensor of float64, shape (C,)
    """
    values = x.double()
    if x.ndim <= 2:
        return values.sum(0)
    areas = None if inputs.named is None else inputs.named.areas(x.shape[2:])
    if areas is not None:
        values = values * torch.from_numpy(areas).to(x.device)
    return values.flatten(2).mean(2).sum(0)
