"""Which part of a training has which batch and crop, and how the rate changes."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

from spectra._checks import check_positive


@dataclass(frozen=True)
class Stage:
    """A part of a training with batches and crops of its own: Restormer's progressive training.

    Attributes
    ----------
    steps, batch : int
        Updates, and samples in each.
    crop : (int, int), optional
        Height and width of the crops, in the place of those of the samples' augmentation.
    """

    steps: int
    batch: int
    crop: tuple[int, int] | None = None

    def __post_init__(self) -> None:
        for name in ("steps", "batch"):
            object.__setattr__(self, name, check_positive(name, getattr(self, name)))
        if self.crop is not None:
            object.__setattr__(self, "crop", tuple(self.crop))


@dataclass(frozen=True)
class Part:
    """A stage at its place in a training.

    Attributes
    ----------
    first, last : int
        Number of its first step, and of the first one behind it.
    before : int
        Samples that were seen before it.
    stage : Stage
    """

    first: int
    last: int
    before: int
    stage: Stage


def placed(stages: Sequence[Stage]) -> Iterator[Part]:
    """Yield stages at their places, one after the other.

    Examples
    --------
    >>> [(p.first, p.last, p.before) for p in placed([Stage(10, batch=8), Stage(5, batch=2)])]
    [(0, 10, 0), (10, 15, 80)]
    """
    first = before = 0
    for stage in stages:
        yield Part(first, first + stage.steps, before, stage)
        first += stage.steps
        before += stage.steps * stage.batch


def stretched(stages: Sequence[Stage], steps: int) -> tuple[Stage, ...]:
    """Return stages that keep their shares of another number of steps; empty ones are left out.

    Examples
    --------
    >>> [s.steps for s in stretched([Stage(92, 8), Stage(64, 5), Stage(144, 1)], 30)]
    [9, 7, 14]
    """
    whole = sum(stage.steps for stage in stages)
    ends = [round(end * steps / whole) for end in accumulate(s.steps for s in stages)]
    lengths = (last - first for first, last in pairwise([0, *ends]))
    return tuple(
        Stage(length, stage.batch, stage.crop)
        for stage, length in zip(stages, lengths, strict=True)
        if length
    )


def share_of_rate(step: int, *, hold: int, steps: int, least: float) -> float:
    """Return the rate at a step over the first one: held, then half a cosine down to ``least``.

    Examples
    --------
    >>> [share_of_rate(step, hold=2, steps=6, least=0.0) for step in (0, 2, 4)]
    [1.0, 1.0, 0.5]
    >>> round(share_of_rate(6, hold=2, steps=6, least=0.1), 9)
    0.1
    """
    done = max(step - hold, 0) / max(steps - hold, 1)
    return least + (1 - least) * (1 + math.cos(math.pi * done)) / 2
