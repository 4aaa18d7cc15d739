"""Layers as kernels: transposed convolutions, pixel shuffles, interpolation with a convolution."""

from __future__ import annotations

from collections.abc import Sequence
from typing import SupportsIndex

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spectra._checks import PerAxis, per_axis
from spectra.errors import ParameterError
from spectra.kernel._kernel import Kernel


def transposed_conv(
    weight: ArrayLike,
    *,
    stride: PerAxis,
    padding: PerAxis = 0,
    output_padding: PerAxis = 0,
    dilation: PerAxis = 1,
    groups: SupportsIndex = 1,
) -> Kernel:
    """Return the kernel of a transposed convolution of one to three spatial axes.

    Parameters
    ----------
    weight : array_like, shape (in, out // groups, *size)
        The taps, laid out as ``torch.nn.ConvTranspose2d.weight``.
    stride, padding, output_padding, dilation : int or sequence of int
        Arguments of the layer, for all axes or one an axis.
    groups : int
        Groups of channels that meet.

    Raises
    ------
    ParameterError
        If the numbers do not belong together, or the weight is empty, complex or not finite.

    Examples
    --------
    >>> kernel = transposed_conv(np.ones((1, 1, 3)), stride=2, padding=1, output_padding=1)
    >>> kernel.positions
    (array([-1,  0,  1]),)
    >>> kernel.output_size((8,))
    (16,)
    """
    array = np.asarray(weight)
    axes = array.ndim - 2
    if axes not in (1, 2, 3) or not array.size:
        message = (
            f"weight has shape {array.shape}: expected (in, out // groups, *size) with one to "
            "three sizes of at least 1"
        )
        raise ParameterError(message)
    if array.dtype.kind not in "fiu":
        raise ParameterError(f"weight has dtype {array.dtype}: expected real numbers")
    if not np.isfinite(array).all():
        raise ParameterError("weight holds NaN or infinite values: expected finite numbers")
    count = per_axis("groups", groups, 1, least=1)[0]
    if array.shape[0] % count:
        message = f"groups={count} does not divide the {array.shape[0]} input channels of weight"
        raise ParameterError(message)
    return Kernel(
        array,
        stride=per_axis("stride", stride, axes, least=1),
        padding=per_axis("padding", padding, axes),
        dilation=per_axis("dilation", dilation, axes, least=1),
        output_padding=per_axis("output_padding", output_padding, axes, least=0),
        groups=count,
    )


def pixel_shuffle(weight: ArrayLike, *, factor: SupportsIndex, padding: PerAxis = 0) -> Kernel:
    """Return the kernel of a convolution followed by a pixel shuffle (or its 1-D, 3-D like).

    A shuffle by s lays the s**d channels of each output channel out as its phases, so that a
    k-tap convolution before it is a transposed convolution of s k taps and stride s.

    Parameters
    ----------
    weight : array_like, shape (out * factor ** d, in, *size)
        Weight of the convolution (stride 1, no groups), laid out as ``torch.nn.Conv2d.weight``.
    factor : int
        Factor of the shuffle.
    padding : int or sequence of int
        Padding of the convolution.

    Raises
    ------
    ParameterError
        If the output channels are no multiple of ``factor ** d``.

    Examples
    --------
    >>> pixel_shuffle(np.arange(4.0).reshape(4, 1, 1, 1), factor=2).weight
    array([[[[0., 1.],
             [2., 3.]]]])
    """
    array = np.asarray(weight)
    axes = array.ndim - 2
    if axes not in (1, 2, 3):
        message = f"weight has shape {array.shape}: expected (out * factor ** d, in, *size)"
        raise ParameterError(message)
    s = per_axis("factor", factor, 1, least=2)[0]
    pads = per_axis("padding", padding, axes)
    if array.shape[0] % s**axes:
        message = f"weight has {array.shape[0]} output channels: expected a multiple of {s**axes}"
        raise ParameterError(message)
    outputs, inputs, size = array.shape[0] // s**axes, array.shape[1], array.shape[2:]
    phases = array.reshape((outputs, *[s] * axes, inputs, *size))
    phases = np.flip(phases, tuple(range(-axes, 0)))  # a layer correlates, h convolves
    # Output pixel s j + p holds phase p of sample j: the phase is the faster of the two axes.
    interleaved = [axis for a in range(axes) for axis in (axes + 2 + a, 1 + a)]
    taps = phases.transpose(axes + 1, 0, *interleaved)
    taps = taps.reshape(inputs, outputs, *[s * k for k in size])
    shifts = tuple(s * (k - 1 - p) for k, p in zip(size, pads, strict=True))
    return transposed_conv(taps, stride=s, padding=shifts)


def interpolated_conv(weight: ArrayLike, interpolator: Kernel, *, padding: PerAxis = 0) -> Kernel:
    """Return the kernel of an interpolation followed by a convolution (stride 1, no groups).

    Parameters
    ----------
    weight : array_like, shape (out, in, *size)
        Weight of the convolution, laid out as ``torch.nn.Conv2d.weight``.
    interpolator : Kernel
        Kernel of one channel, as `interpolator` returns it.
    padding : int or sequence of int
        Padding of the convolution.

    Raises
    ------
    ParameterError
        If the axes differ, or the first kernel has several channels.

    Examples
    --------
    >>> from spectra.kernel import interpolator
    >>> nearest = interpolator("nearest", 2, axes=1)
    >>> interpolated_conv(np.array([[[1.0, 2.0, 3.0]]]), nearest, padding=1).weight[0, 0]
    array([3., 5., 3., 1.])
    """
    array = np.asarray(weight)
    axes = interpolator.axes
    if array.ndim != axes + 2 or interpolator.channels != (1, 1):
        message = (
            f"weight of shape {array.shape} after a kernel of {interpolator.channels} channels "
            f"and {axes} axes: expected (out, in, *size) of as many axes, after one channel"
        )
        raise ParameterError(message)
    pads = per_axis("padding", padding, axes)
    learned = np.flip(array, tuple(range(2, array.ndim))).swapaxes(0, 1)
    fixed = interpolator.weight[0, 0]
    sides = tuple(a + b - 1 for a, b in zip(fixed.shape, learned.shape[2:], strict=True))
    taps = np.zeros((*learned.shape[:2], *sides), np.result_type(array, np.float32))
    for place in np.ndindex(*fixed.shape):
        box = tuple(slice(a, a + k) for a, k in zip(place, learned.shape[2:], strict=True))
        taps[(slice(None), slice(None), *box)] += fixed[place] * learned
    shifts = tuple(
        own + k - 1 - p
        for own, k, p in zip(interpolator.padding, learned.shape[2:], pads, strict=True)
    )
    return transposed_conv(taps, stride=interpolator.stride, padding=shifts)


def same_size_padding(size: int, factor: int) -> tuple[int, int]:
    """Return padding and output padding with which the output is ``factor`` times the input.

    Examples
    --------
    >>> same_size_padding(7, 2), same_size_padding(4, 2), same_size_padding(2, 2)
    ((3, 1), (1, 0), (0, 0))
    """
    return (size - factor + 1) // 2, (size - factor) % 2


def single(taps: NDArray[np.float64], factor: Sequence[int], first: Sequence[int]) -> Kernel:
    """Return a one-channel kernel whose first tap stands at ``first``."""
    starts = tuple(-f for f in first)
    extra = tuple(max(0, s - k + 2 * p) for s, k, p in zip(factor, taps.shape, starts, strict=True))
    return transposed_conv(taps[None, None], stride=factor, padding=starts, output_padding=extra)
