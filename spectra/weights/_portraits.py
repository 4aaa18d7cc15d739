"""What the kernel of each step looks like: its taps and its response, small enough to be kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from spectra._names import place
from spectra.kernel import interpolator, tap_gram

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import xarray as xr
    from numpy.typing import NDArray

    from spectra.kernel import Kernel

    Lines = dict[str, Sequence[NDArray[np.float64]]]

BINS = 257  # frequencies from 0 to 1/2
MOST_TAPS = 1024  # taps of all axes together up to which one shape is told from another
MOST_ALONG = 63  # taps along an axis that are kept, about the largest
AXES = ("z", "y", "x")
LEAST = 1e-6  # of the largest gain: a kernel that lets less of DC through is not compared with it


def portrait(kernel: Kernel) -> xr.Dataset:
    """Return the leading shape of a kernel's taps, and its power response beside ideal ones.

    Parameters
    ----------
    kernel : Kernel
        One to three axes, not all taps 0.

    Returns
    -------
    Dataset
        ``taps`` (tap_y, tap_x): the spatial shape that holds most of the energy over channels,
        its largest tap 1, with positions in output pixels from the sample; of three axes the plane
        through the largest tap; at most 63 taps along an axis. ``power`` (direction, f): mean
        square of the gain over channels along each axis and the diagonal, over that at DC;
        ``bilinear_power`` and ``ideal_power``: of (bi-, tri-)linear interpolation by the same
        factors, and of the ideal low-pass. ``f`` is the frequency along each axis that a direction
        runs along, in cycles/pixel of the output. Attributes: ``size``, ``stride``, and
        ``shape_share``, what the shape holds of the energy, where it is known.
    """
    import xarray as xr  # not before: a run without steps that have a kernel needs none

    axes = kernel.axes
    names = AXES[-axes:]
    lines = _lines(axes)
    bilinear = interpolator("bilinear", kernel.stride)
    f = np.linspace(0, 0.5, BINS)
    along = ("direction", "f")
    ratio = {"units": "1", "reference": "power at DC"}
    shape, places, share = _leading_shape(kernel)
    dims = tuple(f"tap_{name}" for name in names[-shape.ndim :])
    return xr.Dataset(
        {
            "taps": (dims, shape.astype(np.float32), {"units": "largest tap"}),
            "power": (along, _power(kernel, lines), ratio),
            "bilinear_power": (along, _power(bilinear, lines), ratio),
            "ideal_power": (along, _ideal(kernel.stride, lines), ratio),
        },
        coords={
            **{
                d: (d, p, {"units": f"output {place(axes)}"})
                for d, p in zip(dims, places, strict=True)
            },
            "direction": list(lines),
            "f": ("f", f, {"units": f"cycles/{place(axes)}"}),
        },
        attrs={
            "size": list(kernel.size),
            "stride": list(kernel.stride),
            "channels": list(kernel.channels),
            **({} if share is None else {"shape_share": share}),
        },
    )


def _lines(axes: int) -> Mapping[str, NDArray[np.float64]]:
    """Return the directions of a response and how fast each axis' frequency grows along them."""
    unit = np.eye(axes)[::-1]
    names = [f"f{name}" for name in AXES[-axes:][::-1]]
    lines = dict(zip(names, unit, strict=True))
    if axes > 1:
        diagonal = np.ones(axes)
        diagonal[: axes - 2] = 0  # of a volume that of the plane fz = 0
        lines["diagonal"] = diagonal
    return lines


def _power(kernel: Kernel, lines: Mapping[str, NDArray[np.float64]]) -> NDArray[np.float32]:
    """Return the mean square gain along lines through DC, relative to DC; (direction, f)."""
    gram = tap_gram(kernel)
    grid = np.stack(np.meshgrid(*gram.lags, indexing="ij"), -1).reshape(-1, kernel.axes)
    f = np.linspace(0, 0.5, BINS)
    rows = []
    for line in lines.values():
        # On a line the lags that share a projection share a wave: one cosine for each.
        places, number = np.unique(grid @ line, return_inverse=True)
        sums = np.bincount(number.ravel(), gram.autocorrelation.ravel())
        rows.append(np.cos(2 * np.pi * np.outer(f, places)) @ sums)
    power = np.maximum(rows, 0)
    dc = power[0, 0]
    reference = dc if dc > LEAST**2 * power.max() else power.max()
    relative: NDArray[np.float32] = (power / reference).astype(np.float32)
    return relative


def _ideal(stride: Sequence[int], lines: Mapping[str, NDArray[np.float64]]) -> NDArray[np.float32]:
    """Return 1 inside the base band of the input and 0 outside; half on its edge."""
    f = np.linspace(0, 0.5, BINS)
    rows = []
    for line in lines.values():
        edge = min(0.5 / s for s, along in zip(stride, line, strict=True) if along)
        rows.append(np.heaviside(edge - f, 0.5) if edge < 0.5 else np.ones(BINS))
    return np.array(rows, np.float32)


def _leading_shape(
    kernel: Kernel,
) -> tuple[NDArray[Any], list[NDArray[np.int64]], float | None]:
    """Return the shape, the positions along each axis that it keeps, and its share of energy.

    Of a kernel of very many taps it is the root of the energy of each tap, which has no sign.
    """
    gram = tap_gram(kernel)
    share = None
    if len(gram.matrix) <= MOST_TAPS:
        values, vectors = np.linalg.eigh(gram.matrix)
        shape, share = vectors[:, -1].reshape(gram.size), float(values[-1] / values.sum())
    else:
        shape = np.sqrt(gram.energy)
    loudest = np.unravel_index(np.argmax(np.abs(shape)), shape.shape)
    shape = shape / shape[loudest]
    kept = []
    for peak, length in zip(loudest, shape.shape, strict=True):
        start = min(max(int(peak) - MOST_ALONG // 2, 0), max(length - MOST_ALONG, 0))
        kept.append(slice(start, start + MOST_ALONG))
    shape = shape[tuple(kept)]
    places = [n[cut] for n, cut in zip(gram.positions, kept, strict=True)]
    if shape.ndim == 3:
        shape, places = shape[int(loudest[0]) - kept[0].start], places[1:]
    return shape, places, share
