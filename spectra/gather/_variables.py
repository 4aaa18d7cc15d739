"""The variables of an output, each by itself: which they are, and how their cells are weighted."""

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
        if named.latitude is None or len(shape) - 1 != len(named.dims) or not found.ratio:
            return cls(count)
        axis = named.dims.index(named.latitude)
        weights = named.area_weights(shape[1 + axis])
        if weights is None:
            return cls(count)
        along = [1] * (len(shape) - 1)
        along[axis] = len(weights)
        return cls(count, torch.from_numpy(weights).sqrt().reshape(along))

    def each(self, maps: Tensor) -> Iterator[tuple[int, Tensor]]:
        """Yield the maps of each variable, shape (B, 1, *spatial), weighted."""
        for index in range(self.count):
            own = maps[:, index : index + 1]
            weight = self.weight
            yield index, own if weight is None else own * weight.to(own.device, own.dtype)
