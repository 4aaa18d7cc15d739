"""The spectra of all places as lines: along each axis and the diagonal."""

from math import ceil

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from spectra.plot._curves import plot_slices
from spectra.plot._labels import common_scale, frequency, two_lines
from spectra.plot._panels import (
    Rows,
    made,
    panels_of,
    share_y,
    small_text,
    unit_label,
    write_note,
)
from spectra.plot._styles import inches, letters, shade, small

COLUMNS = 4
LEAST_PANEL, BESIDE = 1.3, 0.6  # inches of a panel beside text of 8 points, and of what is beside


def slices_figure(
    tree: xr.DataTree,
    rows: Rows,
    *,
    columns: int | None = None,
    width: float | None = None,
    notes: bool = True,
) -> Figure:
    """Draw slices of the spectra of all rows, one panel a row, in one dB scale.

    Parameters
    ----------
    tree : DataTree
        One group for each place, with ``mean_log_spectrum`` and a lattice table (``frequency``);
        groups without a spectrum are left out.
    rows : sequence of (group, label)
        What to draw, in order: input, steps, output.
    columns : int, optional
        Panels in a line; a row without a spectrum then leaves its place empty.
    width : float, optional
        Of the figure in inches; by default as wide as its panels, four in a line.
    notes : bool
        Write under the figure how it was made.

    Returns
    -------
    Figure
        Dotted lines stand at the lattice; of maps of one axis there is one slice.

    Raises
    ------
    ParameterError
        If no row has a spectrum.
    """
    grid = panels_of(tree, rows, "mean_log_spectrum", empty=columns is not None)
    drawn = [one for one in grid if one is not None]
    most = COLUMNS
    if width is not None:
        most = max(min(int((width - inches(BESIDE)) / inches(LEAST_PANEL)), COLUMNS), 1)
    columns = columns or ceil(len(grid) / ceil(len(grid) / most))
    lines = ceil(len(grid) / columns)
    side = 2.4 if width is None else (width - inches(BESIDE)) / columns
    tall = max(0.72 * side, inches(1.1)) + inches(0.5)
    figure = Figure(
        figsize=(width or max(2.4 * columns + BESIDE, 4.2), tall * lines + inches(0.8)),
        layout="constrained",
    )
    panels = figure.subplots(lines, columns, squeeze=False)
    for index, ax in enumerate(panels.flat):
        one = grid[index] if index < len(grid) else None
        if one is None:
            ax.set_axis_off()
            continue
        data, label = one
        plot_slices(data["mean_log_spectrum"], ax=ax, lattice=data)
        ax.set_title(two_lines(label, letters(side)), fontsize=small())
        ax.set_ylabel("" if index % columns else unit_label(data).replace(" (", "\n("))
        ax.tick_params(labelleft=index % columns == 0)
        ax.grid(color=shade(0.1), linewidth=0.6)
        small_text(ax)
        few = [0, 0.25, 0.5]
        scale = common_scale(data["mean_log_spectrum"])
        ax.set_xticks(few, labels=[frequency(f, scale) for f in few])
        if any(below is not None for below in grid[index + columns :: columns]):
            ax.set_xlabel("")
        else:
            ax.set_xlabel(ax.get_xlabel().replace(" (", "\n("))
    shown = [ax for ax in panels.flat if ax.axison]
    share_y(shown)
    _key(figure, shown)
    if notes:
        write_note(figure, f"dotted: lattice\n{made([data for data, _ in drawn])}")
    return figure


def _key(figure: Figure, panels: list[Axes]) -> None:
    """Name the lines once, above all panels; a single one needs no name."""
    fullest = max(panels, key=lambda ax: len(ax.get_legend_handles_labels()[0]))
    handles, labels = fullest.get_legend_handles_labels()
    if len(handles) > 1:
        figure.legend(
            handles,
            labels,
            loc="outside upper center",
            ncols=int(np.clip(letters(figure.get_figwidth()) // 20, 1, len(handles))),
            fontsize=small(),
            frameon=False,
        )
