"""What is shown of a repair: places before and after, and spectra."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from spectra.severity import grid_places

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

    from spectra.repair._aim import Aim

SHOWN = 4  # outputs
SIDE = 64  # pixels of a crop


@dataclass(frozen=True, eq=False)
class Place:
    """One place of an output before and after, black 0 and white 1.

    Attributes
    ----------
    picture : int
        Index among the outputs that were held out.
    corner : tuple of int
        First row and column.
    before, after, aim : ndarray of float32, shape (C, y, x)
    grid_before, grid_after : ndarray of float32, shape (y, x)
        Amplitude of local lines that count, over the range.
    """

    picture: int
    corner: tuple[int, int]
    before: NDArray[np.float32]
    after: NDArray[np.float32]
    aim: NDArray[np.float32]
    grid_before: NDArray[np.float32]
    grid_after: NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Views:
    """What is shown of a repair.

    Attributes
    ----------
    places : tuple of Place
        Those of most grid, or of most change; none of outputs of other than two axes.
    frequency : ndarray, shape (f,)
        Cycles/pixel.
    power_before, power_after : ndarray, shape (f,)
        Mean power at that distance from DC, in dB of the largest before.
    """

    places: tuple[Place, ...]
    frequency: NDArray[np.float64]
    power_before: NDArray[np.float64]
    power_after: NDArray[np.float64]


def views(old: Tensor, new: Tensor, x: Tensor, aim: Aim) -> Views:
    """Return what is shown of a repair, from outputs that it did not see.

    Parameters
    ----------
    old, new, x : Tensor, shape (B, C, *spatial)
        Outputs before and after, and inputs.
    aim : Aim
        What the outputs should be.
    """
    frequency, before = _profile(old)
    _, after = _profile(new)
    most = max(float(before.max()), 1e-300)
    decibels = [10 * np.log10(np.maximum(p / most, 1e-12)) for p in (before, after)]
    places = _places(old, new, x, aim) if old.ndim == 4 and old.shape[1] in (1, 3) else ()
    return Views(places, frequency, *decibels)


def _places(old: Tensor, new: Tensor, x: Tensor, aim: Aim) -> tuple[Place, ...]:
    low, high = aim.span
    shown = [grid_places(maps, aim.periods, span=aim.span).shown for maps in (old, new)]
    wanted = aim.of(old, x).outputs
    unit = [(maps.float() - low) / (high - low) for maps in (old, new, wanted)]
    heat = shown[0] if float(shown[0].max()) > 0 else (unit[0] - unit[2]).abs().mean(1)
    most = heat.flatten(1).amax(1).topk(min(SHOWN, len(heat))).indices.tolist()
    return tuple(_place(index, heat[index], unit, shown) for index in most)


def _place(index: int, heat: Tensor, unit: list[Tensor], shown: list[Tensor]) -> Place:
    centre = torch.unravel_index(heat.argmax(), heat.shape)
    corner = [
        min(max(int(c) - SIDE // 2, 0), max(n - SIDE, 0))
        for c, n in zip(centre, heat.shape, strict=True)
    ]
    crop = tuple(slice(c, c + SIDE) for c in corner)
    before, after, aim = (maps[index][(slice(None), *crop)].numpy() for maps in unit)
    return Place(
        index,
        (corner[0], corner[1]),
        before=before,
        after=after,
        aim=aim,
        grid_before=shown[0][index][crop].numpy(),
        grid_after=shown[1][index][crop].numpy(),
    )


def _profile(maps: Tensor) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the mean power of maps by distance from DC, under a Hann window."""
    axes = tuple(range(2, maps.ndim))
    values = maps.double().numpy(force=True)
    values = values - values.mean(axes, keepdims=True)
    squares = np.zeros((1,) * len(axes))
    for axis in axes:
        n = values.shape[axis]
        shape = [n if a == axis else 1 for a in range(values.ndim)]
        values = values * np.hanning(n + 2)[1:-1].reshape(shape)
        f = np.fft.fftfreq(n).reshape(shape[2:])
        squares = squares + f**2
    power = np.square(np.abs(np.fft.fftn(values, axes=axes))).mean((0, 1))
    step = float(1 / max(maps.shape[2:]))
    bins = np.rint(np.sqrt(squares) / step).astype(int).ravel()
    counts = np.bincount(bins)
    kept = (np.arange(len(counts)) * step <= 0.5 + step / 2) & (counts > 0)
    profile: NDArray[np.float64] = np.bincount(bins, power.ravel())[kept] / counts[kept]
    frequency: NDArray[np.float64] = np.multiply(np.arange(len(counts))[kept], step)
    return frequency, profile
