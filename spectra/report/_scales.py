"""Frequencies in cycles/pixel told in the inputs' own unit as well: in Hz, or in cycles/km."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from spectra._hertz import time_period
from spectra._names import HERTZ, LENGTH

if TYPE_CHECKING:
    import xarray as xr

    from spectra.explain import StepRow, Summary
    from spectra.inputs import Spacing

AXES = ("fz", "fy", "fx")
RADIUS = "f"


def with_scales(tree: xr.DataTree, summary: Summary) -> xr.DataTree:
    """Return the groups of a run with frequencies in other units beside those in cycles/pixel.

    Where the sample rate is known, ``fx_hz`` and ``f_hz``; where cells have a size, such as
    ``fy_per_length`` and ``fx_per_length`` in cycles/km. Of a step whose period in the output is
    not known they are left out, and ``f_per_length`` where cells have unequal sides.

    Parameters
    ----------
    tree : DataTree
        Groups ``input``, ``steps/0`` and so on, ``output``.
    summary : Summary
        The run.
    """
    import xarray as xr

    if summary.run.sample_rate is None and summary.inputs.spacing is None:
        return tree
    groups = {node.path: node.to_dataset(inherit=False) for node in tree.subtree}
    for path, rate in _rates(summary):
        if path in groups:
            groups[path] = in_hertz(groups[path], rate)
    for path, spacing in _spacings(summary):
        if path in groups:
            groups[path] = _per_length(groups[path], spacing)
    return xr.DataTree.from_dict(groups)


def in_hertz(data: xr.Dataset, rate: float) -> xr.Dataset:
    """Return signals of a sample rate with their frequencies in Hz."""
    factors = {AXES[-1]: rate, RADIUS: rate}
    return _scaled(data, factors, HERTZ, "Hz").assign_attrs(sample_rate_hz=rate)


def _per_length(data: xr.Dataset, spacing: Spacing) -> xr.Dataset:
    factors = dict(zip(AXES[-len(spacing.dims) :], (1 / d for d in spacing.distance), strict=True))
    if len({*spacing.distance}) == 1:
        factors[RADIUS] = 1 / spacing.distance[0]
    return _scaled(data, factors, LENGTH, f"cycles/{spacing.unit}")


def _scaled(data: xr.Dataset, factors: Mapping[str, float], suffix: str, unit: str) -> xr.Dataset:
    return data.assign_coords(
        {
            f"{name}{suffix}": (data[name].dims, data[name].to_numpy() * factor, {"units": unit})
            for name, factor in factors.items()
            if name in data.coords
        }
    )


def _rates(summary: Summary) -> Iterator[tuple[str, float]]:
    """Yield samples a second of each group, where they are known."""
    rate = summary.run.sample_rate
    if rate is None:
        return
    yield "/output", rate
    if summary.inputs.sample_rate is not None:
        yield "/input", summary.inputs.sample_rate
    for number, step in enumerate(summary.steps):
        if (period := time_period(step.period_in_output)) and step.factor:
            yield f"/steps/{number}", rate * step.factor[-1] / period


def _spacings(summary: Summary) -> Iterator[tuple[str, Spacing]]:
    """Yield how far the cells of the maps in each group lie apart, where that is known."""
    if summary.inputs.spacing is not None:
        yield "/input", summary.inputs.spacing
    if (spacing := summary.output.spacing) is not None:
        yield "/output", spacing
        for number, step in enumerate(summary.steps):
            if finer := _cells_to_one(step, spacing):
                yield f"/steps/{number}", spacing.over(finer)


def _cells_to_one(step: StepRow, spacing: Spacing) -> list[float] | None:
    """Return how many cells of a step's maps lie on one of the output's, along each axis."""
    factor, period = step.factor, step.period_in_output
    if not factor or period is None or not len(factor) == len(period) == len(spacing.dims):
        return None
    return [f / p for f, p in zip(factor, period, strict=True)]
