"""Starts for the weights of an upsampling kernel, as PyTorch lays them out."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import torch
from torch import Tensor, nn

from spectra.errors import ParameterError
from spectra.kernel import windowed_sinc

BETA = 2.0  # shape of the sinc's Kaiser window


def random_mixing(inputs: int, outputs: int) -> Tensor:
    """Return PyTorch's random start of a 1x1 convolution, shape (inputs, outputs)."""
    mixing = torch.empty(inputs, outputs)
    nn.init.kaiming_uniform_(mixing, a=5**0.5)
    return mixing


def sinc_weight(
    mixing: Tensor,
    size: Sequence[int],
    factor: Sequence[int],
    padding: Sequence[int],
    *,
    delay: Sequence[float] | None = None,
) -> Tensor:
    """Return ``mixing`` times one windowed sinc, whose phases sum to one each.

    A constant stays constant whatever the mixing: no line. The rejection of the replicas is
    the sinc's, too, and is within 1.1 dB of what a kernel of its size attains on 1/f^2 inputs.

    Parameters
    ----------
    mixing : Tensor, shape (in, out // groups)
        Gain from each input channel to each output channel.
    size, factor, padding : sequence of int
        Size, factor and padding of the kernel along each axis.
    delay : sequence of float, optional
        Where the sinc's centre stands, in output pixels after the input sample: a multiple of
        1/2. By default the kernel's centre. Taps that would make it lopsided stay 0.

    Returns
    -------
    Tensor, shape (in, out // groups, *size)

    Raises
    ------
    ParameterError
        If fewer than ``factor`` taps fit symmetrically around the delay.
    """
    weight = mixing
    centred = [(k - 1) / 2 - p for k, p in zip(size, padding, strict=True)]
    places = centred if delay is None else delay
    for k, s, p, place in zip(size, factor, padding, places, strict=True):
        taps = torch.zeros(k, dtype=mixing.dtype, device=mixing.device)
        taps[_around(place + p, k, s)] = _one_axis(2 * _reach(place + p, k) + 1, s, mixing)
        weight = weight[..., None] * taps
    return weight


def _reach(centre: float, size: int) -> float:
    """Return how far taps reach to both sides of ``centre`` within ``0 ... size - 1``."""
    return min(centre, size - 1 - centre)


def _around(centre: float, size: int, factor: int) -> slice:
    reach = _reach(centre, size)
    count = 2 * reach + 1
    if count != int(count) or count < factor:
        message = (
            f"delay={centre} taps into a kernel of {size} leaves no symmetric sinc of factor "
            f"{factor}: expected a multiple of 1/2 near {(size - 1) / 2}"
        )
        raise ParameterError(message)
    return slice(int(centre - reach), int(centre - reach) + int(count))


def _one_axis(count: float, factor: int, like: Tensor) -> Tensor:
    taps = windowed_sinc(int(count), factor, axes=1, beta=BETA).weight[0, 0]
    return torch.from_numpy(taps).to(like)


def repeated_weight(
    inputs: int,
    outputs: int,
    size: Sequence[int],
    factor: Sequence[int],
    padding: Sequence[int],
    *,
    groups: int = 1,
) -> Tensor:
    """Return random weights that are the same for all phases: ``nearest`` after a convolution.

    What ICNR [1]_ does for a pixel shuffle: all output pixels of one input pixel start equal,
    so that there is no checkerboard, and nearest interpolation's rejection of replicas. Taps
    that not all phases have stay 0.

    Returns
    -------
    Tensor, shape (inputs, outputs // groups, *size)
        Uniform within ``1 / sqrt(inputs of a group * taps of a phase)``.

    References
    ----------
    .. [1] A. Aitken et al., *Checkerboard artifact free sub-pixel convolution*, 2017,
       arXiv:1707.02937.
    """
    blocks = [_whole_blocks(k, s, p) for k, s, p in zip(size, factor, padding, strict=True)]
    taps = tuple(len(starts) for starts in blocks)
    bound = (inputs // groups * prod(taps)) ** -0.5
    weight = torch.empty(inputs, outputs // groups, *taps).uniform_(-bound, bound)
    for axis, (k, s, starts) in enumerate(zip(size, factor, blocks, strict=True), start=2):
        repeated = weight.repeat_interleave(s, axis)
        before = list(weight.shape)
        before[axis] = starts[0]
        after = list(weight.shape)
        after[axis] = k - starts[0] - repeated.shape[axis]
        weight = torch.cat([weight.new_zeros(before), repeated, weight.new_zeros(after)], axis)
    return weight


def _whole_blocks(size: int, factor: int, padding: int) -> list[int]:
    """Return where a tap of phase 0 starts a block of ``factor`` taps within the kernel."""
    return list(range(padding % factor, size - factor + 1, factor))


def embedded(weight: Tensor, before: Sequence[int], size: Sequence[int]) -> Tensor:
    """Return ``weight`` within a larger kernel of zeros, ``before`` taps from its start."""
    grown = weight.new_zeros(*weight.shape[:2], *size)
    inside = tuple(
        slice(first, first + k) for first, k in zip(before, weight.shape[2:], strict=True)
    )
    places: tuple[Any, ...] = (..., *inside)
    grown[places] = weight
    return grown
