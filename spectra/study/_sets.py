"""Published sets by name: what opens them, what they hold, and smaller pictures to test on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from torch import Tensor
from torch.nn import functional

from spectra.data import Sample, SampleSet, gopro, pascal_voc, scene_flow
from spectra.data._sample import TaskName
from spectra.errors import ParameterError


@dataclass(frozen=True)
class PublishedSet:
    """A set that lies in a folder.

    Attributes
    ----------
    task : str
    what : str
        What the folder is called in messages.
    opened : callable
        Opens a part of it.
    parts : (str, str)
        Names of the parts to train and to test on.
    counts : (int, int)
        How many samples they have, the whole set.
    size : (int, int, int)
        Channels, height and width of a usual sample.
    """

    task: TaskName
    what: str
    opened: Callable[..., SampleSet]
    parts: tuple[str, str]
    counts: tuple[int, int]
    size: tuple[int, int, int]

    def open(self, root: Path, options: Mapping[str, Any]) -> tuple[SampleSet, SampleSet]:
        """Return the samples to train on and those to test on."""
        learnt, tested = (self.opened(root, split=part, **options) for part in self.parts)
        return learnt, tested


SETS = {
    "gopro": PublishedSet(
        "restoration",
        what="GoPro",
        opened=gopro,
        parts=("train", "test"),
        counts=(2103, 1111),
        size=(3, 720, 1280),
    ),
    "pascal_voc": PublishedSet(
        "segmentation",
        what="PASCAL VOC 2012",
        opened=pascal_voc,
        parts=("train", "val"),
        counts=(10_582, 1449),  # with SBD
        size=(3, 375, 500),
    ),
    "scene_flow": PublishedSet(
        "disparity",
        what="SceneFlow",
        opened=scene_flow,
        parts=("train", "test"),
        counts=(22_390, 4370),  # of FlyingThings3D
        size=(6, 540, 960),
    ),
}


def reduced(samples: SampleSet, factor: int) -> SampleSet:
    """Return pictures whose pixels are the means of ``factor`` times ``factor`` pixels.

    Raises
    ------
    ParameterError
        If the samples are no pictures to restore: labels and disparities have no mean.
    """
    if factor == 1:
        return samples
    if samples.task != "restoration":
        raise ParameterError(
            f"reduce={factor} of {samples.task}: expected 1; labels and disparities have no mean"
        )
    readers = tuple(partial(_reduced, reader, factor) for reader in samples.readers)
    return replace(samples, source=f"{samples.source}, reduced by {factor}", readers=readers)


def _reduced(read: Callable[[], Sample], factor: int) -> Sample:
    def smaller(part: Tensor) -> Tensor:
        if not part.is_floating_point():  # masks, which are the same everywhere
            return part[::factor, ::factor][: part.shape[0] // factor, : part.shape[1] // factor]
        return functional.avg_pool2d(part[None], factor)[0]

    return read().each(smaller)


def spread(samples: SampleSet, count: int | None) -> SampleSet:
    """Return so many samples, evenly spread over all; all where there are no more."""
    if count is None or count >= len(samples):
        return samples
    return samples.only(number * len(samples) // count for number in range(count))
