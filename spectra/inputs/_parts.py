"""Several things that a model takes at once, laid side by side in one sample.

Maps of one size lie in the sample as further channels, so that whatever crops, shifts or flattens
the first does the same to all::

    left  (3, y, x) ─┐                      ┌─ left   channels 0 .. 2
    right (3, y, x) ─┼─► sample (8, y, x) ──┼─ right  channels 3 .. 5
    mask     (y, x) ─┘                      ├─ mask   channel 6
    step         () ─► kept beside ◄────────┴─ number of the sample, channel 7

What is no map of that size is kept beside the samples. The last channel then holds the number of
the sample, by which what belongs to it is found again, whatever order and company it comes in.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import torch
from torch import Tensor

from spectra._names import times


@dataclass(frozen=True)
class Part:
    """One of several things that a model takes.

    Attributes
    ----------
    name : str
        The parameter that it is given to.
    shape : tuple of int
        Its shape in one sample.
    dtype : torch.dtype
        Its type, which comes back when it leaves the sample.
    start, channels : int
        Where in the sample it lies. One without channels is kept beside.
    values : Tensor of shape (sample, *shape), or None
        Those of each sample, of what is kept beside.
    """

    name: str
    shape: tuple[int, ...]
    dtype: torch.dtype
    start: int = 0
    channels: int = 0
    values: Tensor | None = field(default=None, repr=False, compare=False)

    @property
    def is_beside(self) -> bool:
        """Whether it is no map of the size of the first."""
        return self.channels == 0

    @property
    def stays(self) -> bool:
        """Whether it has places of its own, which do not move with the first map."""
        return self.is_beside and len(self.shape) >= 3

    def taken_from(self, x: Tensor) -> Tensor:
        """Return this part of some samples, with its own axes and type.

        Parameters
        ----------
        x : Tensor, shape (B, C, *spatial)
            Samples.
        """
        if self.values is not None:
            return self.values[_numbers(x, len(self.values))].to(x.device)
        maps = x[:, self.start : self.start + self.channels]
        if len(self.shape) < x.ndim - 1:
            maps = maps[:, 0]
        if self.dtype.is_floating_point:
            return maps
        # A probe may hand over the mean of such values, or one that was shifted.
        return maps > 0.5 if self.dtype == torch.bool else maps.round().to(self.dtype)

    def __str__(self) -> str:
        return f"{self.name} ({times(self.shape) or 'a number'})"


def _numbers(x: Tensor, count: int) -> Tensor:
    """Return the numbers of samples, of which there are ``count``.

    The median, because a probe may touch a few pixels of all channels.
    """
    numbers: Tensor = x[:, -1].reshape(len(x), -1).float().median(1).values
    return numbers.detach().round().long().clamp(0, count - 1).cpu()


def plan_parts(values: Mapping[str, Tensor]) -> tuple[Part, ...]:
    """Return how several things lie in one sample, the first map first.

    Parameters
    ----------
    values : mapping of str to Tensor, shape (B, ...)
        What some samples hold, by the parameter it is for.
    """
    first = _first_map(values)
    planned: list[Part] = []
    for name in (first, *(n for n in values if n != first)):
        value = values[name]
        shape = tuple(value.shape[1:])
        channels = _channels(shape, tuple(values[first].shape[1:]))
        planned.append(Part(name, shape, value.dtype, channels=channels))
    return placed(planned)


def _first_map(values: Mapping[str, Tensor]) -> str:
    """Return the name of the first map of floats, else of the first floats, else the first."""
    floats = [name for name, value in values.items() if value.is_floating_point()]
    maps = [name for name in floats if values[name].ndim >= 3]
    return next(iter((*maps, *floats, *values)))


def _channels(shape: tuple[int, ...], first: tuple[int, ...]) -> int:
    """Return how many channels of a sample something takes up: none where it is kept beside."""
    if shape == first or (len(first) > 1 and shape[1:] == first[1:] and len(shape) == len(first)):
        return shape[0]
    return 1 if len(first) > 1 and shape == first[1:] else 0


def placed(parts: Iterable[Part]) -> tuple[Part, ...]:
    """Return parts, each of which begins where the one before it ends."""
    start, found = 0, []
    for part in parts:
        found.append(replace(part, start=start))
        start += part.channels
    return tuple(found)


def pack(
    values: Mapping[str, Tensor], parts: Sequence[Part]
) -> Iterator[tuple[Tensor, tuple[Tensor, ...]]]:
    """Yield each sample as one tensor, and what is kept beside it.

    Parameters
    ----------
    values : mapping of str to Tensor, shape (B, ...)
        What some samples hold.
    parts : sequence of Part
        How it is laid out.
    """
    spatial = values[parts[0].name].shape[2:]
    maps = [
        values[p.name].reshape(-1, p.channels, *spatial).float() for p in parts if not p.is_beside
    ]
    beside = [values[part.name] for part in parts if part.is_beside]
    for number, row in enumerate(torch.cat(maps, 1)):
        yield row, tuple(value[number] for value in beside)


def numbered(row: Tensor, number: int) -> Tensor:
    """Return a sample with its number as one more channel."""
    return torch.cat([row, torch.full_like(row[:1], number)])


def with_values(parts: Sequence[Part], rows: Sequence[tuple[Tensor, ...]]) -> tuple[Part, ...]:
    """Return parts with what is kept beside each sample.

    Parameters
    ----------
    parts : sequence of Part
        Some of which are kept beside.
    rows : sequence of tuple of Tensor
        What is kept, for each sample.
    """
    columns = iter(zip(*rows, strict=True))
    return tuple(
        replace(part, values=torch.stack(next(columns))) if part.is_beside else part
        for part in parts
    )
