"""What of one picture is grid, and where: local lines, and the locked part where it stands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import scipy
import torch

from spectra.severity._local_lines import reach
from spectra.severity._local_map import local_maps, smooth_step

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from torch import Tensor

    from spectra.spectrum import MapPlan

# Amplitude of a local line, over the range, from which on, and by which, it counts: the edges of
# clean photographs show up to 2 grey levels.
AMPLITUDE = (0.008, 0.016)
TINY = 1e-12  # of the most power around any place, below which nothing is compared


@dataclass(frozen=True, eq=False)
class InPlace:
    """What of a picture is grid.

    Attributes
    ----------
    grid : Tensor, shape (C, *spatial)
        The grid itself, in its place.
    heat : Tensor, shape spatial
        Root mean square of the grid around each place, over channels, as far as it stands out of
        what the picture holds there.
    """

    grid: Tensor
    heat: Tensor


def grid_in_place(picture: Tensor, locked: Tensor, plan: MapPlan, *, whole: float = 1.0) -> InPlace:
    """Return what of a picture is grid, and how much of it is where.

    Where a checkerboard stands alone it is a local line, see `local_maps`, with an amplitude that
    no edge has: what stands in few places only is in no average of all pictures. Of the locked
    part, which is that average, a place has what the rest p of the picture holds of it, by local
    sums above the base band,

        min(1, <p, locked> / <locked, locked>).

    In fine content a grid g is hidden. So the map is the amplitude of the picture's own fine
    content f along g, ``<f, g> / sqrt <f, f>``, or that of the local lines if it is more.

    Parameters
    ----------
    picture : Tensor, shape (C, *spatial)
        Real; its first pixel has phase 0.
    locked : Tensor, shape (C, *spatial)
        What `spectra.probe.LockedPart` finds in it; zero where nothing is known.
    plan : MapPlan
        How such pictures are scored.
    whole : float
        The range of such pictures, white less black.
    """
    (local,) = local_maps(picture[None], plan)
    counts = smooth_step(local.shown / whole, *AMPLITUDE)
    lines, shown = local.lines * counts, local.shown * counts
    fine = _above_base_band(picture, plan.period)
    rest = fine - lines.double()
    share = _over(_product(rest, locked, plan), _product(locked, locked, plan)).clamp(0, 1)
    grid = lines + locked * share.to(locked)
    along = _over(_product(fine, grid, plan), _product(fine, fine, plan).sqrt())
    heat = torch.maximum(along / len(picture) ** 0.5, shown.double())
    return InPlace(grid, heat)


def _product(one: Tensor, other: Tensor, plan: MapPlan) -> Tensor:
    """Return the sum of a product over channels, its mean around each place, not below 0."""
    smooth: NDArray[np.float64] = scipy.ndimage.gaussian_filter(
        (one.double() * other.double()).sum(0).numpy(), reach(plan.period), mode="mirror"
    )
    return torch.from_numpy(smooth).clamp(min=0)


def _over(above: Tensor, below: Tensor) -> Tensor:
    """Return a ratio, 0 where next to nothing is below."""
    least = TINY * float(below.max())
    return torch.where(below > least, above / below.clamp(min=least or 1.0), 0.0)


def _above_base_band(picture: Tensor, period: Sequence[int]) -> Tensor:
    """Return a picture (C, *spatial) without what lies below ``1 / (2 period)`` along all axes.

    A picture's own outlines have most power there, and a grid none.
    """
    axes = tuple(range(1, picture.ndim))
    spectrum: NDArray[np.float64] = scipy.fft.dctn(picture.double().numpy(), axes=axes)
    below = (slice(0, -(-n // p)) for n, p in zip(picture.shape[1:], period, strict=True))
    spectrum[(slice(None), *below)] = 0
    return torch.from_numpy(scipy.fft.idctn(spectrum, axes=axes))
