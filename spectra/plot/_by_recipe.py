"""The spectra of a run by another recipe than its own, where the file keeps what that needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import xarray as xr

KEPT = {"agnihotri2024": "agnihotri2024", "park-kim2022": "park_kim2022"}  # recipe: variable


def by_recipe(tree: xr.DataTree, recipe: str) -> xr.DataTree:
    """Return a tree whose ``mean_log_spectrum`` is by a recipe; places without it lose theirs.

    Parameters
    ----------
    tree : DataTree
        As ``spectra.nc`` holds it.
    recipe : str
        ``"spectra"`` leaves the tree as it is.
    """
    if recipe == "spectra":
        return tree
    return tree.map_over_datasets(lambda data: _of_place(data, KEPT[recipe]))


def _of_place(data: xr.Dataset, variable: str) -> xr.Dataset:
    if "mean_log_spectrum" not in data:
        return data
    kept = ["frequency", "locked_dbc", "prominence_db"]
    rest = data[[name for name in kept if name in data]]
    if variable not in data:
        return rest.drop_dims([d for d in ("fy", "fx") if d in rest.dims])
    plane = data[variable].rename({"whole_fy": "fy", "whole_fx": "fx"})
    return rest.assign(mean_log_spectrum=plane)
