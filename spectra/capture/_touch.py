"""Touch one map of a running model at one place, and see where that is felt."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from spectra._reasons import HOLDS_NAN, UNFELT
from spectra.capture._forward import forward
from spectra.capture._quiet import quiet
from spectra.capture._steps import Discovery
from spectra.capture._stream import stream
from spectra.errors import ModelError

PATCH = 8  # largest side of a patch in pixels; it is no more than one in 8 of the map's either
MOST_CHANNELS = 16  # channels that are compared
FELT = 0.3  # a place counts as changed if its change has at least this share of the largest one
ROUNDING = 1e-10  # a change below this share of the map's mean power is none

Spot = tuple[int, int]
"""One map of a forward pass: the index of a step, and which of its calls made it."""

OUTPUT: Spot = (-1, 0)
INPUT: Spot = (-2, 0)


class Felt(NamedTuple):
    """Where a touch of one map was felt on another.

    Attributes
    ----------
    sample : int
        The sample in which the change is largest.
    centre, spread : ndarray, shape (axes,)
        Mean and standard deviation of where it changed, in pixels along each axis.
    """

    sample: int
    centre: NDArray[np.float64]
    spread: NDArray[np.float64]


@dataclass(frozen=True)
class Touch:
    """One touch of a map.

    Attributes
    ----------
    start : tuple of int
        The first pixel of its patch along each axis; empty for a map that did not run.
    felt : dict
        Where it was felt, by the map on which.
    """

    start: tuple[int, ...]
    felt: dict[Spot, Felt]


class Touchable:
    """A model that runs with one of its maps touched, and tells where that is felt.

    Parameters
    ----------
    model : torch.nn.Module
        Left as it came.
    discovery : Discovery
        What `discover` returned for it.
    example : Tensor, shape (1, C, *spatial) or whatever the model takes
        The input that is run. It runs once untouched, to compare with.

    Attributes
    ----------
    unfelt : str
        Why a touch is not felt on the output.
    error : ModelError or None
        Why the model failed with a touched map, if it did.
    """

    def __init__(self, model: nn.Module, discovery: Discovery, example: Tensor) -> None:
        self.discovery = discovery
        self.example = example
        self.error: ModelError | None = None
        self.unfelt = UNFELT
        self._model = model
        self._untouched: dict[Spot, Tensor] = {}
        self._run(None)

    def at(self, spot: Spot, shares: Sequence[float], strength: float) -> Touch | None:
        """Touch a map and return where that is felt; None where the model fails, as `error` says.

        Parameters
        ----------
        spot : tuple
            The map: that of a step, or the `INPUT`.
        shares : sequence of float
            The middle of the patch along each axis, as a share of the side.
        strength : float
            Height of the patch, in standard deviations of each channel.
        """
        try:
            return self._run(spot, shares, strength)
        except ModelError as error:
            self.error = error
            return None

    def _run(self, spot: Spot | None, shares: Sequence[float] = (), strength: float = 0.0) -> Touch:
        """Run the model with one map touched, or none, and look at all others."""
        seen: Counter[int] = Counter()
        felt: dict[Spot, Felt] = {}
        start: tuple[int, ...] = ()

        def look(here: Spot, maps: Tensor) -> None:
            some = _some_channels(maps)
            if spot is None:
                self._untouched[here] = some.clone()
            elif (found := _felt(some, self._untouched.get(here))) is not None:
                felt[here] = found

        def pass_by(index: int, maps: Tensor) -> Tensor | None:
            nonlocal start
            # Tiles and frames pass a step several times: one of these calls is touched.
            here = (index, seen[index])
            seen[index] += 1
            if here == spot:
                touched, start = _touched(maps, shares, strength)
                return touched
            look(here, maps)
            return None

        x = self.example
        if spot == INPUT:
            x, start = _touched(x, shares, strength)
        discovery = self.discovery
        # One seed for all runs: a model that draws numbers then differs by the touch alone.
        with quiet(self._model, seed=0), stream(self._model, discovery, pass_by):
            y = forward(self._model, x, found=discovery)
        look(OUTPUT, y)
        if spot is None and not torch.isfinite(y).all():
            self.unfelt = HOLDS_NAN
        return Touch(start, felt)


def _touched(
    maps: Tensor, shares: Sequence[float], strength: float
) -> tuple[Tensor, tuple[int, ...]]:
    """Return maps with a patch added to one sample, and where it starts along each axis."""
    # In the middle of the tiles or frames, so that none of their ends plays a part.
    sample = len(maps) // 2
    one = maps[sample]
    sides = one.shape[1:]
    width = [max(min(n // PATCH, PATCH), 1) for n in sides]
    start = [
        min(max(round(n * share - w / 2), 0), n - w)
        for n, share, w in zip(sides, shares, width, strict=True)
    ]
    window = tuple(slice(s, s + w) for s, w in zip(start, width, strict=True))
    # The patch is as high as each channel varies, so that none is drowned; a channel that hardly
    # varies gets a tenth of what all do. Signs alternate, so that a norm over channels, which takes
    # off their mean, leaves the patch.
    flat = one.flatten(1)
    overall = float(flat.std(correction=0)) or float(flat.abs().mean()) or 1.0
    height = strength * flat.std(1, correction=0).clamp(min=overall / 10)
    sign = torch.tensor([1.0, -1.0]).repeat(len(one) // 2 + 1)[: len(one)].to(one)
    patch = (height * sign).view(-1, *[1] * len(sides))
    touched = maps.clone()
    touched[sample][(slice(None), *window)] += patch
    return touched, tuple(start)


def _some_channels(maps: Tensor) -> Tensor:
    """Return at most `MOST_CHANNELS` evenly spaced channels as real, finite numbers on the host."""
    channels = maps.shape[1]
    kept = sorted({i * channels // MOST_CHANNELS for i in range(MOST_CHANNELS)})
    some = maps[:, kept] if channels > MOST_CHANNELS else maps
    real = (some.abs() if some.is_complex() else some).detach().to("cpu", torch.float32)
    return torch.nan_to_num(real, nan=0.0, posinf=0.0, neginf=0.0)


def _felt(maps: Tensor, untouched: Tensor | None) -> Felt | None:
    """Return where maps have changed; None where they have not, or cannot be compared."""
    if untouched is None or maps.shape != untouched.shape or maps.ndim < 3:
        return None
    change = (maps - untouched).square().sum(1)
    peak = float(change.max())
    if not np.isfinite(peak) or peak <= ROUNDING * float(untouched.square().mean()):
        return None
    sample = int(change.flatten(1).amax(1).argmax())
    # Far from the patch a map changes by little and everywhere, as through a norm over all pixels.
    # Only what is near the largest change has a centre.
    weight = change[sample].double().numpy()
    weight = np.where(weight >= FELT * weight.max(), weight, 0.0)
    weight /= weight.sum()
    centre, spread = [], []
    for axis, side in enumerate(weight.shape):
        others = tuple(a for a in range(weight.ndim) if a != axis)
        share, place = weight.sum(axis=others), np.arange(side)
        middle = float((share * place).sum())
        centre.append(middle)
        spread.append(float(np.sqrt((share * (place - middle) ** 2).sum())))
    return Felt(sample, np.array(centre), np.array(spread))
