"""What a network is trained for: samples, a loss, and metrics."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from torch import Tensor, nn

from spectra import capture
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
    mean, std : tuple of float
        Of each channel; where they are given, a model sees ``(picture - mean) / std``. Attacks and
        metrics go on in 0..1.
    matching : bool
        Of disparity: train STTR by its authors' loss, which also looks at its plan of matches, its
        coarse disparity and its occlusion. Attacks raise ``loss``.

    Raises
    ------
    ParameterError
        If the two sets are of different tasks, there is no such loss, or mean and std do not
        belong together.
    """

    train: SampleSet
    test: SampleSet
    loss: LossName
    mean: tuple[float, ...] = ()
    std: tuple[float, ...] = ()
    matching: bool = False

    def __post_init__(self) -> None:
        per_pixel_loss(self.loss)
        if len(self.mean) != len(self.std) or not all(deviation > 0 for deviation in self.std):
            raise ParameterError(
                f"mean={self.mean} and std={self.std}: expected a number for each channel in both, "
                "deviations above 0"
            )
        if self.matching and self.train.task != "disparity":
            raise ParameterError(
                f"matching=True of {self.train.task}: expected False; only disparity has matches"
            )
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

    def normalised(self, x: Tensor) -> Tensor:
        """Return inputs in 0..1 as models of this task see them; both views of stereo alike."""
        if not self.mean:
            return x
        views = x.shape[1] // len(self.mean)
        mean, std = (
            x.new_tensor(values).repeat(views)[:, None, None] for values in (self.mean, self.std)
        )
        return (x - mean) / std

    def output(self, model: nn.Module, x: Tensor) -> Tensor:
        """Return what a model makes of inputs in 0..1."""
        return capture.forward(model, self.normalised(x))

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
    train: SampleSet | None = None,
    test: SampleSet | None = None,
    *,
    loss: LossName = "epe",
    matching: bool = False,
) -> Task:
    """Return the task of finding the disparity of each pixel of a left view.

    Parameters
    ----------
    train, test : SampleSet, optional
        By default 64 and 16 pairs of 128x160 pixels, textures shifted by up to 24, those to train
        on mirrored at random along y.
    loss : str
        ``epe``, the absolute error.
    matching : bool
        Train STTR by its authors' loss, see `Task`.
    """
    mirrored = Augmentation(flip="y")
    return Task(
        _pairs("train", 64).varied(mirrored) if train is None else train,
        _pairs("test", 16) if test is None else test,
        loss,
        matching=matching,
    )


def _pairs(split: Literal["train", "test"], count: int) -> SampleSet:
    return shifted_pairs(split, content="textures", count=count, size=(128, 160), max_disparity=24)
