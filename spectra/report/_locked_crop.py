"""The piece of an output that is looked at, with the mean locked pattern under it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from spectra.spectrum import grid_pattern

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spectra.gather import Passed

SIDE = 96  # of the crop, in pixels


def crop_with_pattern(passed: Passed) -> dict[str, NDArray[np.float64]]:
    """Return a crop of one output and the mean locked pattern under it, channels last.

    Parameters
    ----------
    passed : Passed
        What the inputs left on their way through the model.

    Returns
    -------
    dict of ndarray, shape (*spatial, channel)
        ``output`` and ``locked``; nothing without inputs, or where the output's period is not
        known.
    """
    plan, few = passed.output.plan, passed.few
    if few is None or few.outputs is None or max(plan.period) == 1:
        return {}
    picture = few.outputs[0].detach().float().cpu().numpy().astype(np.float64)
    window: list[slice] = []
    for side, margin, period in zip(plan.shape[1:], plan.margin, plan.period, strict=True):
        inner = side - 2 * margin
        length = min(SIDE, inner) // period * period
        start = margin + (inner - length) // 2 // period * period
        window.append(slice(start, start + length))
    crop = picture[(slice(None), *window)]
    if 0 in crop.shape:
        return {}
    pattern = grid_pattern(passed.output.data)
    repeats = [n // p for n, p in zip(crop.shape[1:], plan.period, strict=True)]
    locked = np.tile(pattern, (1, *repeats))
    return {"output": np.moveaxis(crop, 0, -1), "locked": np.moveaxis(locked, 0, -1)}
