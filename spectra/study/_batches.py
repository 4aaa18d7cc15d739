"""Which samples each step sees: a function of seed and step, so that a training can go on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch.utils.data import DataLoader

from spectra.data import Augmentation, Sample, SampleSet
from spectra.errors import InputError, ParameterError
from spectra.study._stages import Stage, placed
from spectra.study._team import ALONE, Team
from spectra.study._training import Training


@dataclass(frozen=True)
class Order:
    """Numbers and draws of the samples of each step; every sample comes once in each round.

    Attributes
    ----------
    count, batch, seed : int
        Samples in the set, and in each step; and what their order follows from.
    first, steps : int
        Number of the first step, and of the first one that is not seen any more.
    before : int
        Samples that steps of another batch, all before this order's, saw more than this batch's.
    team : Team
        Who sees a part of each batch; see `share`.

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
    before: int = 0
    team: Team = ALONE

    def __len__(self) -> int:
        return self.steps - self.first

    def __iter__(self) -> Iterator[list[tuple[int, int]]]:
        known, numbers = -1, np.arange(0)
        own = [number for part in share(self.batch, self.team) for number in part]
        for step in range(self.first, self.steps):
            keys = []
            for number in own:
                turn, position = divmod(self.before + step * self.batch + number, self.count)
                if turn != known:
                    known = turn
                    numbers = np.random.default_rng((self.seed, turn)).permutation(self.count)
                keys.append((int(numbers[position]), turn))
            yield keys


def share(batch: int, team: Team) -> tuple[range, range]:
    """Return which places of a batch one process of a team sees: to attack, and others.

    The first half of a batch is what adversarial training attacks. Every process gets a part of
    both halves, so that none waits for the others' attacks.

    Examples
    --------
    >>> [share(8, Team(rank, 2)) for rank in range(2)]
    [(range(0, 2), range(4, 6)), (range(2, 4), range(6, 8))]
    >>> share(5, Team())
    (range(0, 2), range(2, 5))
    """
    half = max(1, batch // 2)
    ends = [team.rank, team.rank + 1]
    first, last = (half * end // team.size for end in ends)
    begin, end = (batch * end // team.size for end in ends)
    return range(first, last), range(half + begin - first, half + end - last)


def pieces(batch: int, team: Team, most: int | None) -> int:
    """Return into how many pieces every process of a team cuts its part of a batch.

    It is the same for all, since batch normalisation that is synchronised meets the others in
    each piece. A piece has at most ``most`` samples, or one more where parts are uneven.

    Examples
    --------
    >>> pieces(32, Team(0, 4), 3), pieces(5, Team(0, 2), 1), pieces(8, Team(), None)
    (3, 2, 1)
    """
    largest, least = -(-batch // team.size), batch // team.size
    return 1 if most is None else min(-(-largest // most), least)


def training_batches(
    samples: SampleSet, training: Training, *, first: int, team: Team, pinned: bool = False
) -> Iterator[Sample]:
    """Yield this process's part of the batch of each step from ``first`` on, stage by stage."""
    _check_size(training.stages_or_one(), team)
    for part in placed(training.stages_or_one()):
        stage = part.stage
        if part.last <= first:
            continue
        order = Order(
            count=len(samples),
            batch=stage.batch,
            seed=training.seed,
            first=max(first, part.first),
            steps=part.last,
            before=part.before - part.first * stage.batch,
            team=team,
        )
        cut = _cut(samples, stage, training.seed)
        yield from batches(cut, order, workers=training.workers, pinned=pinned)


def _cut(samples: SampleSet, stage: Stage, seed: int) -> SampleSet:
    """Return samples whose crops are those of a stage."""
    vary = samples.augmentation
    if stage.crop is not None:
        vary = replace(vary or Augmentation(), crop=stage.crop)
    return samples.varied(vary, seed=seed)


def _check_size(stages: tuple[Stage, ...], team: Team) -> None:
    least = min(stage.batch for stage in stages)
    if least < team.size:
        raise ParameterError(
            f"batch={least} on {team.size} processes: expected a sample for each of them, batch="
            f"{team.size} or more, or fewer processes"
        )


def batches(
    samples: SampleSet, order: Order, *, workers: int, pinned: bool = False
) -> Iterator[Sample]:
    """Yield the samples of each step as one, its parts stacked; pinned for a CUDA device."""
    loader: DataLoader[Sample] = DataLoader(
        samples,
        batch_sampler=order,
        num_workers=workers,
        collate_fn=stacked,
        pin_memory=pinned,
        generator=torch.Generator(),  # else the loader takes a number of the model's generator
    )
    yield from loader


def part_of(batch: Sample, first: int, last: int) -> Sample:
    """Return some samples of a batch."""
    return batch.each(lambda part: part[first:last])


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
