"""What a source of inputs becomes: equal samples, read lazily, as often as needed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from itertools import islice
from typing import TYPE_CHECKING, Literal, Protocol, SupportsIndex, overload

from spectra._checks import check_positive
from spectra.errors import InputError
from spectra.inputs._input_set import InputSet
from spectra.inputs._once import Once

if TYPE_CHECKING:
    from torch import Tensor

    from spectra.inputs._field import Field
    from spectra.inputs._parts import Part

Kind = Literal["images", "sound", "array", "latent", "callable"]
Order = Literal["CT", "TC", "T"]


class Samples(Protocol):
    """What gives samples anew each time it is called, from one of them on."""

    def __call__(self, first: int = 0, /) -> Iterator[Tensor]: ...


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
        Sides of what it is the centre of; empty where that is not known before it is read.
    """

    source: str
    index: int | None
    spatial: tuple[int, ...]

    @property
    def name(self) -> str:
        """What the sample is called where it is dropped: its file, or ``file[number]``."""
        return self.source if self.index is None else f"{self.source}[{self.index}]"


@dataclass(frozen=True, eq=False)
class Origins(Sequence[Origin]):
    """Where samples come from, told when it is asked for: a million take no million records.

    Attributes
    ----------
    length : int
        How many samples there are.
    of : callable
        Returns the origin of the sample of a number.
    """

    length: int
    of: Callable[[int], Origin]

    def __len__(self) -> int:
        return self.length

    @overload
    def __getitem__(self, at: int) -> Origin: ...
    @overload
    def __getitem__(self, at: slice) -> tuple[Origin, ...]: ...
    def __getitem__(self, at: int | slice) -> Origin | tuple[Origin, ...]:
        found = range(self.length)[at]
        return self.of(found) if isinstance(found, int) else tuple(map(self.of, found))


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
    origins : sequence of Origin
        Where each of the samples comes from.
    samples : callable
        Returns a new iterator over the samples, float32 of shape ``shape``, with more channels
        where there are several parts; given a number, from that sample on. Pictures and arrays
        begin there, other sources read what stands before.
    identity : str
        Digest of what the samples are, in their order; of many pictures of their names and sizes.
    pick : callable, optional
        Returns the source of a sample by its number, and the sample or the reason why it cannot be
        used. Where it is given, ``used`` counts samples that may turn out to be of no use.
    head : int
        The number of the first sample that can be used.
    named : Field or None
        Names and coordinates of axes, channels and samples, where the source has them.
    parts : tuple of Part
        How several things that a model takes at once lie in a sample, the map of ``shape`` first;
        empty where a sample is one thing.
    order : {"CT", "TC", "T"}
        Axes of a signal as the model takes it: channels and time as samples have them, turned, or
        time alone, for which the one channel is left out on the way into the model.
    once : Once
        Keeps what was decoded, where a run asks it to.
    """

    kind: Kind
    bounds: tuple[tuple[float, float], ...] | None
    notes: tuple[str, ...]
    origins: Sequence[Origin] = field(repr=False, compare=False)
    samples: Samples = field(repr=False, compare=False)
    identity: str = field(default="", repr=False)
    pick: Callable[[int], tuple[str, Tensor | str]] | None = field(
        default=None, repr=False, compare=False
    )
    head: int = 0
    named: Field | None = field(default=None, repr=False, compare=False, kw_only=True)
    parts: tuple[Part, ...] = ()
    order: Order = field(default="CT", kw_only=True)
    once: Once = field(default_factory=Once, repr=False, compare=False, kw_only=True)

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

    def without(self, left_out: Mapping[int, str]) -> Inputs:
        """Return the same samples under the same numbers, but for some that are never read.

        Parameters
        ----------
        left_out : mapping of int to str
            Numbers, and why each is of no use.
        """
        if not left_out:
            return self

        def pick(number: int) -> tuple[str, Tensor | str]:
            if number in left_out:
                return self.origins[number].name, left_out[number]
            if self.pick is not None:
                return self.pick(number)
            return self.origins[number].name, next(self.samples(number))

        def samples(first: int = 0) -> Iterator[Tensor]:
            picked = (pick(number)[1] for number in range(first, self.used))
            return (sample for sample in picked if not isinstance(sample, str))

        usable = (number for number in range(self.head, self.used) if number not in left_out)
        return replace(self, samples=samples, pick=pick, head=next(usable, self.used))

    def numbered(self, size: SupportsIndex) -> Iterator[tuple[int, Tensor]]:
        """Yield the batches, each with the number of its first sample among those that come."""
        first = 0
        for batch in self.batches(size):
            yield first, batch
            first += len(batch)

    def with_axes_turned(self) -> Inputs:
        """Return the same signals, given as (time, channel), as (channel, time)."""
        given = self.samples

        def samples(first: int = 0) -> Iterator[Tensor]:
            for sample in given(first):
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

    def batches(
        self, size: SupportsIndex, first: int = 0, end: int | None = None
    ) -> Iterator[Tensor]:
        """Yield the samples in batches; each call starts anew and holds one batch at a time.

        Parameters
        ----------
        size : int
            Samples in a batch; the last one may be smaller.
        first, end : int, optional
            Only the samples from ``first`` on, before ``end``.

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
        given, end = first, self.used if end is None else min(end, self.used)
        samples = islice(self.samples(first), max(end - first, 0))
        while batch := list(islice(samples, size)):
            given += len(batch)
            yield torch.stack(batch)
        if given < end and self.pick is None:
            raise InputError(
                f"{self.source} gave {given} samples, expected {self.used} as when it was opened"
            )
