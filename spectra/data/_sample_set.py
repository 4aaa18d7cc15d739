"""Many samples of one task, by number."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from hashlib import blake2b

import numpy as np
from torch.utils.data import Dataset

from spectra._text import listed
from spectra.data._augmentation import Augmentation
from spectra.data._sample import Sample, TaskName, with_edge_occluded
from spectra.errors import InputError, ParameterError
from spectra.inputs import IGNORED


@dataclass(frozen=True)
class SampleSet(Dataset[Sample]):
    """Samples of one task: a map-style dataset of torch.

    ``samples[3]`` is the fourth one, ``samples[3, 7]`` the same in its seventh random variation.
    A variation follows from seed, number and draw alone, so that any number of workers, in any
    order, give the same.

    Attributes
    ----------
    source : str
        What was opened, for messages.
    task : {"restoration", "segmentation", "disparity"}
    readers : tuple of callable
        Each gives one whole sample.
    classes : tuple of str
        Names of the labels, of segmentation.
    augmentation : Augmentation, optional
        Crops and variations; by default samples come whole.
    seed : int
        Of the variations.

    Raises
    ------
    InputError
        If there is no sample; on reading one, if its parts do not belong together.
    ParameterError
        If the task does not allow such an augmentation.
    """

    source: str
    task: TaskName
    readers: tuple[Callable[[], Sample], ...]
    classes: tuple[str, ...] = ()
    augmentation: Augmentation | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        if not self.readers:
            raise InputError(f"{self.source} holds no sample of {self.task}: expected at least one")
        if self.augmentation is not None:
            self.augmentation.check(self.task)

    def __len__(self) -> int:
        return len(self.readers)

    def __getitem__(self, key: int | tuple[int, int]) -> Sample:
        index, draw = key if isinstance(key, tuple) else (key, 0)
        index = range(len(self.readers))[index]  # negative numbers count from the end
        sample = self.readers[index]()
        check_parts(sample, self)
        if self.augmentation is not None:
            rng = np.random.default_rng((self.seed, index, draw))
            sample = self.augmentation(sample, rng)
        return with_edge_occluded(sample) if self.task == "disparity" else sample

    @property
    def fingerprint(self) -> str:
        """What tells this set from others of its name: a digest of its first, middle, last sample.

        It is that of what they hold, wherever the files lie, so that a set may move.
        """
        digest = blake2b(digest_size=8)
        for index in sorted({0, len(self) // 2, len(self) - 1}):
            sample = self.readers[index]()
            digest.update(sample.name.encode())
            for part in (sample.input, sample.target, sample.mask, sample.occluded):
                digest.update(part.contiguous().numpy().tobytes())
        return digest.hexdigest()

    def varied(self, augmentation: Augmentation | None, *, seed: int = 0) -> SampleSet:
        """Return the same samples with other crops and variations."""
        if seed < 0:
            raise ParameterError(f"seed={seed}: expected an integer of at least 0")
        return replace(self, augmentation=augmentation, seed=seed)

    def only(self, numbers: Iterable[int]) -> SampleSet:
        """Return some of the samples, as a part for training or for testing."""
        chosen = list(numbers)
        strange = [n for n in chosen if not -len(self) <= n < len(self)]
        if strange:
            raise ParameterError(
                f"numbers={listed(strange)} of {self.source}: expected 0 to {len(self) - 1}"
            )
        return replace(self, readers=tuple(self.readers[n] for n in chosen))


def check_parts(sample: Sample, of: SampleSet) -> None:
    """Raise InputError unless the parts of a sample have one size, and its labels are classes."""
    height, width = sample.input.shape[-2:]
    parts = {"target": sample.target, "mask": sample.mask, "occlusions": sample.occluded}
    for what, part in parts.items():
        if part.shape[-2:] != (height, width):
            raise InputError(
                f"{sample.name} of {of.source}: the input is {width}x{height} and its {what} "
                f"{part.shape[-1]}x{part.shape[-2]}: expected one size; leave the pair out"
            )
    if of.task == "segmentation":
        last = len(of.classes) - 1
        labels = sample.target
        strange = labels[((labels < 0) | (labels > last)) & (labels != IGNORED)]
        if strange.numel():
            found = listed(sorted(set(strange.tolist())))
            raise InputError(
                f"{sample.name} of {of.source} has labels {found}: expected 0..{last}, or "
                f"{IGNORED} for none; are these pictures of labels?"
            )
