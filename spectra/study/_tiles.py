"""Tiles of whole pictures, so that all are of one size and attacks take seconds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np

from spectra.data import Sample, SampleSet
from spectra.errors import InputError


def tiled(samples: SampleSet, *, side: int, each: int) -> SampleSet:
    """Return square tiles of some samples, spread evenly over each picture, without overlap.

    Parameters
    ----------
    samples : SampleSet
        Of restoration or segmentation; read once here for their sizes.
    side : int
        Pixels.
    each : int
        Tiles of each picture.

    Raises
    ------
    InputError
        If a picture is too small for as many.
    """
    readers = []
    for read in samples.readers:
        sample = read()
        height, width = sample.input.shape[-2:]
        corners = [
            (y, x)
            for y in range(0, height - side + 1, side)
            for x in range(0, width - side + 1, side)
        ]
        if len(corners) < each:
            raise InputError(
                f"{sample.name} of {samples.source} is {width}x{height}: expected room for {each} "
                f"tiles of {side}x{side}"
            )
        chosen = np.linspace(0, len(corners) - 1, each).round().astype(int)
        readers += [partial(_tile, read, *corners[n], side=side) for n in chosen]
    return replace(samples, source=f"{samples.source}, tiles of {side}", readers=tuple(readers))


def _tile(read: Callable[[], Sample], y: int, x: int, *, side: int) -> Sample:
    sample = read()
    cut = sample.each(lambda part: part[..., y : y + side, x : x + side].contiguous())
    return cut._replace(name=f"{sample.name} at {x}, {y}")
