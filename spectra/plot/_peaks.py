"""Labels of lattice points that do not cover each other."""

from itertools import product

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.patheffects import withStroke
from matplotlib.transforms import Bbox
from numpy.typing import NDArray

from spectra.plot._labels import point, signed
from spectra.plot._spectrum import lattice_frequencies
from spectra.plot._styles import ink, page, small

MOST = 12
CHARACTER, LINE = 0.62, 1.35  # advance and height in units of the font size
APART = 7.0  # from a ring to its label, in points


def label_peaks(ax: Axes, data: xr.Dataset) -> None:
    """Label the ringed points of a spectrum on ``ax``, strongest first, where there is room.

    Parameters
    ----------
    ax : Axes
        With the spectrum drawn and its limits set.
    data : Dataset
        Lattice table: ``frequency`` (point, axis), ``locked_dbc``, ``prominence_db``.
    """
    if "frequency" not in data:
        return
    figure = ax.get_figure(root=True)
    assert figure is not None  # axes are drawn on a figure
    figure.draw_without_rendering()  # constrained layout decides how much room there is
    scale = 72 / figure.dpi
    frame = ax.get_window_extent()
    rings = [ax.transData.transform(place) for place in _rings(ax)]
    taken = [_box(ring, (0.5, 0.5), (8 / scale, 8 / scale)) for ring in rings]
    colour, halo = ("white", "black") if ax.images else (ink(), page())
    size, placed = small(), 0
    for index in _order(data):
        place = _place(ax, data["frequency"][index].to_numpy())
        if place is None or placed == MOST:
            continue
        text = _text(data, index)
        lines = text.split("\n")
        extent = (
            (max(map(len, lines)) * CHARACTER * size + 2) / scale,
            (len(lines) * LINE * size + 2) / scale,
        )
        centre = ax.transData.transform(place)
        for anchor in _anchors(centre, frame, beside=not ax.images):
            corner = centre + np.array([0.5 - anchor[0], 0.5 - anchor[1]]) * 2 * APART / scale
            box = _box(corner, anchor, extent)
            inside = frame.x0 <= box.x0 and box.x1 <= frame.x1
            inside = inside and frame.y0 <= box.y0 and box.y1 <= frame.y1
            if inside and not any(box.overlaps(other) for other in taken):
                ax.annotate(
                    text,
                    place,
                    xytext=tuple((corner - centre) * scale),
                    textcoords="offset points",
                    ha=("left", "center", "right")[round(2 * anchor[0])],
                    va=("bottom", "center", "top")[round(2 * anchor[1])],
                    fontsize=size,
                    color=colour,
                    gid="peak",
                    path_effects=[withStroke(linewidth=2.0, foreground=halo)],
                )
                taken.append(box)
                placed += 1
                break


def unseen_peaks(data: xr.Dataset) -> str:
    """Return a note on lattice points of a volume that lie off the plane drawn, or nothing."""
    if "frequency" not in data or data["mean_log_spectrum"].ndim != 3:
        return ""
    off = [i for i in _order(data) if data["frequency"][i][0] != 0]
    if not off:
        return ""
    listed = "; ".join(_text(data, i).replace("\n", " ") for i in off[:4])
    more = f" and {len(off) - 4} more" if len(off) > 4 else ""
    return f"off this plane (fz, fy, fx): {listed}{more}"


def _order(data: xr.Dataset) -> list[int]:
    """Return the lattice points from strong to weak; those without a number last."""
    strength = np.full(data.sizes["point"], -np.inf)
    for name in ("prominence_db", "locked_dbc"):  # the latter wins where it is known
        if name in data:
            values = data[name].to_numpy()
            strength = np.where(np.isfinite(values), values, strength)
    return [int(i) for i in np.argsort(-strength, kind="stable")]


def _text(data: xr.Dataset, index: int) -> str:
    """Return frequency and locked power of a lattice point, or its prominence."""
    name = point(data["frequency"][index].to_numpy())
    for variable, unit in (("locked_dbc", "dBc"), ("prominence_db", "dB high")):
        if variable in data and np.isfinite(value := float(data[variable][index])):
            return f"{name}\n{signed(value, unit)}"
    return name


def _rings(ax: Axes) -> list[NDArray[np.float64]]:
    return [
        np.asarray(place, float)
        for collection in ax.collections
        if collection.get_gid() == "lattice"
        for place in np.asarray(collection.get_offsets())
    ]


def _place(ax: Axes, frequency: NDArray[np.float64]) -> tuple[float, float] | None:
    """Return where on ``ax`` a lattice point is ringed, None where it is not drawn."""
    if len(frequency) == 3:
        if frequency[0] != 0:
            return None
        frequency = frequency[1:]
    f = lattice_frequencies([frequency], len(frequency))[0]
    f = np.where(f == -0.5, 0.5, f)
    if len(f) == 1:
        ring = min(_rings(ax), key=lambda r: abs(float(r[0]) - abs(float(f[0]))))
        return float(ring[0]), float(ring[1])
    return float(f[1]), float(f[0])


def _anchors(
    centre: NDArray[np.float64], frame: Bbox, *, beside: bool
) -> list[tuple[float, float]]:
    """Return which point of a label to put beside its ring, towards the middle first."""
    right = 1.0 if centre[0] > (frame.x0 + frame.x1) / 2 else 0.0
    top = 1.0 if centre[1] >= (frame.y0 + frame.y1) / 2 else 0.0
    across, along = [0.5, right, 1 - right], [top, 1 - top, 0.5]
    if beside:  # a line runs above and below its points
        across, along = [right, 1 - right], [0.5, top, 1 - top]
    return [a for a in product(across, along) if a != (0.5, 0.5)]


def _box(
    corner: NDArray[np.float64], anchor: tuple[float, float], extent: tuple[float, float]
) -> Bbox:
    """Return the box of an extent whose relative point ``anchor`` stands at ``corner``."""
    x, y = corner - np.array(anchor) * np.array(extent)
    return Bbox.from_bounds(float(x), float(y), *extent)
