"""The kernel of any upsampling block, read off its response to single samples."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, SupportsIndex

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from spectra import _walk as walk
from spectra.capture import quiet
from spectra.errors import ModelError, ParameterError

Block = Callable[[Tensor], Tensor]
LPTV = 1e-3  # defect above which a block has no kernel
SIDES = (9, 17, 33)  # of the inputs that are tried until the response fits inside
CHUNK = 64  # input channels that are excited in one pass
DIFFERENCE = 1e-3  # step of a finite difference, where there is no derivative


@dataclass(frozen=True, eq=False)
class OperatorKernel:
    """What one input sample adds to a block's output, and whether that is all there is to it.

    Attributes
    ----------
    taps : ndarray, shape (in, out, *size)
        They are laid out like the weight of a transposed convolution of stride ``factor``.
    first : tuple of int
        Output pixel of the first tap along each axis, seen from its sample: minus the padding
        of that transposed convolution.
    factor : tuple of int
        Upsampling factor of each spatial axis.
    offset : ndarray, shape (out, *factor)
        What the block adds whatever its input: a bias, or a grid where phases differ.
    defect : float
        How much the response changes from one sample to the next, over its size: 0 for a
        block that treats all positions alike (LPTV), 0.04 for ``align_corners=True``.
    spread : float
        How much the response changes from one input to another, over its size: 0 for a linear
        block.
    """

    taps: NDArray[np.float64]
    first: tuple[int, ...]
    factor: tuple[int, ...]
    offset: NDArray[np.float64]
    defect: float
    spread: float

    @property
    def is_lptv(self) -> bool:
        """Whether one kernel describes the block: the same at every position and input."""
        return self.defect <= LPTV and self.spread <= LPTV

    @property
    def padding(self) -> tuple[int, ...]:
        """Padding of the transposed convolution with these taps."""
        return tuple(-n for n in self.first)


def equivalent_kernel(
    block: nn.Module | Block,
    channels: SupportsIndex,
    factor: Sequence[int],
) -> OperatorKernel:
    """Return the kernel of a linear upsampling block: pixel shuffle, interpolation, LCTC, ...

    The block's derivative is applied to unit samples in the middle of an input that grows until
    the response fits inside, so that borders play no part and biases drop out. The input has the
    type of the block's first weights, and is of float64 without any.

    Parameters
    ----------
    block : Module or callable
        Maps (B, C, *spatial) to (B, O, *larger); run quietly, left as it came.
    channels : int
        Input channels C.
    factor : sequence of int
        Upsampling factor of each spatial axis: their number is that of the axes.

    Returns
    -------
    OperatorKernel
        The very weights of a transposed convolution. Look at ``is_lptv`` before using it:
        a block with ``align_corners=True`` or attention has no kernel.

    Raises
    ------
    ParameterError
        If channels or factor have no meaning.
    ModelError
        If the block fails, or its output is not ``factor`` times its input up to borders.

    Examples
    --------
    >>> shuffle = torch.nn.Sequential(torch.nn.Conv2d(3, 8, 1), torch.nn.PixelShuffle(2))
    >>> found = equivalent_kernel(shuffle, 3, (2, 2))
    >>> found.taps.shape, found.first, found.is_lptv
    ((3, 2, 2, 2), (0, 0), True)
    """
    factors = _factors(factor)
    if isinstance(channels, bool) or int(channels) < 1:
        raise ParameterError(f"channels={channels!r}: expected an integer of at least 1")
    like = _like(block)
    with _quietly(block):
        for side in SIDES:
            at = torch.zeros(1, int(channels), *[side] * len(factors), **like)
            middle = (side // 2,) * len(factors)
            offset = _offset(_run(block, at)[0], factors)
            response = _response(block, at, middle)
            first, taps = _window(response, middle, factors)
            axes = zip(factors, middle, first, taps.shape[2:], response.shape[2:], strict=True)
            # A response that touches a border may be cut there.
            if all((s * j + f > 0 or f == 0) and s * j + f + k < n for s, j, f, k, n in axes):
                break
        defect = _defect(block, at, middle, factors=factors, first=first, taps=taps)
        noise = torch.randn(at.shape, generator=torch.Generator().manual_seed(0)).to(at)
        box: dict[str, Any] = {"factors": factors, "first": first, "size": taps.shape[2:]}
        elsewhere = _cut(_response(block, noise, middle), middle, **box)
    # Two responses lie half their difference from their mean.
    norm = max(np.linalg.norm(taps), np.finfo(float).tiny)
    spread = float(np.linalg.norm(elsewhere - taps) / 2 / norm)
    return OperatorKernel(
        taps, first=first, factor=factors, offset=offset, defect=defect, spread=spread
    )


def _response(block: Block, x: Tensor, position: tuple[int, ...]) -> NDArray[np.float64]:
    """Return the derivative by the sample at ``position``, shape (in, out, *spatial)."""
    channels = x.shape[1]
    parts = []
    for start in range(0, channels, CHUNK):
        excited = range(start, min(start + CHUNK, channels))
        change = torch.zeros(len(excited), *x.shape[1:], dtype=x.dtype, device=x.device)
        for row, channel in enumerate(excited):
            change[(row, channel, *position)] = 1
        parts.append(_derivative(block, x.expand_as(change).contiguous(), change))
    return torch.cat(parts).double().cpu().numpy()


def _derivative(block: Block, x: Tensor, change: Tensor) -> Tensor:
    """Return the derivative of the block at ``x`` along ``change``."""
    try:
        with warnings.catch_warnings():  # torch warns of itself when it first loads these
            warnings.simplefilter("ignore", DeprecationWarning)
            found = torch.func.jvp(block, (x,), (change,))[1]
    except (NotImplementedError, RuntimeError, TypeError):  # no forward derivative: a difference
        step = DIFFERENCE if bool(x.any()) else 1.0
        found = (_run(block, x + step * change) - _run(block, x)) / step
    assert isinstance(found, Tensor)
    return found


def _run(block: Block, x: Tensor) -> Tensor:
    try:
        output = block(x)
    except Exception as error:
        raise ModelError(f"the block failed on {tuple(x.shape)}: {error}") from error
    if not isinstance(output, Tensor) or output.ndim != x.ndim:
        kind = tuple(output.shape) if isinstance(output, Tensor) else type(output).__name__
        raise ModelError(
            f"the block made {kind} of {tuple(x.shape)}: expected a map like its input"
        )
    return output


def _window(
    response: NDArray[np.float64], position: tuple[int, ...], factors: tuple[int, ...]
) -> tuple[tuple[int, ...], NDArray[np.float64]]:
    """Return the smallest box that holds a response, and where it starts, seen from its sample."""
    loud = np.abs(response).max((0, 1))
    seen = loud > 1e-12 * loud.max() if loud.any() else np.ones_like(loud, bool)
    box, first = [], []
    for axis, (s, j) in enumerate(zip(factors, position, strict=True)):
        others = tuple(a for a in range(seen.ndim) if a != axis)
        places = np.flatnonzero(seen.any(others))
        box.append(slice(places[0], places[-1] + 1))
        first.append(int(places[0]) - s * j)
    return tuple(first), response[(slice(None), slice(None), *box)]


def _cut(
    response: NDArray[np.float64],
    position: tuple[int, ...],
    factors: tuple[int, ...],
    first: tuple[int, ...],
    size: Sequence[int],
) -> NDArray[np.float64]:
    """Return a box of a response that starts at ``first`` from its sample; 0 outside."""
    result = np.zeros((*response.shape[:2], *size))
    source, target = [], []
    for s, j, n, k, side in zip(factors, position, first, size, response.shape[2:], strict=True):
        start = s * j + n
        low, high = max(start, 0), max(min(start + k, side), start, 0)
        source.append(slice(low, high))
        target.append(slice(low - start, high - start))
    result[(slice(None), slice(None), *target)] = response[(slice(None), slice(None), *source)]
    return result


def _defect(
    block: Block,
    x: Tensor,
    position: tuple[int, ...],
    *,
    factors: tuple[int, ...],
    first: tuple[int, ...],
    taps: NDArray[np.float64],
) -> float:
    """Return how far the responses of the next samples are from being the same, shifted."""
    worst, box = 0.0, {"factors": factors, "first": first, "size": taps.shape[2:]}
    norm = max(float(np.linalg.norm(taps)), np.finfo(float).tiny)
    for axis in range(len(factors)):
        beside = tuple(j + (a == axis) for a, j in enumerate(position))
        moved = _cut(_response(block, x, beside), beside, **box)
        worst = max(worst, float(np.linalg.norm(moved - taps)) / norm)
    return worst


def _offset(output: Tensor, factors: tuple[int, ...]) -> NDArray[np.float64]:
    """Return one period of what a zero input becomes, from the middle of the map."""
    sides = output.shape[1:]
    if any(n < 2 * s for n, s in zip(sides, factors, strict=True)):
        message = f"the block made a map of {tuple(sides)}: expected the factor {factors} or more"
        raise ModelError(message)
    starts = (n // s // 2 * s for n, s in zip(sides, factors, strict=True))
    box = (slice(a, a + s) for a, s in zip(starts, factors, strict=True))
    return output[(slice(None), *box)].detach().double().cpu().numpy()


def _factors(factor: Sequence[int]) -> tuple[int, ...]:
    factors = tuple(factor) if isinstance(factor, Sequence) else ()
    if not 1 <= len(factors) <= 3 or not all(isinstance(s, int) and s >= 1 for s in factors):
        raise ParameterError(f"factor={factor!r}: expected one to three integers of at least 1")
    return factors


def _like(block: nn.Module | Block) -> dict[str, Any]:
    """Return dtype and device of the block's first weights; float64 on the CPU without any."""
    weights = next(walk.parameters(block), None) if isinstance(block, nn.Module) else None
    if weights is None:
        return {"dtype": torch.float64, "device": "cpu"}
    return {"dtype": weights.dtype, "device": weights.device}


def _quietly(block: nn.Module | Block) -> AbstractContextManager[object]:
    """Let the block leave no trace; a plain function has nothing to leave one on."""
    return quiet(block, seed=0) if isinstance(block, nn.Module) else torch.no_grad()
