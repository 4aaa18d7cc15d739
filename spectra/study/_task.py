"""What a network is trained for: samples, a loss, and metrics."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from torch import Tensor

from spectra.attack import per_pixel_loss
from spectra.attack._spec import LossName
from spectra.data import (
    Augmentation,
    DisparityMetrics,
    Metrics,
    RestorationMetrics,
    SampleSet,
    SegmentationMetrics,
    restoration_photographs,
    shifted_pairs,
    textured_regions,
)
from spectra.errors import ParameterError


@dataclass(frozen=True)
class Task:
    """Samples to train and to test on, and what is lowered.

    Attributes
    ----------
    train, test : SampleSet
        Of one task; those to train on are varied and cut as their augmentation says.
    loss : str
        Of each pixel, see `spectra.attack.per_pixel_loss`; the mean is over pixels whose target
        is known and that are not occluded.

    Raises
    ------
    ParameterError
        If the two sets are of different tasks, or there is no such loss.
    """

    train: SampleSet
    test: SampleSet
    loss: LossName

    def __post_init__(self) -> None:
        per_pixel_loss(self.loss)
        if (self.train.task, self.train.classes) != (self.test.task, self.test.classes):
            raise ParameterError(
                f"train={self.train.source!r} is of {self.train.task} and test="
                f"{self.test.source!r} of {self.test.task}: expected one task and the same classes"
            )

    @property
    def name(self) -> str:
        """``restoration``, ``segmentation`` or ``disparity``."""
        return self.train.task

    def metrics(self) -> Metrics:
        """Return metrics that have seen nothing yet."""
        if self.name == "restoration":
            return RestorationMetrics()
        if self.name == "segmentation":
            return SegmentationMetrics(len(self.test.classes))
        return DisparityMetrics()

    def fitting(self, target: Tensor) -> Tensor:
        """Return a batch of targets as losses want them: disparities get a channel, as outputs."""
        return target[:, None] if self.name == "disparity" else target

    def pixel_loss(self, output: Tensor, target: Tensor) -> Tensor:
        """Return the loss of each pixel, (B, y, x), for targets that `fitting` returned."""
        if self.name == "disparity" and output.ndim == 3:
            output = output[:, None]
        return per_pixel_loss(self.loss)(output, target)


def restoration(
    train: SampleSet | None = None, test: SampleSet | None = None, *, loss: LossName = "psnr"
) -> Task:
    """Return the task of restoring pictures.

    Parameters
    ----------
    train, test : SampleSet, optional
        By default photographs of scikit-image under a fixed blur, 64x64 patches of them, mirrored
        at random, and whole ones to test.
    loss : str
        ``psnr`` as NAFNet; Restormer: ``l1``.
    """
    patches = Augmentation(crop=(64, 64), flip="xy")
    return Task(
        restoration_photographs("train").varied(patches) if train is None else train,
        restoration_photographs("test") if test is None else test,
        loss,
    )


def segmentation(
    train: SampleSet | None = None,
    test: SampleSet | None = None,
    *,
    loss: LossName = "cross_entropy",
) -> Task:
    """Return the task of naming the class of each pixel.

    Parameters
    ----------
    train, test : SampleSet, optional
        By default 64 and 16 pictures of 96x96 pixels with regions of four real textures, those
        to train on mirrored at random.
    loss : str
        ``cross_entropy``.
    """
    mirrored = Augmentation(flip="x")
    return Task(
        textured_regions("train").varied(mirrored) if train is None else train,
        textured_regions("test", count=16) if test is None else test,
        loss,
    )


def disparity(
    train: SampleSet | None = None, test: SampleSet | None = None, *, loss: LossName = "epe"
) -> Task:
    """Return the task of finding the disparity of each pixel of a left view.

    Parameters
    ----------
    train, test : SampleSet, optional
        By default 64 and 16 pairs of 128x160 pixels, textures shifted by up to 24, those to train
        on mirrored at random along y.
    loss : str
        ``epe``, the absolute error.
    """
    mirrored = Augmentation(flip="y")
    return Task(
        _pairs("train", 64).varied(mirrored) if train is None else train,
        _pairs("test", 16) if test is None else test,
        loss,
    )


def _pairs(split: Literal["train", "test"], count: int) -> SampleSet:
    return shifted_pairs(split, content="textures", count=count, size=(128, 160), max_disparity=24)
