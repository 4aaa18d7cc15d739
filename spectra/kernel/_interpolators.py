"""The interpolators that nobody trains, and sincs to start training from."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from typing import Literal, SupportsIndex, get_args

import numpy as np
from numpy.typing import NDArray

from spectra._checks import PerAxis, per_axis
from spectra.errors import ParameterError
from spectra.kernel._forms import same_size_padding, single
from spectra.kernel._kernel import Kernel

InterpolatorName = Literal[
    "nearest",
    "area",
    "linear_aligned",
    "bilinear",
    "bicubic",
    "bicubic_catmull_rom",
    "lanczos2",
    "lanczos3",
    "ideal",
]
INTERPOLATORS: tuple[str, ...] = get_args(InterpolatorName)
IDEAL_REACH = 64  # input samples to each side at which the ideal sinc is cut
Shape = Callable[[NDArray[np.float64]], NDArray[np.float64]]


def interpolator(name: InterpolatorName, factor: PerAxis = 2, *, axes: int = 2) -> Kernel:
    """Return a non-learned interpolator as the kernel of a transposed convolution.

    Parameters
    ----------
    name : str
        "nearest" and "area" (the same for whole factors), "bilinear" (linear on each axis,
        half-pixel centres: ``align_corners=False``), "linear_aligned" (linear on each axis,
        every s-th output pixel is an input sample), "bicubic" (a = -0.75, as PyTorch),
        "bicubic_catmull_rom" (a = -0.5, as Pillow and antialiased resizing), "lanczos2",
        "lanczos3" (normalised, as Pillow), "ideal" (the sinc through the input samples, cut at
        64 of them to each side).
    factor : int or sequence of int
        Upsampling factor, for all axes or one an axis.
    axes : int
        Spatial axes, where ``factor`` is one number.

    Returns
    -------
    Kernel
        One input and one output channel. All phases sum to 1: a constant stays constant.

    Raises
    ------
    ParameterError
        If the name is not known.

    Examples
    --------
    >>> interpolator("bilinear", 2, axes=1).weight[0, 0]
    array([0.25, 0.75, 0.75, 0.25])
    """
    if name not in INTERPOLATORS:
        message = f"name={name!r} is no interpolator: expected one of {', '.join(INTERPOLATORS)}"
        raise ParameterError(message)
    count = len(factor) if not isinstance(factor, SupportsIndex) else axes
    factors = per_axis("factor", factor, count, least=1)
    parts = [_one_axis(name, s) for s in factors]
    taps = reduce(np.multiply.outer, (taps for taps, _ in parts))
    return single(taps, factors, [first for _, first in parts])


def windowed_sinc(
    size: PerAxis,
    factor: PerAxis = 2,
    *,
    axes: int = 2,
    beta: float = 2.0,
) -> Kernel:
    """Return a sinc of cutoff ``1 / (2 factor)``, cut to ``size`` taps under a Kaiser window.

    The start for training that comes close to `attainable_bound` without solving for it:
    within 1.1 dB on 1/f^2 inputs at beta = 2 for sizes 7 to 15.

    Parameters
    ----------
    size : int or sequence of int
        Taps along each axis.
    factor : int or sequence of int
        Upsampling factor.
    axes : int
        Spatial axes, where both are one number.
    beta : float
        Shape of the Kaiser window over the taps; 0 cuts without a window.

    Returns
    -------
    Kernel
        Kernel of one channel, with the padding that keeps the size. Every phase sums to 1,
        without which a constant becomes a checkerboard; phases without taps stay empty.

    Examples
    --------
    >>> windowed_sinc(3, axes=1, beta=0).weight[0, 0].round(12)
    array([0.5, 1. , 0.5])
    """
    count = next((len(v) for v in (size, factor) if not hasattr(v, "__index__")), axes)
    sizes = per_axis("size", size, count, least=1)
    factors = per_axis("factor", factor, count, least=1)
    if not (np.isfinite(beta) and beta >= 0):
        raise ParameterError(f"beta={beta}: expected a number of at least 0")
    parts, first = [], []
    for k, s in zip(sizes, factors, strict=True):
        padding, _ = same_size_padding(k, s)
        taps = np.sinc((np.arange(k) - (k - 1) / 2) / s) * np.kaiser(k, beta)
        parts.append(_normalised(taps, s, -padding))
        first.append(-padding)
    return single(reduce(np.multiply.outer, parts), factors, first)


def _one_axis(name: str, s: int) -> tuple[NDArray[np.float64], int]:
    """Return the taps of one axis and where the first stands."""
    if s == 1:
        return np.ones(1), 0
    if name in ("nearest", "area"):
        return np.ones(s), 0
    if name == "linear_aligned":
        return 1 - np.abs(np.arange(1 - s, s)) / s, 1 - s
    if name == "ideal":
        reach = IDEAL_REACH * s - 1
        return _normalised(np.sinc(np.arange(-reach, reach + 1) / s), s, -reach), -reach
    shape, reach = _SHAPES[name]
    centre = (s - 1) / 2
    n = np.arange(int(np.ceil(centre - reach * s)), int(np.floor(centre + reach * s)) + 1)
    taps = shape((n - centre) / s)
    inside = np.abs(n - centre) < reach * s
    n, taps = n[inside], taps[inside]
    return _normalised(taps, s, int(n[0])), int(n[0])


def _normalised(taps: NDArray[np.float64], s: int, first: int) -> NDArray[np.float64]:
    """Return taps of which every phase sums to 1."""
    phase = (np.arange(len(taps)) + first) % s
    total = np.bincount(phase, taps, s)
    return taps / np.where(total == 0, 1.0, total)[phase]


def _cubic(a: float) -> Shape:
    """Return Keys' cubic convolution."""

    def shape(x: NDArray[np.float64]) -> NDArray[np.float64]:
        x = np.abs(x)
        inner = ((a + 2) * x - (a + 3)) * x * x + 1
        outer = a * (((x - 5) * x + 8) * x - 4)
        return np.where(x <= 1, inner, outer)

    return shape


def _lanczos(a: int) -> Shape:
    def shape(x: NDArray[np.float64]) -> NDArray[np.float64]:
        values: NDArray[np.float64] = np.sinc(x) * np.sinc(x / a)
        return values

    return shape


def _linear(x: NDArray[np.float64]) -> NDArray[np.float64]:
    return 1 - np.abs(x)


_SHAPES: dict[str, tuple[Shape, int]] = {
    "bilinear": (_linear, 1),
    "bicubic": (_cubic(-0.75), 2),
    "bicubic_catmull_rom": (_cubic(-0.5), 2),
    "lanczos2": (_lanczos(2), 2),
    "lanczos3": (_lanczos(3), 3),
}
