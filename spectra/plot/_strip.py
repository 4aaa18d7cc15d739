"""An output beside itself with its grid amplified, in pixels: what a training logs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from spectra.plot._amplified import display

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

GAP = 4  # white pixels between the two
WHITE = 255


def grid_strip(
    output: NDArray[np.float32],
    grid: NDArray[np.float32],
    *,
    limits: Sequence[float] | None,
    shown: Sequence[float],
) -> tuple[NDArray[np.uint8], str]:
    """Return an output beside itself with its grid amplified, and what that is.

    Parameters
    ----------
    output, grid : ndarray of float, shape (C, H, W)
        The output, and what of it is grid.
    limits : (float, float) or None
        Black and white, where they are known.
    shown : (float, float)
        What is shown as black and as white where they are not.

    Returns
    -------
    ndarray of uint8, shape (H, 2 W + 4, 3)
        One pixel of the output is one pixel of it.
    str
        Its caption, with the factor.
    """
    scale = display(output, grid, limits=limits, shown=shown)
    left, right = (_pixels(scale.shown(v)) for v in (output, output + (scale.factor - 1) * grid))
    gap = np.full((left.shape[0], GAP, 3), WHITE, np.uint8)
    caption = f"output, and its grid {scale.amplified}; really {scale.really}"
    return np.concatenate([left, gap, right], axis=1), caption


def _pixels(values: NDArray[np.float64]) -> NDArray[np.uint8]:
    """Return values in 0..1 as RGB; of other than three channels the first, in grey."""
    colours = values if len(values) == 3 else np.repeat(values[:1], 3, axis=0)
    rounded: NDArray[np.uint8] = (WHITE * colours + 0.5).astype(np.uint8).transpose(1, 2, 0)
    return rounded
