"""What a source of inputs becomes: equal samples, read lazily, as often as needed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, fields, replace
from itertools import islice
from typing import TYPE_CHECKING, Literal, SupportsIndex

from spectra._checks import check_positive
from spectra.errors import InputError
from spectra.inputs._input_set import InputSet

if TYPE_CHECKING:
    from torch import Tensor

Kind = Literal["images", "sound", "array", "latent", "callable"]


@dataclass(frozen=True)
class Origin:
    """Where a sample comes from.

    Attributes
    ----------
    source : str
        The file, or what holds the samples.
    index : int or None
        Its number in what holds several; None for a file of its own.
    spatial : tuple of int
        Sides of what it is the centre of.
    """

    source: str
    index: int | None
    spatial: tuple[int, ...]


@dataclass(frozen=True)
class Inputs(InputSet):
    """Equal samples for a model, read when they are asked for.

    Beside what `InputSet` tells:

    Attributes
    ----------
    bounds : tuple of (float, float), or None
        Least and largest value that the model can get in each channel; None where unknown.
    notes : tuple of str
        What was assumed about the data, one phrase each.
    origins : tuple of Origin
        Where each of the samples comes from.
    samples : callable
        Returns a new iterator over the samples, float32 of shape ``shape``.
    turned : bool
        Whether the model takes time first and then channels, so that each sample is turned on its
        way into it.
    """

    kind: Kind
    bounds: tuple[tuple[float, float], ...] | None
    notes: tuple[str, ...]
    origins: tuple[Origin, ...] = field(repr=False, compare=False)
    samples: Callable[[], Iterator[Tensor]] = field(repr=False, compare=False)
    turned: bool = field(default=False, kw_only=True)

    @property
    def range(self) -> tuple[float, float] | None:
        """Least and largest value that the model can get in any channel; None where unknown."""
        if self.bounds is None:
            return None
        lows, highs = zip(*self.bounds, strict=True)
        return min(lows), max(highs)

    @property
    def about(self) -> InputSet:
        """What they are, without the samples."""
        return InputSet(**{f.name: getattr(self, f.name) for f in fields(InputSet)})

    def __len__(self) -> int:
        return self.used

    @property
    def channels(self) -> int:
        """Channels of one sample: 1 for gray pictures, 3 for RGB."""
        return self.shape[0]

    def with_axes_turned(self) -> Inputs:
        """Return the same signals, given as (time, channel), as (channel, time)."""
        given = self.samples

        def samples() -> Iterator[Tensor]:
            for sample in given():
                yield sample.mT.contiguous()

        channels = self.shape[-1]
        alike = self.bounds is not None and len({*self.bounds}) == 1
        return replace(
            self,
            shape=self.shape[::-1],
            samples=samples,
            bounds=self.bounds[:1] * channels if self.bounds and alike else None,
            notes=tuple(note.replace("(N, C, L)", "(N, T, C)") for note in self.notes),
        )

    def batches(self, size: SupportsIndex) -> Iterator[Tensor]:
        """Yield the samples in batches; each call starts anew and holds one batch at a time.

        Parameters
        ----------
        size : int
            Samples in a batch; the last one may be smaller.

        Yields
        ------
        Tensor, shape (batch, channel, *spatial), float32

        Raises
        ------
        InputError
            If the source no longer gives what it gave when it was opened.
        """
        import torch

        size = check_positive("size", size)
        given = 0
        samples = islice(self.samples(), self.used)
        while batch := list(islice(samples, size)):
            given += len(batch)
            yield torch.stack(batch)
        if given < self.used:
            raise InputError(
                f"{self.source} gave {given} samples, expected {self.used} as when it was opened"
            )
