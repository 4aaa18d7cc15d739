"""The grid of an output in pictures: a crop as it is, with more of the grid, and its place."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from spectra.plot._crop import crop_panels
from spectra.plot._where import (
    crop_frame,
    crop_of,
    grid_in_words,
    output_in_words,
    place_in_words,
    whole_output,
)

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray

PANELS = 2  # of a crop: as it is, and with its grid amplified


class Shown(NamedTuple):
    """A picture.

    Attributes
    ----------
    values : ndarray, shape (H, W) or (H, W, 3)
        Black is 0 and white 1.
    caption : str
        What stands below it.
    alt : str
        What is seen in it.
    frame : tuple of float or None
        x, y, width and height, in pixels, of what the crop shows; None where it is the crop.
    """

    values: NDArray[np.float64]
    caption: str
    alt: str
    frame: tuple[float, float, float, float] | None = None


def shown_grid(tree: xr.DataTree) -> list[Shown]:
    """Return what a run shows of the grid in its output; nothing of a signal.

    Parameters
    ----------
    tree : DataTree
        With group ``where``, or ``crop`` where no place shows a grid.
    """
    where = tree["where"].to_dataset() if "where" in tree.children else None
    if where is not None:
        crop, place = crop_of(where), f"{output_in_words(where)}, {place_in_words(where)}"
    elif "crop" in tree.children:
        crop, place = tree["crop"].to_dataset(), "output 0, the middle"
    else:
        return []
    if crop["output"].ndim == 2:  # channel and sample
        return []
    shown = []
    for panel in crop_panels(crop)[:PANELS]:
        caption = ", ".join(line for line in panel.title.split("\n") if line)
        shown.append(Shown(panel.values, caption, f"Crop of {place}: {caption}"))
    if where is not None:
        alt = f"The whole output; the frame is what the crop shows, about {place}"
        frame = crop_frame(where)
        caption = f"{place}, counted from 0{grid_in_words(where)}"
        shown.append(Shown(whole_output(where), caption, alt, frame))
    return shown
