"""Cycle spinning: the mean output over shifts of the input, each undone at the output."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from fractions import Fraction
from itertools import product
from math import ceil, pi, prod
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from spectra._names import place
from spectra.capture import Discovery, forward
from spectra.errors import ModelError, ParameterError

BORDER = 8  # input pixels that are mirrored at each side, at least


@dataclass(frozen=True)
class Shifts:
    """By how much the input of a model is moved, and its output back.

    A model that reduces its input by a total stride makes its grid anew at each offset below that:
    the input moves by whole pixels. One that only enlarges, by s, sees the same picture between its
    own pixels: the input moves by ``r / s`` of a pixel, its transform turned.

    Attributes
    ----------
    counts : tuple of int
        Shifts along each axis, 1 where nothing moves.
    whole : bool
        Whether the input moves by whole pixels.
    scale : tuple of (int, int)
        Output over input pixels along each axis, as numerator and denominator.
    multiple : tuple of int
        Input pixels in a period of the grid along each axis.
    """

    counts: tuple[int, ...]
    whole: bool
    scale: tuple[tuple[int, int], ...]
    multiple: tuple[int, ...]

    @classmethod
    def of(cls, found: Discovery) -> Shifts | str:
        """Return the shifts of a model, or why its input cannot be moved."""
        sides, stride = found.input_shape[1:], found.total_stride
        scale = [Fraction(s).limit_denominator(64) for s in found.scale]
        if not sides or max(sides) == 1:
            return "the model has no spatial input"
        if len(scale) != len(sides) or len(stride) != len(sides):
            return "input and output share no grid"
        ratios = tuple((s.numerator, s.denominator) for s in scale)
        if max(stride) > 1:
            counts = tuple(t // s.denominator for t, s in zip(stride, scale, strict=True))
            if max(counts) < 2:
                return f"no offset falls on whole {place(len(sides))}s of the output"
            return cls(counts, whole=True, scale=ratios, multiple=tuple(stride))
        counts = tuple(s.numerator if s > 1 else 1 for s in scale)
        if max(counts) < 2:
            return "the model neither enlarges its input nor reduces it before a step"
        return cls(counts, whole=False, scale=ratios, multiple=(1,) * len(sides))

    @property
    def passes(self) -> int:
        """How often the model runs for each input."""
        return prod(self.counts)

    @property
    def offsets(self) -> list[tuple[int, ...]]:
        """The shifts: in steps of one pixel of the input or of the output, whichever is larger."""
        return list(product(*map(range, self.counts)))

    def facts(self) -> dict[str, Any]:
        """Return what makes the same shifts again, for JSON."""
        return asdict(self)

    def padded(self, x: Tensor) -> Tensor:
        """Return inputs mirrored at their borders, by whole periods of the grid."""
        pads = [self._pad(m, n) for m, n in zip(self.multiple, x.shape[2:], strict=True)]
        return functional.pad(x, [p for p in reversed(pads) for _ in range(2)], mode="reflect")

    def moved(self, padded: Tensor, offset: Sequence[int]) -> Tensor:
        """Return mirrored inputs moved by an offset."""
        axes = tuple(range(2, padded.ndim))
        if self.whole:
            return padded.roll(self._input_pixels(offset), axes)
        # Shift theorem: r / s input pixels turn frequency f by 2 pi f r / s.
        spectrum = torch.fft.fftn(padded.double(), dim=axes)
        for axis, r, (s, _) in zip(axes, offset, self.scale, strict=True):
            f = torch.fft.fftfreq(padded.shape[axis], dtype=torch.float64, device=padded.device)
            turn = torch.polar(torch.ones_like(f), -2 * pi * f * r / s)
            spectrum = spectrum * turn.reshape([-1 if a == axis else 1 for a in range(padded.ndim)])
        low, high = (end(padded, dim=axes, keepdim=True) for end in (torch.amin, torch.amax))
        shifted = torch.fft.ifftn(spectrum, dim=axes).real.to(padded)
        return torch.minimum(torch.maximum(shifted, low), high)  # a scene overshoots at edges

    def back(self, output: Tensor, offset: Sequence[int], *, sides: Sequence[int]) -> Tensor:
        """Return an output of mirrored inputs moved back and cut to inputs of some sides."""
        moved = self._input_pixels(offset) if self.whole else offset
        for axis, (n, m, by, (s, d)) in enumerate(
            zip(sides, self.multiple, moved, self.scale, strict=True), start=2
        ):
            first = self._pad(m, n) * s // d + (by * s // d if self.whole else by)
            if first + n * s // d > output.shape[axis]:
                raise ModelError("the model's output does not grow with its input: no shift fits")
            output = output.narrow(axis, first, n * s // d)
        return output

    def _input_pixels(self, offset: Sequence[int]) -> tuple[int, ...]:
        """Return an offset in pixels of the input: each a whole number of output pixels."""
        return tuple(o * d for o, (_, d) in zip(offset, self.scale, strict=True))

    def _pad(self, multiple: int, side: int) -> int:
        """Return the pixels that are mirrored, in whole periods of the grid."""
        wanted = ceil(max(BORDER, multiple) / multiple) * multiple
        if wanted >= side:
            raise ParameterError(
                f"an input of {side} pixels is too small to be moved by {multiple}"
            )
        return wanted


@torch.no_grad()
def spun(model: nn.Module, shifts: Shifts, x: Tensor, *, found: Discovery | None = None) -> Tensor:
    """Return the mean output over all shifts of some inputs.

    Exact in the interior: at borders the input is mirrored.

    Parameters
    ----------
    model : Module
        In evaluation mode.
    shifts : Shifts
        Of this model, see `Shifts.of`.
    x : Tensor, shape (B, C, *spatial)
    found : Discovery, optional
        How the output of the model is read.

    Raises
    ------
    ModelError
        If the model does not run on larger inputs, or its output does not grow with them.
    """
    padded, sides = shifts.padded(x), x.shape[2:]
    total: Tensor | float = 0.0
    for offset in shifts.offsets:
        output = forward(model, shifts.moved(padded, offset), found=found)
        total = total + shifts.back(output, offset, sides=sides)
    assert isinstance(total, Tensor)
    return total / shifts.passes


class Spun(nn.Module):
    """A model whose output is the mean over shifts of its input: no grid, no training.

    It costs `Shifts.passes` times as much and averages what the model draws in slightly different
    ways. Weights are the model's own.

    Parameters
    ----------
    model : Module
        What is wrapped.
    shifts : Shifts
        Of this model.

    Examples
    --------
    >>> from spectra.capture import discover
    >>> net = nn.Upsample(scale_factor=2)
    >>> spinning = Spun(net, Shifts.of(discover(net, torch.zeros(1, 1, 32, 32))))
    >>> tuple(spinning(torch.rand(1, 1, 32, 32)).shape), spinning.shifts.passes
    ((1, 1, 64, 64), 4)
    """

    def __init__(self, model: nn.Module, shifts: Shifts) -> None:
        super().__init__()
        self.model, self.shifts = model, shifts

    def forward(self, x: Tensor) -> Tensor:
        """Return the mean output over all shifts."""
        return spun(self.model, self.shifts, x)
