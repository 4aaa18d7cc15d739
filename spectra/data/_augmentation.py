"""Crops and random variations of training samples, moved alike for input, target and masks."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from spectra.data._sample import Sample, TaskName
from spectra.errors import InputError, ParameterError
from spectra.inputs import IGNORED


@dataclass(frozen=True)
class Augmentation:
    """How a sample is varied at random, and cut.

    Attributes
    ----------
    crop : (int, int), optional
        Height and width of a window at a random place; without it the whole sample is kept.
    flip : {"", "x", "y", "xy"}
        Axes that are mirrored, each in half of the draws; stereo has no ``x``, which would make
        the right view the left one.
    scale : (float, float), optional
        Range of factors by which a sample is enlarged, of segmentation only.
    rotate : float
        Degrees up to which it is turned either way, of segmentation only.
    transpose : bool
        Exchange x and y in half of the draws, of a square crop and not of stereo: with both flips
        a picture comes in each of its eight positions.

    Examples
    --------
    >>> Augmentation.of_paper("segmentation")
    Augmentation(crop=(256, 256), flip='x', scale=(0.5, 2.0), rotate=10.0, transpose=False)
    """

    crop: tuple[int, int] | None = None
    flip: Literal["", "x", "y", "xy"] = ""
    scale: tuple[float, float] | None = None
    rotate: float = 0.0
    transpose: bool = False

    def __post_init__(self) -> None:
        if self.crop is not None and not _is_size(self.crop):
            raise ParameterError(f"crop={self.crop!r}: expected a height and a width")
        if self.flip not in ("", "x", "y", "xy"):
            raise ParameterError(f"flip={self.flip!r}: expected '', 'x', 'y' or 'xy'")
        if self.scale is not None and not 0 < self.scale[0] <= self.scale[1]:
            raise ParameterError(f"scale={self.scale!r}: expected two factors, like (0.5, 2.0)")
        if not 0 <= self.rotate <= 180:
            raise ParameterError(f"rotate={self.rotate!r}: expected degrees from 0 to 180")
        if self.transpose and (self.crop is None or self.crop[0] != self.crop[1]):
            raise ParameterError(
                f"transpose=True with crop={self.crop}: expected a square crop, whose rows and "
                "columns can be exchanged"
            )

    @staticmethod
    def of_paper(task: TaskName) -> Augmentation:
        """Return the crops and variations that the paper's networks were trained with.

        NAFNet's 256x256 patches of GoPro in all eight positions; the authors' 256x256 crops of
        PASCAL VOC, enlarged by 0.5 to 2 and turned by up to 10 degrees; STTR's 360x640 crops of
        SceneFlow.
        """
        if task == "restoration":
            return Augmentation(crop=(256, 256), flip="xy", transpose=True)
        if task == "segmentation":
            return Augmentation(crop=(256, 256), flip="x", scale=(0.5, 2.0), rotate=10.0)
        if task == "disparity":
            return Augmentation(crop=(360, 640))
        raise ParameterError(
            f"task={task!r}: expected 'restoration', 'segmentation' or 'disparity'"
        )

    def check(self, task: TaskName) -> None:
        """Raise ParameterError if samples of that task cannot be varied so."""
        if task != "segmentation" and (self.scale is not None or self.rotate):
            raise ParameterError(
                f"scale={self.scale}, rotate={self.rotate:g} of {task}: only labels can be "
                "enlarged and turned; expected crop and flip alone"
            )
        if task == "disparity" and ("x" in self.flip or self.transpose):
            raise ParameterError(
                f"flip={self.flip!r}, transpose={self.transpose} of disparity: mirrored along x "
                "the left view is a right one; expected '' or 'y', and no transpose"
            )

    def __call__(self, sample: Sample, rng: np.random.Generator) -> Sample:
        """Return ``sample`` varied as ``rng`` says."""
        mirrored = [-1 if axis == "x" else -2 for axis in self.flip if rng.random() < 0.5]
        exchanged = self.transpose and rng.random() < 0.5
        if self.scale is None and not self.rotate and not self._exceeds(sample.target):
            sample = self._cut(sample, rng)
        else:
            sample = self._moved(sample, rng)
        sample = sample.each(lambda part: part.flip(mirrored))
        return sample.each(lambda part: part.mT) if exchanged else sample

    def _exceeds(self, target: Tensor) -> bool:
        """Tell whether the window is larger than a picture of labels, which go on as void."""
        sides = zip(target.shape[-2:], self.crop or (0, 0), strict=True)
        return not target.is_floating_point() and any(n < c for n, c in sides)

    def _cut(self, sample: Sample, rng: np.random.Generator) -> Sample:
        height, width = sample.input.shape[-2:]
        rows, columns = self.crop or (height, width)
        if height < rows or width < columns:
            raise InputError(
                f"{sample.name} is {width}x{height}, smaller than the crop of {columns}x{rows}: "
                f"expected crop=({min(rows, height)}, {min(columns, width)}) or less"
            )
        top, left = int(rng.integers(height - rows + 1)), int(rng.integers(width - columns + 1))
        window = (..., slice(top, top + rows), slice(left, left + columns))
        return sample.each(lambda part: part[window])

    def _moved(self, sample: Sample, rng: np.random.Generator) -> Sample:
        """Enlarge, turn and cut in one go, so that pixels are interpolated once."""
        height, width = sample.input.shape[-2:]
        factor = 1.0 if self.scale is None else float(rng.uniform(*self.scale))
        angle = float(np.deg2rad(rng.uniform(-self.rotate, self.rotate)))
        window = self.crop or (height, width)
        enlarged = (round(factor * height), round(factor * width))
        corner = [_place(n - w, rng) for n, w in zip(enlarged, window, strict=True)]
        y, x = _positions((height, width), window, corner, factor=factor, angle=angle)
        inside = (y >= 0) & (y < height) & (x >= 0) & (x < width)
        row, column = (p.floor().long().clamp(0, n - 1) for p, n in ((y, height), (x, width)))
        colour = sample.input.mean((1, 2))[:, None, None]
        return Sample(
            torch.where(inside, _bilinear(sample.input, y, x), colour),
            torch.where(inside, sample.target[row, column], torch.tensor(IGNORED)),
            inside & sample.mask[row, column],
            inside & sample.occluded[row, column],
            name=sample.name,
        )


def _place(room: int, rng: np.random.Generator) -> int:
    """Return where a window begins: anywhere in the sample, or around it where it is larger."""
    return int(rng.integers(room + 1)) if room >= 0 else room // 2


def _positions(
    size: tuple[int, int],
    window: tuple[int, int],
    corner: Sequence[int],
    *,
    factor: float,
    angle: float,
) -> tuple[Tensor, Tensor]:
    """Return where in the sample each pixel of the window comes from, y and x.

    The centre of the first pixel is at 0.5. ``corner`` counts pixels of the enlarged sample,
    which is turned about its middle.
    """
    down, right = torch.meshgrid(
        *(
            (torch.arange(w, dtype=torch.float64) + 0.5 + first - round(factor * n) / 2) / factor
            for n, w, first in zip(size, window, corner, strict=True)
        ),
        indexing="ij",
    )
    cos, sin = math.cos(angle), math.sin(angle)
    return cos * down + sin * right + size[0] / 2, cos * right - sin * down + size[1] / 2


def _bilinear(picture: Tensor, y: Tensor, x: Tensor) -> Tensor:
    """Return the picture at positions, its border pixels repeated."""
    height, width = picture.shape[-2:]
    grid = torch.stack((2 * x / width - 1, 2 * y / height - 1), dim=-1).to(picture.dtype)
    options = {"mode": "bilinear", "padding_mode": "border", "align_corners": False}
    return functional.grid_sample(picture[None], grid[None], **options)[0]  # type: ignore[arg-type]


def _is_size(crop: object) -> bool:
    """Tell whether a crop is a height and a width."""
    return (
        isinstance(crop, Sequence)
        and len(crop) == 2
        and all(isinstance(side, int) and side > 0 for side in crop)
    )
