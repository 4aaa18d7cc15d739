"""Where outputs show their grid: the output that shows it most, its grid in place, a heat map."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from spectra._names import place
from spectra.severity._in_place import grid_in_place
from spectra.severity._local_lines import reach
from spectra.severity._place_period import period_at
from spectra.severity._range import shown_range
from spectra.severity._spot import Spot

if TYPE_CHECKING:
    from collections.abc import Iterable

    import xarray as xr
    from numpy.typing import NDArray
    from torch import Tensor

    from spectra.severity._in_place import InPlace
    from spectra.severity._looked_at import LookedAt

LEVELS = 255
MOST_SHARE = 0.5  # of white less black, which no grid between both exceeds, root mean square
AXES = {1: ("x",), 2: ("y", "x")}
LONGEST = 4096  # samples of a signal that are kept, about the place


@dataclass(frozen=True, eq=False)
class Where:
    """One output, with its grid and a map of where that is.

    Attributes
    ----------
    spot : Spot
        The place where it is most, in numbers.
    output, grid : ndarray of float32, shape (C, *spatial)
        The output, and what of it is grid, in the unit of the output; of volumes the plane that
        holds the place, of long signals what lies about it.
    heat : ndarray of float32, shape spatial
        Amplitude of the grid around each place, as far as it stands out, in the same unit.
    start : tuple of int
        Where in the model's output the first pixel lies.
    limits : tuple of float or None
        Black and white; None of what is no picture.
    shown : tuple of float
        What is shown as black and as white, see `shown_range`.
    """

    spot: Spot
    output: NDArray[np.float32]
    grid: NDArray[np.float32]
    heat: NDArray[np.float32]
    start: tuple[int, ...]
    limits: tuple[float, float] | None
    shown: tuple[float, float]

    def to_dataset(self) -> xr.Dataset:
        """Return all of it as labelled arrays: group ``where`` of ``spectra.nc``."""
        import xarray as xr

        axes = AXES[self.heat.ndim]
        own = self.start[-self.heat.ndim :]
        coords = {
            name: (name, np.arange(first, first + n), {"units": place(self.heat.ndim)})
            for name, first, n in zip(axes, own, self.heat.shape, strict=True)
        }
        spot = self.spot
        return xr.Dataset(
            {
                "output": (("channel", *axes), self.output),
                "grid": (("channel", *axes), self.grid),
                "heat": (axes, self.heat),
            },
            coords=coords,
            attrs={
                "picture": spot.picture,
                "place": list(spot.place),
                "amplitude": spot.amplitude,
                "share": spot.share,
                "levels": spot.levels,
                "channel": spot.channel,
                "limits": None if self.limits is None else list(self.limits),
                "shown": list(self.shown),
                "period": None if spot.period is None else list(spot.period),
            },
        )


def find_where(looked_at: LookedAt, locked: Tensor, candidates: Iterable[int]) -> Where | None:
    """Return the output that shows its grid most, and where; None where none shows any.

    Parameters
    ----------
    looked_at : LookedAt
        The outputs.
    locked : Tensor, shape (B, C, *spatial)
        Their grid-locked part.
    candidates : iterable of int
        Which of them come into question.
    """
    highest, most, plan = 0.0, None, looked_at.plan
    for index in candidates:
        picture = looked_at.maps[index]
        low, high = (0.0, 1.0) if looked_at.unit else shown_range(picture)
        found = grid_in_place(picture, locked[index], plan, whole=high - low)
        place, height = _highest(found.heat, round(reach(plan.period)))
        if height > highest:
            highest, most = height, (index, place, found)
    if most is None:
        return None
    index, place, found = most
    return _where(looked_at, index, place=place, found=found)


def _highest(heat: Tensor, margin: int) -> tuple[tuple[int, ...], float]:
    """Return where a map is highest, and how high, but for borders, where content is mirrored."""
    margins = [min(margin, n // 4) for n in heat.shape]
    inner = heat[tuple(slice(m, n - m) for m, n in zip(margins, heat.shape, strict=True))]
    index = inner.argmax()
    place = np.unravel_index(int(index), inner.shape)  # torch's own loads a computer algebra
    return (
        tuple(int(i) + m for i, m in zip(place, margins, strict=True)),
        float(inner.flatten()[index]),
    )


def _where(looked_at: LookedAt, index: int, *, place: tuple[int, ...], found: InPlace) -> Where:
    """Return what was found in the unit of the output, cut to what is drawn."""
    low, high = looked_at.unit or (0.0, 1.0)
    white_less_black = high - low
    values = looked_at.maps[index] * white_less_black + low
    amplitude = white_less_black * float(found.heat[place])
    shown = looked_at.unit or shown_range(values)
    share = amplitude / (shown[1] - shown[0])
    spot = Spot(
        picture=index,
        place=tuple(p + s for p, s in zip(place, looked_at.start, strict=True)),
        amplitude=amplitude,
        share=share,
        levels=LEVELS * share if looked_at.unit and share <= MOST_SHARE else None,
        channel=looked_at.channel,
        period=period_at(found.grid, place, looked_at.plan),
    )
    kept, first = _drawn(place, found.heat.shape)
    return Where(
        spot,
        output=values[(slice(None), *kept)].numpy(),
        grid=(found.grid * white_less_black)[(slice(None), *kept)].float().numpy(),
        heat=(found.heat * white_less_black)[kept].float().numpy(),
        start=tuple(f + s for f, s in zip(first, looked_at.start, strict=True)),
        limits=looked_at.unit,
        shown=shown,
    )


def _drawn(
    place: tuple[int, ...], shape: torch.Size
) -> tuple[tuple[slice | int, ...], tuple[int, ...]]:
    """Return what of a map is drawn, and where that begins."""
    if len(shape) == 3:
        return (place[0], slice(None), slice(None)), (place[0], 0, 0)
    if len(shape) == 1:
        first = min(max(place[0] - LONGEST // 2, 0), max(shape[0] - LONGEST, 0))
        return (slice(first, first + LONGEST),), (first,)
    return (slice(None), slice(None)), (0, 0)
