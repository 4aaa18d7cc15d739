"""The mean spectrum of some pictures, with what stands out in them ringed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from matplotlib.figure import Figure
from matplotlib.image import AxesImage

from spectra.plot._spectrum import plot_spectrum

if TYPE_CHECKING:
    from collections.abc import Sequence

    import xarray as xr

SMALL = 8.0


def pictures_figure(
    power_db: xr.DataArray, points: Sequence[tuple[float, float]], *, pictures: int
) -> Figure:
    """Draw the mean spectrum of pictures.

    Parameters
    ----------
    power_db : DataArray, dims (fy, fx)
        In dB, DC in the centre.
    points : sequence of (float, float)
        (fy, fx) of what stands out, in cycles per pixel.
    pictures : int
        Of how many pictures it is.
    """
    figure = Figure(figsize=(4.8, 4.2), layout="constrained")
    ax = figure.subplots()
    drawn = plot_spectrum(power_db, ax=ax, lattice=[list(point) for point in points] or None)
    assert isinstance(drawn, AxesImage)
    bar = figure.colorbar(drawn, ax=ax, shrink=0.85)
    bar.set_label("power over white noise of variance 1 (dB)", fontsize=SMALL)
    bar.ax.tick_params(labelsize=SMALL)
    many = f"{pictures} picture{'s' * (pictures > 1)}"
    ax.set_title(f"mean spectrum of luma, {many}", fontsize=SMALL + 1)
    return figure
