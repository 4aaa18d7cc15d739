"""The places of some outputs where a grid stands, and how much of one stands anywhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import scipy
import torch

from spectra.severity._in_place import AMPLITUDE
from spectra.severity._local_lines import reach
from spectra.severity._local_map import local_maps, smooth_step
from spectra.severity._seen_lines import standing_lines
from spectra.spectrum import plan_maps

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from torch import Tensor

    from spectra.spectrum import MapPlan


@dataclass(frozen=True, eq=False)
class Places:
    """Where a grid stands in some outputs.

    Attributes
    ----------
    weight : Tensor, shape (B, *spatial)
        1 where local lines stand, which are no edges, and some way around; 0 elsewhere.
    shown : Tensor, shape (B, *spatial)
        Amplitude of all lines that have the ratio and the amplitude of a grid, over the range of
        the outputs: edges may show a little, too.
    """

    weight: Tensor
    shown: Tensor

    @property
    def outputs(self) -> int:
        """In how many outputs a grid stands."""
        return int((self.weight.flatten(1).amax(1) > 0).sum())

    @property
    def worst(self) -> float:
        """The largest amplitude anywhere, over the range."""
        return float(self.shown.max())

    def new_beside(self, before: Places) -> float:
        """Return the largest amplitude where there was none before, over the range."""
        fresh = torch.where(before.shown <= 0, self.shown, 0.0)
        return float(fresh.max())


def grid_places(
    maps: Tensor, periods: Sequence[tuple[int, ...]], *, span: tuple[float, float]
) -> Places:
    """Return where local lines stand in outputs, by the rules of the severity.

    Parameters
    ----------
    maps : Tensor, shape (B, C, *spatial)
        Their first pixel has phase 0.
    periods : sequence of tuple of int
        Periods of the grids along each axis.
    span : tuple of float
        Black and white, or the range of what is no picture.

    Returns
    -------
    Places
        Without any where the maps are too small for the periods.
    """
    low, high = span
    pictures = ((maps.detach().float().cpu() - low) / (high - low)).nan_to_num(0, 0, 0)
    plan = plan_maps(pictures.shape[1:], *periods, count=len(pictures))
    weight = torch.zeros(len(maps), *maps.shape[2:])
    if not plan.views:
        return Places(weight, weight.clone())
    for index, each in standing_lines(pictures, plan)[0].items():
        weight[index] = _wider(each.weight, round(reach(plan.period)))
    return Places(weight, _shown(pictures, plan))


def grid_weight(
    maps: Tensor, periods: Sequence[tuple[int, ...]], *, span: tuple[float, float]
) -> Tensor:
    """Return where each output, judged by itself, holds lines of the amplitude of a grid.

    An edge may be taken for one: of `grid_places` two outputs have to agree.

    Parameters
    ----------
    maps, periods, span
        As `grid_places` takes them.

    Returns
    -------
    Tensor, shape (B, *spatial)
        0 to 1; zero where the maps are too small for the periods.
    """
    low, high = span
    pictures = ((maps.detach().float() - low) / (high - low)).nan_to_num(0, 0, 0)
    plan = plan_maps(pictures.shape[1:], *periods, count=len(pictures))
    if not plan.views:
        return torch.zeros(len(maps), *maps.shape[2:], device=maps.device)
    found = local_maps(pictures, plan)
    return torch.stack([smooth_step(local.shown, *AMPLITUDE) for local in found])


def _shown(pictures: Tensor, plan: MapPlan) -> Tensor:
    """Return the amplitude of lines that count, but at borders, where content is mirrored."""
    margin = round(reach(plan.period))
    inside = tuple(slice(margin, n - margin) for n in pictures.shape[2:])
    shown = torch.zeros(len(pictures), *pictures.shape[2:])
    for index, local in enumerate(local_maps(pictures, plan)):
        counted = local.shown * smooth_step(local.shown, *AMPLITUDE)
        shown[index][inside] = counted[inside]
    return shown


def _wider(weight: Tensor, radius: int) -> Tensor:
    """Return a weight that reaches a Gaussian and a half farther, with soft borders."""
    far = 3 * radius // 2
    ball = np.square(np.mgrid[(slice(-far, far + 1),) * weight.ndim]).sum(0) <= far**2
    whole = scipy.ndimage.grey_dilation(weight.numpy(), footprint=ball)
    soft: NDArray[np.float32] = scipy.ndimage.gaussian_filter(whole, radius / 2, mode="mirror")
    return torch.from_numpy(soft)
