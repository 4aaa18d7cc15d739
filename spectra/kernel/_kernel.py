"""What a transposed convolution is: its taps, and where on the output grid they land."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, reduce
from math import prod
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spectra.errors import ParameterError

BLOCK = 2**22  # response values that are held at a time


@dataclass(frozen=True, eq=False)
class Kernel:
    """The taps of a transposed convolution.

    Input sample ``j`` of channel ``i`` adds ``x_i[j] h_io[t - stride * j]`` to output pixel
    ``t`` of channel ``o``. Tap ``n`` of ``weight`` stands at ``n * dilation - padding`` of
    ``h``; input and output channels meet only within their group.

    Attributes
    ----------
    weight : ndarray, shape (in, out // groups, *size)
        The taps as PyTorch lays them out; any real dtype, not copied.
    stride, padding, dilation, output_padding : tuple of int
        Per axis. ``output_padding`` only adds output pixels at the end; ``padding`` may be
        negative, where a kernel starts after its sample.
    groups : int
    """

    weight: NDArray[Any]
    stride: tuple[int, ...]
    padding: tuple[int, ...]
    dilation: tuple[int, ...]
    output_padding: tuple[int, ...]
    groups: int = 1

    @property
    def axes(self) -> int:
        """Number of spatial axes."""
        return len(self.stride)

    @property
    def size(self) -> tuple[int, ...]:
        """Number of taps along each axis."""
        return self.weight.shape[2:]

    @property
    def channels(self) -> tuple[int, int]:
        """Number of input and of output channels."""
        return self.weight.shape[0], self.weight.shape[1] * self.groups

    @property
    def positions(self) -> tuple[NDArray[np.int64], ...]:
        """Output pixels at which the taps of each axis stand, seen from their sample."""
        pairs = zip(self.size, self.dilation, self.padding, strict=True)
        return tuple(np.arange(k) * d - p for k, d, p in pairs)

    @cached_property
    def taps(self) -> NDArray[np.float64]:
        """All of ``h_io``, shape (in, out, *size): zero between groups, not dilated."""
        inputs, outputs = self.channels
        expanded = np.zeros((inputs, outputs, *self.size))
        inputs, outputs = inputs // self.groups, outputs // self.groups
        for g in range(self.groups):
            rows, columns = (slice(g * n, (g + 1) * n) for n in (inputs, outputs))
            expanded[rows, columns] = self.weight[rows]
        return expanded

    def output_size(self, size: Sequence[int]) -> tuple[int, ...]:
        """Return the output's size for an input of ``size``."""
        spans = ((k - 1) * d + 1 for k, d in zip(self.size, self.dilation, strict=True))
        return tuple(
            (n - 1) * s + span - 2 * p + extra
            for n, s, span, p, extra in zip(
                size, self.stride, spans, self.padding, self.output_padding, strict=True
            )
        )

    def response(self, frequency: ArrayLike) -> NDArray[np.complex128]:
        """Return ``H_io(f) = sum_n h_io[n] exp(-2 pi i f.n)``.

        Parameters
        ----------
        frequency : array_like, shape (..., axes)
            Cycles/pixel of the output grid; of a kernel of one axis, (...) does as well.

        Returns
        -------
        ndarray of complex128, shape (..., in, out)
            An ideal interpolator of factor s has the gain s along each axis for
            ``abs(f) < 1 / (2 s)`` and 0 elsewhere.

        Raises
        ------
        ParameterError
            If the frequencies have another number of axes than the kernel.

        Examples
        --------
        >>> from spectra.kernel import interpolator
        >>> abs(interpolator("nearest", 2, axes=1).response([0, 0.5])).ravel().round(12)
        array([2., 0.])
        """
        f = _frequencies(frequency, self.axes)
        places = self.positions
        waves = [
            np.exp(-2j * np.pi * np.multiply.outer(f[..., a], n)) for a, n in enumerate(places)
        ]
        joint: NDArray[np.complex128] = reduce(_outer, waves)
        taps = self.taps.reshape(*self.channels, -1)
        return np.asarray(np.tensordot(joint, taps, (-1, -1)), np.complex128)


def check_upsampling(kernel: Kernel) -> None:
    """Raise unless the kernel upsamples along some axis."""
    if prod(kernel.stride) < 2:
        raise ParameterError(f"stride={kernel.stride} does not upsample: expected one above 1")


def _frequencies(frequency: ArrayLike, axes: int) -> NDArray[np.float64]:
    f = np.asarray(frequency, float)
    if axes == 1 and (f.ndim == 0 or f.shape[-1] != 1):
        f = f[..., None]
    if f.ndim == 0 or f.shape[-1] != axes:
        raise ParameterError(f"frequency has shape {f.shape}: expected (..., {axes})")
    return f


def _outer(left: NDArray[np.complex128], right: NDArray[np.complex128]) -> NDArray[np.complex128]:
    """Return the products of all pairs of the last axes as one axis."""
    pairs: NDArray[np.complex128] = left[..., :, None] * right[..., None, :]
    return pairs.reshape(*left.shape[:-1], -1)


def _responses(
    taps: NDArray[np.float64],
    positions: Sequence[NDArray[np.int64]],
    grids: Sequence[NDArray[np.float64]],
) -> NDArray[np.complex128]:
    """Return H of some channels on a grid, shape (*grid, in, out)."""
    rest = taps.astype(np.complex128)
    for axis, (grid, places) in enumerate(zip(grids, positions, strict=True)):
        waves = np.exp(-2j * np.pi * np.outer(grid, places))
        rest = np.moveaxis(np.tensordot(waves, rest, (1, axis)), 0, axis)
    return rest
