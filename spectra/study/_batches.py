"""Which samples each step sees: a function of seed and step, so that a training can go on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch.utils.data import DataLoader

from spectra.data import Sample, SampleSet
from spectra.errors import InputError


@dataclass(frozen=True)
class Order:
    """Numbers and draws of the samples of each step; every sample comes once in each round.

    Examples
    --------
    >>> steps = list(Order(count=3, batch=2, seed=0, first=0, steps=3))
    >>> sorted(key for keys in steps for key in keys)  # two rounds, each with draws of its own
    [(0, 0), (0, 1), (1, 0), (1, 1), (2, 0), (2, 1)]
    >>> list(Order(count=3, batch=2, seed=0, first=2, steps=3)) == steps[2:]
    True
    """

    count: int
    batch: int
    seed: int
    first: int
    steps: int

    def __len__(self) -> int:
        return self.steps - self.first

    def __iter__(self) -> Iterator[list[tuple[int, int]]]:
        known, numbers = -1, np.arange(0)
        for step in range(self.first, self.steps):
            keys = []
            for place in range(step * self.batch, (step + 1) * self.batch):
                turn, position = divmod(place, self.count)
                if turn != known:
                    known = turn
                    numbers = np.random.default_rng((self.seed, turn)).permutation(self.count)
                keys.append((int(numbers[position]), turn))
            yield keys


def batches(samples: SampleSet, order: Order, *, workers: int) -> Iterator[Sample]:
    """Yield the samples of each step as one, its parts stacked."""
    loader: DataLoader[Sample] = DataLoader(
        samples,
        batch_sampler=order,
        num_workers=workers,
        collate_fn=stacked,
        generator=torch.Generator(),  # else the loader takes a number of the model's generator
    )
    yield from loader


def stacked(samples: list[Sample]) -> Any:
    """Return samples as one with a leading axis, if they have one size."""
    sizes = {tuple(sample.input.shape) for sample in samples}
    if len(sizes) > 1:
        shown = " and ".join(str(size) for size in sorted(sizes)[:2])
        raise InputError(
            f"samples of a batch have sizes {shown}: expected one; give them an augmentation with "
            "a crop, or batch=1"
        )
    parts = zip(*(sample[:4] for sample in samples), strict=True)
    first, second, third, fourth = (torch.stack(part) for part in parts)
    return Sample(first, second, third, fourth, name=", ".join(s.name for s in samples))
