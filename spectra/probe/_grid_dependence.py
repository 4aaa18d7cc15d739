"""Move the picture under the model's sampling grid: what changes depends on the grid."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from math import inf, log10, pi
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from spectra._names import place
from spectra.capture import Discovery, current_arguments, forward, quiet
from spectra.errors import ModelError
from spectra.gather import batch_size

_SMALLEST_INTERIOR = 8
ROUNDING = 1e-6  # of the range
_ENDS = (torch.amin, torch.amax)
FAR_OFF = 4.0  # times the size of usual outputs: what a model does so far out says nothing


@dataclass(frozen=True)
class GridDependence:
    """How much of a model's output depends on where the picture lies on the grid.

    Attributes
    ----------
    dbc : float or None
        Energy that changes with the offset over energy that stays, in dBc; None with a
        ``reason``.
    reason : str or None
        Why there is no number.
    how : str
        How the picture was moved, and how many offsets were tried, of how many there are.
    """

    dbc: float | None
    reason: str | None
    how: str = ""


def grid_dependence(
    model: nn.Module,
    inputs: Tensor,
    *,
    total_stride: Sequence[int],
    scale: Sequence[Fraction | float],
    offsets: int = 16,
    seed: int = 0,
    found: Discovery | None = None,
) -> GridDependence:
    """Measure how far a model's output depends on the position of its input on the grid.

    A model that reduces its input by a total stride above 1 sees crops of the given
    pictures that start at each offset below that stride; nothing is wrapped. A model that
    only enlarges, by s, sees the scene moved by r/s input pixels (r = 0 ... s-1) with a
    Fourier shift of the low-passed, border-tapered pictures, their contrast lowered until no shift
    leaves the range of the pictures. The outputs are moved back by whole pixels and compared in
    their interior.

    Parameters
    ----------
    model : torch.nn.Module
        Left as it came.
    inputs : Tensor, shape (B, C, *spatial)
        Pictures larger than what the model needs; a few suffice.
    total_stride : sequence of int
        :attr:`spectra.capture.Discovery.total_stride`.
    scale : sequence of Fraction or float
        Output size over input size of each axis: :attr:`spectra.capture.Discovery.scale`.
    offsets : int
        At most so many offsets are tried, drawn at random without replacement.
    seed : int
        Seed of that draw, and of the model's own random numbers, which are the same for every
        offset.
    found : Discovery, optional
        What :func:`spectra.capture.discover` returned for the model, if it returns anything but
        one map.

    Returns
    -------
    GridDependence

    Notes
    -----
    The result is ``10 log10 mean_c(ch / st)``, per channel and over all pictures, from the
    outputs Y_o at n offsets, their mean M and ``S = sum_o (Y_o - M)^2 / (n - 1)``:
    ``ch = S (1 - 1/N)`` and ``st = var(M) - S (1/n - 1/N)``. Whole-pixel offsets sample the
    positions of the picture, without bound: 1/N = 0. The N sub-pixel shifts are all the
    phases there are; with n = N this is the sub-stride equivariance error,
    ``mean_o (Y_o - M)^2 / var(M)``. It judges the whole model: lost detail counts too.
    """
    if standing := current_arguments().standing:
        return GridDependence(None, f"the model also takes {standing}, which does not move with it")
    moved = moved_scene(inputs, total_stride, scale=scale, offsets=offsets, seed=seed)
    if isinstance(moved, str):
        return GridDependence(None, moved)
    shift, chosen = moved
    of = len(shift.offsets)
    every = len(chosen) == of
    how = f"{shift.how}: " + (
        f"all {of} offsets" if every else f"{len(chosen)} of {of} offsets, at random (seed {seed})"
    )
    try:
        with quiet(model, seed=seed):
            still = _output(model, inputs, found)
        moments = _moments(model, shift, chosen, seed=seed, found=found)
    except ModelError as error:
        return GridDependence(None, str(error), how)
    if why_not := _implausible(moments, still):
        return GridDependence(None, why_not, how)
    population = of if shift.exhaustive else inf
    dbc, why_not = _ratio(moments, len(chosen), population)
    return GridDependence(dbc, why_not, how)


def moved_scene(
    inputs: Tensor,
    total_stride: Sequence[int],
    *,
    scale: Sequence[Fraction | float],
    offsets: int,
    seed: int,
) -> tuple[_Shift, list[tuple[int, ...]]] | str:
    """Return a way of moving the inputs and the offsets that are tried, or why there is none.

    Parameters are those of `grid_dependence`.
    """
    spatial = inputs.ndim - 2
    if spatial < 1 or max(inputs.shape[2:]) == 1:
        return "the model has no spatial input"
    if not len(scale) == len(total_stride) == spatial:
        return "input and output share no grid"
    ratios = [Fraction(s).limit_denominator(64) for s in scale]
    if max(total_stride) > 1:
        shift: _Shift = _WholePixels(inputs, total_stride, ratios)
    elif max(ratios) > 1:
        shift = _SubPixels(inputs, ratios)
    else:
        return "the model neither enlarges its input nor reduces it before a step"
    if shift.interior < _SMALLEST_INTERIOR:
        return f"inputs of {'x'.join(map(str, inputs.shape[2:]))} {place(spatial)}s are too small"
    if len(shift.offsets) < 2:
        return f"no offset falls on whole {place(spatial)}s of the output"
    chosen = _choose(shift.offsets, offsets, seed)
    shift.prepare(chosen)
    return shift, chosen


class _WholePixels:
    """Crops of the pictures; their side keeps the multiple of the total stride.

    Attributes
    ----------
    offsets : list of tuple of int
        Where a crop may begin, in pixels along each axis.
    interior : int
        Side in pixels of the smallest interior that is compared.
    """

    exhaustive = False
    """Whether the offsets are all there are, rather than a sample of positions."""

    def __init__(self, inputs: Tensor, stride: Sequence[int], ratios: Sequence[Fraction]) -> None:
        sizes = inputs.shape[2:]
        self.how = f"crops at whole {place(len(sizes))}s"
        self._inputs = inputs
        self._ratios = ratios
        self._sides = [(n - t + 1) // t * t for n, t in zip(sizes, stride, strict=True)]
        # Only offsets that move the output by whole pixels can be compared without resampling.
        steps = [range(0, t, s.denominator) for t, s in zip(stride, ratios, strict=True)]
        self._last = [axis[-1] for axis in steps]
        self.offsets = list(product(*steps))
        outputs = [int(n * s) for n, s in zip(self._sides, ratios, strict=True)]
        self.interior = min(self._spans(outputs), default=0)

    def prepare(self, chosen: Sequence[tuple[int, ...]]) -> None:
        """Do nothing: crops look like the inputs."""

    def view(self, offset: tuple[int, ...]) -> Tensor:
        """Return the inputs at one offset."""
        return _cut(self._inputs, offset, self._sides)

    def aligned(self, output: Tensor, offset: tuple[int, ...]) -> Tensor:
        """Return the interior of the output, moved back."""
        sizes = output.shape[2:]
        moved = zip(sizes, self._last, offset, self._ratios, strict=True)
        starts = [3 * n // 16 + int(s * (last - o)) for n, last, o, s in moved]
        return _cut(output, starts, self._spans(sizes))

    def _spans(self, sizes: Sequence[int]) -> list[int]:
        """Return the side of what all offsets see of the picture, 3/16 off each border."""
        parts = zip(sizes, self._last, self._ratios, strict=True)
        return [n - 2 * (3 * n // 16) - int(s * last) for n, last, s in parts]


class _SubPixels:
    """Fourier shifts of the low-passed pictures by fractions of an input pixel.

    Attributes are those of `_WholePixels`; an offset counts output pixels.
    """

    exhaustive = True

    def __init__(self, inputs: Tensor, ratios: Sequence[Fraction]) -> None:
        self.how = f"sub-{place(inputs.ndim - 2)} shifts of the scene"
        self._ratios = ratios
        self._spectrum = torch.fft.fftn(_tapered(inputs.cpu().double()), dim=_axes(inputs))
        self._spectrum *= _outer([_low_pass(n) for n in inputs.shape[2:]])
        self._dtype = inputs.dtype
        pictures = inputs.cpu().double()
        self._mean = pictures.mean(_axes(inputs), keepdim=True)
        low, high = (end(pictures, (0, *_axes(inputs)), keepdim=True) for end in _ENDS)
        slack = ROUNDING * (high - low).max()  # a channel that does not vary has no other room
        self._low, self._high = low - slack, high + slack
        self._contrast = torch.ones(())
        counts = [s.numerator if s > 1 else 1 for s in ratios]
        self._last = [count - 1 for count in counts]
        self.offsets = list(product(*map(range, counts)))
        outputs = [int(n * s) for n, s in zip(inputs.shape[2:], ratios, strict=True)]
        # A smaller picture has too few pixels beside the taper at its borders.
        self.interior = min(self._spans(outputs)) if min(inputs.shape[2:]) >= 32 else 0

    def prepare(self, chosen: Sequence[tuple[int, ...]]) -> None:
        """Lower the contrast of each picture until it stays in the inputs' range at all offsets.

        Between its pixels a scene overshoots. Clipped, it would bend in another way at each offset;
        and a model that has only seen pictures of its range may do anything beyond.
        """
        kept = torch.ones(len(self._mean), dtype=torch.float64)
        for offset in chosen:
            varies = self._shifted(offset) - self._mean
            for end in (self._high, self._low):
                room = (end - self._mean) / varies
                # Negative of what varies the other way, not finite of what does not vary.
                least = torch.where(room > 0, room, torch.inf).flatten(1).amin(1)
                kept = torch.minimum(kept, least)
        self._contrast = kept.reshape(-1, *[1] * (self._mean.ndim - 1))

    def view(self, offset: tuple[int, ...]) -> Tensor:
        """Return the inputs at one offset."""
        varies = self._shifted(offset) - self._mean
        return (self._mean + self._contrast * varies).to(self._dtype)

    def _shifted(self, offset: tuple[int, ...]) -> Tensor:
        sizes = self._spectrum.shape[2:]
        moved = zip(sizes, offset, self._ratios, strict=True)
        # Shift theorem: r / s input pixels turn frequency f by 2 pi f r / s.
        turns = [
            torch.exp(-2j * pi * torch.fft.fftfreq(n).double() * float(r / s)) for n, r, s in moved
        ]
        shifted = torch.fft.ifftn(self._spectrum * _outer(turns), dim=_axes(self._spectrum))
        real: Tensor = shifted.real
        return real

    def aligned(self, output: Tensor, offset: tuple[int, ...]) -> Tensor:
        """Return the interior of the output, moved back."""
        sizes = output.shape[2:]
        # The middle half; an offset of r input pixels / s has moved it by r whole output pixels.
        starts = [n // 4 + r for n, r in zip(sizes, offset, strict=True)]
        return _cut(output, starts, self._spans(sizes))

    def _spans(self, sizes: Sequence[int]) -> list[int]:
        return [n - 2 * (n // 4) - last for n, last in zip(sizes, self._last, strict=True)]


def _cut(tensor: Tensor, starts: Sequence[int], sides: Sequence[int]) -> Tensor:
    """Cut a window out of the spatial axes."""
    for axis, (start, side) in enumerate(zip(starts, sides, strict=True), start=2):
        tensor = tensor.narrow(axis, start, side)
    return tensor


def _axes(tensor: Tensor) -> tuple[int, ...]:
    return tuple(range(2, tensor.ndim))


def _outer(factors: Sequence[Tensor]) -> Tensor:
    """Return the product of one vector per axis, each along its own."""
    result = torch.ones([1] * len(factors), dtype=torch.float64)
    for axis, factor in enumerate(factors):
        result = result * factor.reshape([-1 if i == axis else 1 for i in range(len(factors))])
    return result


def _tapered(pictures: Tensor) -> Tensor:
    """Let each picture end in its own mean, over an eighth of its side."""
    mean = pictures.mean(_axes(pictures), keepdim=True)
    return mean + (pictures - mean) * _outer([_flat_top(n) for n in pictures.shape[2:]])


def _flat_top(n: int) -> Tensor:
    depth = torch.minimum(torch.arange(n), torch.arange(n).flip(0)).double() + 0.5
    return _smooth(depth / max(1, n // 8))


def _low_pass(n: int) -> Tensor:
    """Return a response that falls from 1 at 0.6 to 0 at 0.8 of the Nyquist frequency."""
    relative = torch.fft.fftfreq(n).double().abs() / 0.5
    return _smooth((0.8 - relative) / 0.2)


def _smooth(x: Tensor) -> Tensor:
    """Return a raised cosine: 0 below 0, 1 above 1."""
    return (1 - torch.cos(pi * x.clamp(0, 1))) / 2


def _choose(offsets: list[tuple[int, ...]], count: int, seed: int) -> list[tuple[int, ...]]:
    if len(offsets) <= count:
        return offsets
    drawn = np.random.default_rng(seed).choice(len(offsets), count, replace=False)
    return [offsets[i] for i in sorted(drawn)]


_Shift = _WholePixels | _SubPixels
"""A way of moving a picture on the model's grid and its output back."""


