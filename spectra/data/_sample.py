"""One example of a task: what goes in, what should come out, and where that is known."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, NamedTuple

import torch
from torch import Tensor

from spectra.inputs import IGNORED

TaskName = Literal["restoration", "segmentation", "disparity"]


class Sample(NamedTuple):
    """An input with what should come out; torch's default collation makes a batch of several.

    Attributes
    ----------
    input : Tensor, float32, shape (3, y, x) or (6, y, x)
        A picture in 0..1; of stereo the left view, then the right one.
    target : Tensor
        (3, y, x) float32 in 0..1 of restoration; (y, x) int64 labels of segmentation, 255 for
        none; (y, x) float32 of disparity, in pixels: left x is right x plus disparity.
    mask : Tensor, bool, shape (y, x)
        Where the target is known.
    occluded : Tensor, bool, shape (y, x)
        Where the right view does not show what the left one does, as far as that is known.
    name : str
        What the files are called, the same for input and target.
    """

    input: Tensor
    target: Tensor
    mask: Tensor
    occluded: Tensor
    name: str

    @property
    def counted(self) -> Tensor:
        """Where losses and metrics look: the target is known, and both views show the place."""
        return self.mask & ~self.occluded

    def each(self, move: Callable[[Tensor], Tensor]) -> Sample:
        """Return the sample with every picture in it moved alike."""
        parts = (self.input, self.target, self.mask, self.occluded)
        first, second, third, fourth = (move(part) for part in parts)
        return Sample(first, second, third, fourth, name=self.name)


def known_everywhere(picture: Tensor, target: Tensor, name: str) -> Sample:
    """Return a sample whose target is known everywhere."""
    known = torch.ones(target.shape[-2:], dtype=torch.bool)
    return Sample(picture, target, known, occluded=~known, name=name)


def labelled(picture: Tensor, labels: Tensor, name: str) -> Sample:
    """Return a sample of segmentation, known where the label is not void."""
    known = labels != IGNORED
    return Sample(picture, labels, known, occluded=torch.zeros_like(known), name=name)


def with_edge_occluded(sample: Sample) -> Sample:
    """Count as occluded what lies left of the right view: crops cut matches off."""
    column = torch.arange(sample.target.shape[-1])
    beyond = sample.mask & (column - sample.target < 0)
    return sample._replace(occluded=sample.occluded | beyond)
