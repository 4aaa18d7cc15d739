"""Why the maps of one place cannot be scored, and how many blocks of them were used."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spectra._room import BLOCKS_ENOUGH, too_few
from spectra.score._distinct import LEAST_GROUPS

if TYPE_CHECKING:
    import xarray as xr


def obstacle(data: xr.Dataset) -> str | None:
    """Return why the maps of one place cannot be scored, if so."""
    if reason := str(data.attrs["reason"]):
        return reason
    dropped = [
        f"{data.attrs[key]} {word}"
        for key, word in (("dropped_constant", "constant"), ("dropped_non_finite", "non-finite"))
        if data.attrs[key]
    ]
    blocks = replicates(data)
    groups = int((data["blocks_0"].sum("channel") > 0).sum())
    if blocks >= BLOCKS_ENOUGH and groups > LEAST_GROUPS:
        return None
    cause = f" ({', '.join(dropped)} maps left out)" if dropped else ""
    return too_few(blocks) + cause


def replicates(data: xr.Dataset) -> int:
    """Return the blocks that were used, in the channel that has most; an image counts once."""
    views = range(data.attrs["views"])
    used = min((int(data[f"blocks_{i}"].sum("group").max()) for i in views), default=0)
    return min(used, data.attrs["images_seen"]) if data.attrs["block_kind"] == "images" else used
