"""What all pairs of views have in common: two pictures on top of each other, and a mask."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor

from spectra.data._reading import read_rgb
from spectra.data._sample import Sample
from spectra.errors import InputError, ParameterError


def check_maximum(max_disparity: float | None) -> None:
    """Raise ParameterError unless there is no largest disparity, or it is above 0."""
    if max_disparity is not None and not max_disparity > 0:
        raise ParameterError(
            f"max_disparity={max_disparity!r}: expected pixels above 0, like 192, or None"
        )


def read_views(paths: Sequence[Path]) -> Tensor:
    """Return left and right view in one, float32 (6, y, x)."""
    left, right = (read_rgb(path) for path in paths)
    if left.shape != right.shape:
        raise InputError(
            f"{paths[0]} is {left.shape[2]}x{left.shape[1]} and {paths[1]} "
            f"{right.shape[2]}x{right.shape[1]}: expected two views of one size"
        )
    return torch.cat((left, right))


def stereo_sample(
    views: Tensor, disparity: Tensor, *, occluded: Tensor | None, most: float | None, name: str
) -> Sample:
    """Return a sample that knows its disparity where it is finite, above 0 and at most ``most``."""
    known = disparity.isfinite() & (disparity > 0)
    if most is not None:
        known &= disparity <= most
    return Sample(
        views,
        torch.where(known, disparity, 0.0),  # what is not known may be infinite
        mask=known,
        occluded=torch.zeros_like(known) if occluded is None else occluded,
        name=name,
    )
