"""Maps of inputs of which each has several, such as the frames of a film, become running sums."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

    from spectra.spectrum._running import MapStatistics


def add_maps(statistics: MapStatistics, maps: Tensor, *, first: int, inputs: int) -> None:
    """Add the maps of some inputs, of which the first is number ``first``.

    The maps of one input follow each other. They are no independent replicates: each counts as
    another look at its input. Of complex maps the real part is added.
    """
    real = maps if maps.is_floating_point() else maps.real.float()
    each = max(len(maps) // inputs, 1)
    for index in range(each):
        statistics.update(real[index::each], first=first)
