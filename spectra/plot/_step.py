"""The spectrum of one step in a small figure: as a map, and along its axes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure

from spectra.plot._curves import plot_slices
from spectra.plot._labels import point, scale_of, signed
from spectra.plot._spectrum import plot_spectrum

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes

SMALL = 8.0
SIZE = (7.4, 2.9)  # inches
MAP, BESIDE, WIDE = (0.085, 0.17, 0.31, 0.79), (0.5, 0.17, 0.48, 0.7), (0.085, 0.17, 0.895, 0.7)
TITLE, SCALE = 0.06, 0.13  # of the height, for a title, and for a unit below ticks and label


def step_figure(data: xr.Dataset) -> Figure:
    """Draw a mean log spectrum, its lattice ringed, and beside it the slices along its axes.

    The panels stand at fixed places: to fit them would take most of the time, and a report
    has one such figure for each of up to hundreds of steps.

    Parameters
    ----------
    data : Dataset
        ``mean_log_spectrum`` (dB) and a lattice table with ``frequency``.
    """
    spectrum = data["mean_log_spectrum"]
    figure = Figure(figsize=SIZE)
    below = SCALE if scale_of(spectrum, "fx") else 0.0
    if spectrum.ndim == 1:
        ax = figure.add_axes(_within(WIDE, below=below))
        plot_spectrum(spectrum, ax=ax, lattice=data)
        _small(ax)
        return figure
    above = TITLE if spectrum.ndim == 3 else 0.0
    ax = figure.add_axes(_within(MAP, below=below, above=above))
    beside = figure.add_axes(BESIDE)
    plot_spectrum(spectrum, ax=ax, lattice=data)
    if below:  # the other axis says what stands below the ticks; this one is too short for it
        ax.set_ylabel(f"{ax.get_ylabel().partition(',')[0]})")
    plot_slices(spectrum, ax=beside, lattice=data)
    beside.legend(
        loc="lower center", bbox_to_anchor=(0.5, 1), ncols=3, fontsize=SMALL, frameon=False
    )
    beside.grid(color="0.9", linewidth=0.6)
    ax.set_title("plane fz = 0" if spectrum.ndim == 3 else "", fontsize=SMALL)
    for panel in (ax, beside):
        _small(panel)
    return figure


def highest_peak(data: xr.Dataset) -> str | None:
    """Return how high the highest lattice point stands over its surroundings, and where.

    None where no lattice point has a number.
    """
    if "prominence_db" not in data or not np.isfinite(data["prominence_db"]).any():
        return None
    highest = int(np.nanargmax(data["prominence_db"]))
    height = signed(float(data["prominence_db"][highest]), "dB")
    return f"{height} at {point(data['frequency'][highest].to_numpy())}"


def _within(
    box: tuple[float, float, float, float], *, below: float = 0.0, above: float = 0.0
) -> tuple[float, float, float, float]:
    """Return a box with some of its height given up."""
    left, low, width, height = box
    return left, low + below, width, height - below - above


def _small(ax: Axes) -> None:
    ax.tick_params(labelsize=SMALL)
    ax.xaxis.label.set_fontsize(SMALL)
    ax.yaxis.label.set_fontsize(SMALL)
