"""Which sums are kept of the maps of one place, and of which shape each is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import torch

from spectra.errors import ParameterError
from spectra.spectrum._alike import alike_shape
from spectra.spectrum._azimuthal import annuli

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

    from spectra.spectrum._map_plan import MapPlan
    from spectra.spectrum._pairs import Pairs

GROUPS = 16  # of blocks: energy compares different ones, and the jackknife leaves one out
SLOTS = 32  # of blocks, for the randomisation test
STATE: dict[str, tuple[str, ...]] = {  # the sums of one view, and their dimensions
    "blocks": ("group", "channel"),
    "total": ("group", "channel"),
    "level": ("group", "channel"),
    "level_square": ("group", "channel"),
    "base_power": ("group", "channel", "bin"),
    "replica_power": ("channel", "pair"),
    "line_power": ("channel", "point"),
    "base": ("group", "channel", "bin"),
    "replica": ("group", "channel", "pair"),
    "cross": ("group", "channel", "pair"),
    "base_level": ("group", "channel", "near_bin"),
    "replica_level": ("group", "channel", "near_pair"),
    "line": ("group", "channel", "point"),
    "line_level": ("group", "channel", "point"),
    "beside": ("group", "channel", "point", "neighbour"),
    "cell": ("slot", "channel", "cell"),
    "mark": ("slot", "channel", "point"),
}
REAL = {"blocks", "total", "level", "level_square", "base_power", "replica_power", "line_power"}

Sums: TypeAlias = "NDArray[Any]"  # float64 or complex128


def empty_sums(plan: MapPlan, pairs_of_views: Sequence[Pairs]) -> dict[str, Sums]:
    """Return all sums at zero, by name; those of a view end in its number.

    Parameters
    ----------
    plan : MapPlan
        How the maps are cut.
    pairs_of_views : sequence of Pairs
        The pairs of bins that each view of the plan compares.
    """
    channels, scored = plan.shape[0], len(plan.channels)
    half = (*plan.figure_tile[:-1], plan.figure_tile[-1] // 2 + 1)
    rings = annuli(plan.figure_tile).f.size
    shapes: dict[str, tuple[int, ...]] = {
        "images": (),
        "maps": (),
        "dropped_non_finite": (),
        "dropped_constant": (),
        "value": (channels,),
        "value_square": (channels,),
        "phase_maps": (channels,),
        "phase": (channels, *plan.period),
        "figure_power": half,
        "figure_log": half,
        "figure_maps": (),
        "azimuthal_images": (),
        "azimuthal": (rings,),
        "azimuthal_square": (rings,),
    }
    if plan.views:
        shapes |= {
            "images_seen": (),
            "content_maps": (scored,),
            "content": (scored, *plan.content),
        }
    sums: dict[str, Sums] = {name: np.zeros(shape) for name, shape in shapes.items()}
    for number, (view, pairs) in enumerate(zip(plan.views, pairs_of_views, strict=True)):
        sizes = {
            "group": GROUPS,
            "slot": SLOTS,
            "channel": scored,
            "point": len(view.points),
            "pair": len(pairs.point),
            "bin": len(pairs.base),
            "near_bin": len(pairs.near_bin),
            "near_pair": len(pairs.near_pair),
            "neighbour": pairs.steady,
            "cell": len(pairs.cell_point),
        }
        for name, dims in STATE.items():
            shape = [sizes[dim] for dim in dims]
            sums[f"{name}_{number}"] = np.zeros(shape, float if name in REAL else complex)
        alike = alike_shape(view, scored)
        sums[f"alike_{number}"] = np.zeros(alike, complex)
        sums[f"alike_maps_{number}"] = np.zeros((*alike[:-1], 1))
    return sums


def check_alike(sums: Mapping[str, Sums], zero: Mapping[str, Sums]) -> None:
    """Raise ParameterError unless sums have the names, shapes and types of those at zero."""
    forms = [{name: (v.shape, v.dtype) for name, v in each.items()} for each in (sums, zero)]
    wrong = sorted(name for name, _ in forms[0].items() ^ forms[1].items())
    if wrong:
        raise ParameterError(f"sums of another plan: {', '.join(wrong[:3])} do not fit")


def to_numpy(values: Tensor) -> Sums:
    """Return a tensor in double precision on the host."""
    double = torch.complex128 if values.is_complex() else torch.float64
    array: Sums = values.detach().to("cpu", double).numpy()
    return array
