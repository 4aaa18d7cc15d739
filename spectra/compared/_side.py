"""One of the results that are compared: its summary, and what its sums say of pairs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from spectra.score import Lattice

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray

    from spectra.explain import Summary

WHOLE = ("mean", "variance")  # sums over whole inputs, however a model's periods cut them
FIGURE = "azimuthal_power"
OF_GROUPS = ("total", "level")  # of each group of inputs, as cut for one period


@dataclass(frozen=True, eq=False)
class Stored:
    """What of the sums of one place a comparison needs; the sums themselves are let go.

    Attributes
    ----------
    lattice : Lattice or str
        The lattice points, or why there are none.
    plan : str
        How the maps were cut.
    of_images : bool
        Whether the groups of the jackknife are made of whole images.
    groups : tuple of tuple of bool
        Which groups hold anything, for each period.
    """

    lattice: Lattice | str
    plan: str
    of_images: bool
    groups: tuple[tuple[bool, ...], ...]

    @classmethod
    def of(cls, data: xr.Dataset) -> Stored:
        """Return what is needed of the sums of one place, as ``spectra.nc`` holds them."""
        if "plan" not in data.attrs:
            return cls("no sums are stored", "", of_images=False, groups=())
        views = range(int(data.attrs["views"]))
        held = (data[f"blocks_{view}"].to_numpy().sum(axis=1) > 0 for view in views)
        return cls(
            Lattice.of(data),
            plan=str(data.attrs["plan"]),
            of_images=data.attrs["block_kind"] == "images",
            groups=tuple(tuple(map(bool, groups)) for groups in held),
        )

    def grouped_like(self, other: Stored) -> bool:
        """Tell whether leaving one group out leaves the same inputs out on both sides."""
        whole = self.of_images and other.of_images
        return self.groups == other.groups and (whole or self.plan == other.plan)


@dataclass(frozen=True, eq=False)
class Side:
    """One result that is compared.

    Attributes
    ----------
    name : str
        What it is called, unlike the others.
    summary : Summary
        Its numbers.
    places : mapping of str to Stored
        Its sums at ``input``, ``output``, ``steps/0`` and so on; empty where none were kept.
    prints : mapping of str to ndarray
        Sums of the inputs, by which other inputs are told from the same.
    """

    name: str
    summary: Summary
    places: Mapping[str, Stored] = field(default_factory=dict)
    prints: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)

    @classmethod
    def of(cls, name: str, summary: Summary, tree: xr.DataTree | None = None) -> Side:
        """Return a side of the comparison.

        Parameters
        ----------
        name : str
            What it is called.
        summary : Summary
            Its numbers.
        tree : DataTree, optional
            Its ``spectra.nc``; without, nothing can be paired.
        """
        groups = [] if tree is None else [f"steps/{i}" for i in range(len(summary.steps))]
        wanted = ["input", "output", *groups]
        datasets = {
            path: tree[path].to_dataset()
            for path in wanted
            if tree is not None and f"/{path}" in tree.groups
        }
        places = {path: Stored.of(data) for path, data in datasets.items()}
        prints = _prints(datasets["input"]) if "input" in datasets else {}
        return cls(name, summary, places, prints)


def _prints(data: xr.Dataset) -> dict[str, NDArray[np.float64]]:
    """Return the sums that tell these inputs from others, by name and by how they were cut.

    Inputs are cut for the periods of the model that ran on them: only sums of equal cuts can be
    equal.
    """
    plan = json.loads(data.attrs.get("plan", "{}"))
    cuts = dict.fromkeys(WHOLE, "")
    cuts[FIGURE] = json.dumps([plan.get(key) for key in ("margin", "figure_tile", "figure_tiles")])
    for number, view in enumerate(plan.get("views", ())):
        cut = json.dumps({key: value for key, value in view.items() if key != "points"})
        cuts |= {f"{name}_{number}": cut for name in OF_GROUPS}
    return {
        f"{name.rstrip('_0123456789')} {cut}": data[name].to_numpy().astype(float)
        for name, cut in cuts.items()
        if name in data
    }
