"""The pieces of outputs and the kernels that are looked at, beside the spectra."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from spectra._names import place
from spectra.severity import shown_range
from spectra.spectrum import grid_pattern

if TYPE_CHECKING:
    from collections.abc import Sequence

    import xarray as xr

    from spectra.gather import Passed
    from spectra.severity import Judged

SIDE = 96  # of the crop, in pixels
AXES = ("z", "y", "x")


def with_pictures(
    tables: xr.DataTree,
    passed: Passed,
    judged: Judged,
    portraits: Sequence[xr.Dataset | None] = (),
) -> dict[str, xr.Dataset]:
    """Return the tables of a run, by path, with what its pictures are drawn from.

    Group ``where`` is the output that shows a grid most, with that grid and a map of where it is.
    Where there is none, group ``crop`` is the middle of one output and the mean pattern of its
    grid, which then is one of no picture. Group ``kernels/0`` is the kernel of step 0, and so on.

    Parameters
    ----------
    tables : DataTree
        One group for each place.
    passed : Passed
        What the inputs left on their way through the model.
    judged : Judged
        How severe the output's grid is, and where it is.
    portraits : sequence of (Dataset or None)
        What the kernel of each step looks like, see `spectra.weights.portraits_of_steps`.
    """
    groups = {node.path: node.to_dataset(inherit=False) for node in tables.subtree}
    for index, portrait in enumerate(portraits):
        if portrait is not None:
            groups[f"/kernels/{index}"] = portrait
    if judged.where is not None:
        return {**groups, "/where": judged.where.to_dataset()}
    crop = _middle(passed)
    if crop is None:
        return groups
    limits = None if judged.limits is None else list(judged.limits)
    return {**groups, "/crop": crop.assign_attrs(limits=limits)}


def _middle(passed: Passed) -> xr.Dataset | None:
    """Return the middle of one output and the mean locked pattern under it.

    None without inputs, or where the output's period is not known.
    """
    import xarray as xr

    plan, few = passed.output.plan, passed.few
    if few is None or few.outputs is None or max(plan.period) == 1:
        return None
    picture = few.outputs[0].detach().float().cpu().numpy()
    window: list[slice] = []
    for side, margin, period in zip(plan.shape[1:], plan.margin, plan.period, strict=True):
        inner = side - 2 * margin
        length = min(SIDE, inner) // period * period
        start = margin + (inner - length) // 2 // period * period
        window.append(slice(start, start + length))
    crop = picture[(slice(None), *window)]
    if 0 in crop.shape:
        return None
    pattern = grid_pattern(passed.output.data)
    repeats = [n // p for n, p in zip(crop.shape[1:], plan.period, strict=True)]
    dims = ("channel", *AXES[-len(window) :])
    return xr.Dataset(
        {
            "output": (dims, crop),
            "grid": (dims, np.tile(pattern, (1, *repeats)).astype(np.float32)),
        },
        coords={
            name: (name, np.arange(cut.start, cut.stop), {"units": place(len(window))})
            for name, cut in zip(dims[1:], window, strict=True)
        },
        attrs={"shown": list(shown_range(np.nan_to_num(picture)))},
    )
