"""What a result's tree says in the coordinates of the inputs: outputs, spacing, wavelengths."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import xarray as xr

    from spectra.explain import Summary
    from spectra.gather import Passed
    from spectra.inputs import Inputs, Spacing

MOST_BYTES = 64 << 20  # of outputs that are written
CELLS = (
    "cells of the inputs and of the outputs cover the same area; a coordinate is that of a "
    "cell's middle"
)


def with_coordinates(
    groups: dict[str, xr.Dataset], summary: Summary, passed: Passed, inputs: Inputs | None
) -> dict[str, xr.Dataset]:
    """Return the groups of a tree with what coordinates of the inputs tell.

    Attributes ``cell_size``, ``cell_unit`` and ``cell_dims`` of the inputs, the output and the
    place that is shown say how far cells lie apart; variable ``wavelength`` of the output says how
    long the plane wave of each lattice point is. Group ``outputs`` holds outputs with the names and
    coordinates of the inputs.

    Parameters
    ----------
    groups : dict
        By path.
    summary : Summary
        What was measured.
    passed : Passed
        What the inputs left on their way through the model.
    inputs : Inputs or None
        What ran.
    """
    spacing = summary.output.spacing
    found = dict(groups)
    for path, own in (
        ("/input", summary.inputs.spacing),
        ("/output", spacing),
        ("/where", spacing),
        ("/crop", spacing),
    ):
        if path in found and own is not None:
            found[path] = found[path].assign_attrs(_cells(own))
    if spacing is not None and "frequency" in found["/output"]:
        found["/output"] = _with_wavelengths(found["/output"], spacing)
    for path in ("/where",):
        if path in found and (name := _variable(found[path], summary)):
            found[path] = found[path].assign_attrs(variable=name)
    outputs = _outputs(summary, passed, inputs)
    return found if outputs is None else {**found, "/outputs": outputs}


def _cells(spacing: Spacing) -> dict[str, Any]:
    return {
        "cell_size": list(spacing.distance),
        "cell_unit": spacing.unit,
        "cell_dims": list(spacing.dims),
    }


def _with_wavelengths(data: xr.Dataset, spacing: Spacing) -> xr.Dataset:
    lengths = [spacing.wavelength(f) for f in data["frequency"].to_numpy().tolist()]
    values = np.array([np.nan if n is None else n for n in lengths])
    return data.assign(wavelength=(("point",), values, {"units": spacing.unit}))


def _variable(data: xr.Dataset, summary: Summary) -> str | None:
    """Return the variable that is shown, where one of several channels is."""
    channel = data.attrs.get("channel")
    names = [v.name for v in summary.output.variables]
    return None if channel is None or int(channel) >= len(names) else names[int(channel)]


def _outputs(summary: Summary, passed: Passed, inputs: Inputs | None) -> xr.Dataset | None:
    """Return the outputs that were kept, as many as fit, with names and coordinates."""
    import xarray as xr

    named, few = None if inputs is None else inputs.named, passed.few
    if named is None or few is None or few.outputs is None or few.shown != len(few.outputs):
        return None
    maps: Any = few.outputs
    if maps.ndim - 2 != len(named.dims) or not passed.found.ratio or maps.is_complex():
        return None
    names = [v.name for v in summary.output.variables] or [
        f"channel_{i}" for i in range(maps.shape[1])
    ]
    same = bool(summary.output.variables)
    if maps.shape[1] == 1 and len(named.names) == 1:
        names, same = list(named.names), True
    each = 4 * maps[0, 0].numel()
    names = names[: max(MOST_BYTES // each, 1)]
    count = min(len(maps), max(MOST_BYTES // (each * len(names)), 1))
    values = maps[:count].detach().float().cpu().numpy()
    units = named.units if same and len(named.units) >= len(names) else ("",) * len(names)
    dims = ("sample", *named.dims)
    return xr.Dataset(
        {
            name: (dims, values[:, index], {"units": unit} if unit else {})
            for index, (name, unit) in enumerate(zip(names, units, strict=False))
        },
        coords={
            **{
                d: c
                for d, n in zip(named.dims, values.shape[2:], strict=True)
                if (c := _along(named, d, n))
            },
            **_of_samples(named, count),
        },
        attrs={"cells": CELLS, "outputs_of": len(maps), "channels_of": int(maps.shape[1])},
    )


def _along(named: Any, dim: str, places: int) -> tuple[str, Any, dict[str, str]] | None:
    """Return the coordinate of an output along one axis, if the inputs have one."""
    finer = named.finer(dim, places)
    if finer is None:
        return None
    values = list(finer.values)
    return dim, np.array(values), _attributes(finer)


def _attributes(coordinate: Any) -> dict[str, str]:
    said = {name: getattr(coordinate, name) for name in ("units", "axis", "standard_name")}
    return {name: text for name, text in said.items() if text}


def _of_samples(named: Any, count: int) -> dict[str, tuple[str, Any, dict[str, str]]]:
    """Return where each sample lies along the dimensions that samples count through."""
    found = {}
    for dim, places in named.sample_places().items():
        own = named.sample_coordinates.get(dim)
        name = f"{dim}_" if dim == "sample" else dim
        found[name] = ("sample", np.array(places[:count]), {} if own is None else _attributes(own))
    return found
