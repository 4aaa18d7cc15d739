"""Grids that stand in few places: where that is, and what a picture holds of them there."""

from __future__ import annotations

from dataclasses import dataclass
from math import pi
from typing import TYPE_CHECKING

import numpy as np
import scipy
import torch

from spectra.severity._in_place import AMPLITUDE
from spectra.severity._local_lines import reach, wrong_frequency
from spectra.severity._local_map import judge_lines, smooth_step

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from torch import Tensor

    from spectra.spectrum import MapPlan

# Standard deviation in pixels, and in periods if that is more, of the Gaussian in which the grid of
# a known place is read: a small patch keeps its height.
FINE, FINE_PERIODS = 2.5, 0.625


@dataclass(frozen=True, eq=False)
class Standing:
    """Where local lines of one picture stand.

    Attributes
    ----------
    amplitude : float
        RMS over channels where they are most, of those that are taken for a grid.
    weight : Tensor, shape spatial
        1 where they stand, 0 away from there.
    """

    amplitude: float
    weight: Tensor


def where_lines_stand(picture: Tensor, plan: MapPlan, *, wrong: bool = False) -> Standing | None:
    """Return where local lines of a picture stand; None where there are none.

    Lines count by their ratio and by their amplitude, as in `grid_in_place`, and at borders, where
    content is mirrored, not at all.

    Parameters
    ----------
    picture : Tensor, shape (C, *spatial)
        Black is 0 and white is 1.
    plan : MapPlan
        How such pictures are scored.
    wrong : bool
        Look at frequencies beside the lattice, where no grid is: a control.
    """
    sides = picture.shape[1:]
    square, grid = torch.zeros(sides), torch.zeros(sides)
    for judged in judge_lines(picture, plan, wrong=wrong):
        if judged.grid.any():
            square += judged.enlarged((judged.power * judged.grid).sum(0))
            grid = torch.maximum(grid, judged.enlarged(judged.grid.amax(0)))
    shown = square.sqrt() * _inside(sides, round(reach(plan.period)))
    weight = grid * smooth_step(shown, *AMPLITUDE)
    return Standing(float(shown.max()), weight) if weight.any() else None


def grid_that_stands(
    picture: Tensor, weight: Tensor, plan: MapPlan, *, wrong: bool = False
) -> Tensor:
    """Return what lies near the lattice where local lines of a picture stand.

    More than these lines: a patch that is small has its power beside the lattice as well, and so
    has what content is left there. That is little where a line stands far above its surroundings.
    A line has the ratio of a grid only well inside a patch, so places are made wider by its
    Gaussian.

    Parameters
    ----------
    picture : Tensor, shape (C, y, x)
    weight : Tensor, shape (y, x)
        As of `where_lines_stand`.
    plan : MapPlan
        How such pictures are scored.
    wrong : bool
        As of `where_lines_stand`.
    """
    axes = tuple(range(1, picture.ndim))
    period = plan.period
    sigma = 1 / (2 * pi * max(FINE, FINE_PERIODS * max(period)))
    passed: NDArray[np.float64] = np.zeros(picture.shape[1:])
    for point in (point for view in plan.views for point in view.points):
        right = tuple(map(float, point.frequency))
        centre = wrong_frequency(right, period) if wrong else right
        each = [
            np.exp(-((np.arange(n) / (2 * n) - abs(f)) ** 2) / (2 * sigma**2))
            for n, f in zip(picture.shape[1:], centre, strict=True)
        ]
        np.maximum(passed, np.multiply.outer(*each), out=passed)
    spectrum = scipy.fft.dctn(picture.numpy(), axes=axes) * passed
    near = torch.from_numpy(scipy.fft.idctn(spectrum, axes=axes))
    return (near * _wider(weight, round(reach(period)))).to(picture)


def _wider(weight: Tensor, radius: int) -> Tensor:
    """Return a weight that reaches as many pixels farther, with soft borders."""
    near = np.hypot(*np.mgrid[-radius : radius + 1, -radius : radius + 1]) <= radius
    whole = scipy.ndimage.grey_dilation(weight.numpy(), footprint=near)
    soft: NDArray[np.float32] = scipy.ndimage.gaussian_filter(whole, radius / 2, mode="mirror")
    return torch.from_numpy(soft)


def _inside(sides: Sequence[int], margin: int) -> Tensor:
    """Return 1 inside a picture and 0 at its borders."""
    inside = torch.zeros(tuple(sides))
    inside[tuple(slice(margin, n - margin) for n in sides)] = 1
    return inside
