"""Everything measured in one run as labelled arrays, one group a place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from spectra import _names as names
from spectra.score._energy import locked_energy, ratio_dbc
from spectra.score._score import part_dbc, point_significance

if TYPE_CHECKING:
    from collections.abc import Iterable

    import xarray as xr
    from numpy.typing import NDArray

    from spectra.gather import Passed, Place
    from spectra.score._score import LatticeReading
    from spectra.score._scores import Scores


def _unit(name: str, axes: int) -> str:
    units = {
        "frequency": f"cycles/{names.place(axes)}",
        "period": names.place(axes),
        "z": "1",
        "p": "1",
    }
    return units.get(name, "dB")


def tables(passed: Passed, scores: Scores, *, sums: bool = True) -> xr.DataTree:
    """Return the running sums and spectra of all places with what their lattice points show.

    Parameters
    ----------
    passed : Passed
        What the inputs left on their way through the model.
    scores : Scores
        The scores of the run.
    sums : bool
        Whether running sums stay, from which all else can be computed again: most of the bytes.

    Returns
    -------
    xarray.DataTree
        Groups ``input``, ``steps/0`` and so on, ``layers/...`` and ``output``.
    """
    import xarray as xr  # not before: reading a summary needs no xarray

    groups: dict[str, xr.Dataset] = {}
    if passed.input is not None:
        control = scores.measured["input"]
        groups["input"] = table_of(passed.input, control, name="input", kind="control")
    for index, (step, place) in enumerate(zip(passed.found.steps, passed.steps, strict=True)):
        own = scores.measured[f"steps/{index}"]
        groups[f"steps/{index}"] = table_of(
            place, own, name=step.name, call=step.call, kind=step.kind
        )
    for name, place in passed.layers.items():
        groups[f"layers/{name}"] = table_of(place, None, name=name, kind="layer")
    there = scores.measured["output"]
    groups["output"] = table_of(passed.output, there, name="output", kind="output")
    kept = groups if sums else {path: _without_sums(data) for path, data in groups.items()}
    return xr.DataTree.from_dict(kept)


def _without_sums(data: xr.Dataset) -> xr.Dataset:
    """Return a place without its running sums, whose names end with the number of a view."""
    return data.drop_vars([n for n in data.variables if str(n).rpartition("_")[2].isdigit()])


def lattice_table(measured: LatticeReading) -> dict[str, NDArray[np.float64]]:
    """Return one row per lattice point: frequency, locked parts in dBc, prominence, z, p.

    NaN where nothing above zero is locked; the least where all the power may be.
    """
    lattice = measured.lattice
    points = np.eye(len(lattice.frequency), dtype=bool)
    energies = [locked_energy(lattice, point) for point in points]
    z, p = point_significance(measured)
    return {
        "frequency": lattice.frequency,
        "period": lattice.period.astype(float),
        "locked_dbc": _or_nan(ratio_dbc(energy.told) for energy in energies),
        "line_dbc": _or_nan(part_dbc(energy.line, energy) for energy in energies),
        "replica_dbc": _or_nan(part_dbc(energy.replica, energy) for energy in energies),
        "prominence_db": measured.prominence,
        "z": z,
        "p": p,
    }


def table_of(
    place: Place, measured: LatticeReading | None, *, sums: bool = True, **attributes: Any
) -> xr.Dataset:
    """Return a place's running sums and spectra with what its lattice points show."""
    data = place.data.assign_attrs(attributes)
    data = data if sums else _without_sums(data)
    if measured is None:
        return data
    axes = measured.lattice.frequency.shape[1]
    table = {
        name: (("point", "axis")[: values.ndim], values, {"units": _unit(name, axes)})
        for name, values in lattice_table(measured).items()
    }
    return data.assign(table)


def _or_nan(values: Iterable[float | None]) -> NDArray[np.float64]:
    return np.array([np.nan if value is None else value for value in values])