class _Moments(NamedTuple):
    """Per channel: squared deviations from the mean output, its variance over space, level."""

    deviation: Tensor
    variance: Tensor
    level: Tensor


def _moments(
    model: nn.Module,
    shift: _Shift,
    offsets: Sequence[tuple[int, ...]],
    *,
    seed: int,
    found: Discovery | None,
) -> _Moments:
    """Accumulate mean and squared deviation over the offsets, by Welford's update."""
    mean = deviation = torch.zeros(())
    for count, offset in enumerate(offsets, start=1):
        with quiet(model, seed=seed):
            output = _output(model, shift.view(offset), found)
        now = shift.aligned(output, offset).double()
        step = now - mean
        mean = mean + step / count
        deviation = deviation + step * (now - mean)
    over = (0, *_axes(mean))
    return _Moments(
        deviation=deviation.mean(over),
        variance=mean.var(_axes(mean), correction=0).mean(0),
        level=mean.square().mean(over),
    )


def _output(model: nn.Module, x: Tensor, found: Discovery | None) -> Tensor:
    """Return the model's output, of as many inputs at a time as fit."""
    size = len(x) if found is None else batch_size(found, None)
    return torch.cat([forward(model, part, found=found) for part in torch.split(x, size)])


def _implausible(moments: _Moments, still: Tensor) -> str | None:
    """Return why the outputs of moved inputs tell nothing of those of the inputs themselves."""
    if not all(bool(values.isfinite().all()) for values in moments):
        return "moved inputs give NaN or infinite values"
    own = float(still.double().square().mean())
    moved = float((moments.level + moments.deviation).mean())
    if own > 0 and moved > FAR_OFF**2 * own:
        times = (moved / own) ** 0.5
        return f"moved inputs give outputs {times:.2g} times as large as the inputs themselves do"
    return None


def _ratio(moments: _Moments, n: int, population: float) -> tuple[float | None, str | None]:
    """Return changing over staying energy in dBc, or None and why there is no number."""
    # The mean of n sampled offsets keeps 1 / n of what changes, which is not what stays.
    spread = moments.deviation / (n - 1)
    change = spread * (1 - 1 / population)
    stay = moments.variance - spread * (1 / n - 1 / population)
    if not (moments.variance + spread > 1e-12 * moments.level).any():
        return None, "the output is constant"
    alive = (stay > 0) & (moments.variance > 1e-12 * moments.level)
    if not alive.any():
        return None, "nothing of the output stays as it was"
    ratio = float((change[alive] / stay[alive]).mean())
    return (10 * log10(ratio), None) if ratio > 0 else (None, "nothing changes with the offset")
