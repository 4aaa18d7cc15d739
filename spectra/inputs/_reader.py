"""Some of the samples of a source, read by their numbers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from hashlib import blake2b
from itertools import islice
from typing import TYPE_CHECKING

from spectra._checks import check_positive
from spectra.errors import InputError
from spectra.inputs._input_set import Dropped

if TYPE_CHECKING:
    from typing import SupportsIndex

    from torch import Tensor

    from spectra.inputs._inputs import Inputs


PART = 64  # samples that are measured together, and among which equal pictures are told


class Reader:
    """Reads parts of the samples of a source; parts in order are read without reading any twice.

    Parameters
    ----------
    inputs : Inputs
        Where a sample can be read by its number, only those of a part are.

    Attributes
    ----------
    dropped : list of Dropped
        What turned out to be of no use in the last part: its number is not used again.
    """

    def __init__(self, inputs: Inputs) -> None:
        self._inputs = inputs
        self._rows: Iterator[Tensor] = iter(())
        self._next: int | None = None  # the number of the next row
        self.dropped: list[Dropped] = []

    def part(self, wanted: Sequence[int], size: SupportsIndex) -> Iterator[tuple[int, Tensor]]:
        """Yield the samples of a part in batches, each with the number of its first sample.

        The samples of a batch follow each other: what is dropped ends one.

        Parameters
        ----------
        wanted : sequence of int
            Numbers of the samples, upwards; there may be others between them.
        size : int
            Most samples in a batch.
        """
        import torch

        size, first = check_positive("size", size), 0
        batch: list[Tensor] = []
        for number, sample in self._samples(wanted):
            if batch and (len(batch) == size or number != first + len(batch)):
                yield first, torch.stack(batch)
                batch = []
            first = first if batch else number
            batch.append(sample)
        if batch:
            yield first, torch.stack(batch)

    def _samples(self, wanted: Sequence[int]) -> Iterator[tuple[int, Tensor]]:
        """Yield the samples of a part that can be used, with their numbers."""
        self.dropped = []
        if self._inputs.pick is None:
            yield from self._in_order(wanted)
            return
        seen: dict[bytes, str] = {}
        for number in wanted:
            source, sample = self._inputs.pick(number)
            if isinstance(sample, str):
                self.dropped.append(Dropped(source, sample))
            elif (twin := seen.setdefault(_digest(sample), source)) != source:
                self.dropped.append(Dropped(source, f"the same pixels as {twin}"))
            else:
                yield number, sample

    def _in_order(self, wanted: Sequence[int]) -> Iterator[tuple[int, Tensor]]:
        """Yield samples of a source that is read from its beginning."""
        start, stop = wanted[0], wanted[-1] + 1
        if self._next is None or start < self._next:
            self._rows, self._next = self._inputs.samples(), 0
        skipped = start - self._next
        self._next = start + sum(1 for _ in islice(self._rows, skipped)) - skipped
        for sample in islice(self._rows, stop - self._next):
            if self._next in wanted:
                yield self._next, sample
            self._next += 1
        if self._next < stop:
            raise InputError(
                f"{self._inputs.source} gave {self._next} samples, expected "
                f"{self._inputs.used} as when it was opened"
            )


def _digest(sample: Tensor) -> bytes:
    values = sample.contiguous().numpy()
    return blake2b(values.data, digest_size=16).digest()
