"""Segmentation without any file: regions of real textures, with exact labels."""

from __future__ import annotations

from functools import lru_cache, partial
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray

from spectra._checks import check_positive
from spectra.data._folders import check_choice
from spectra.data._sample import Sample, labelled
from spectra.data._sample_set import SampleSet

TEXTURES = ("brick", "grass", "gravel", "page")  # of scikit-image; the last is printed text
REGIONS = 8
SALT = {"train": 0, "test": 1}


def textured_regions(
    split: Literal["train", "test"] = "test", *, count: int = 64, size: int = 96, seed: int = 0
) -> SampleSet:
    """Return pictures of 8 regions, each filled with one of four textures of scikit-image.

    Regions are the cells of random points: each pixel belongs to the nearest of them. A region's
    texture is brick, grass, gravel or a printed page, cut at a random place and of random
    brightness and contrast, so that gray levels do not tell the class. Training takes the left
    halves of the textures, testing the right ones.

    Parameters
    ----------
    split : {"train", "test"}
    count : int
        Number of pictures.
    size : int
        Height and width, at most 190.
    seed : int
        Of the regions.

    Returns
    -------
    SampleSet
        Labels 0..3; known everywhere.

    Examples
    --------
    >>> sample = textured_regions(size=32)[0]
    >>> sample.input.shape, sample.target.shape
    (torch.Size([3, 32, 32]), torch.Size([32, 32]))
    """
    check_choice("split", split, SALT)
    check_positive("count", count)
    check_choice("size", size, range(1, 191))
    readers = tuple(partial(_draw, split, size, (seed, SALT[split], n)) for n in range(count))
    return SampleSet(f"textures {split}", "segmentation", readers, classes=TEXTURES)


@lru_cache(maxsize=4096)
def _draw(split: str, size: int, seeds: tuple[int, int, int]) -> Sample:
    rng = np.random.default_rng(seeds)
    classes = rng.integers(len(TEXTURES), size=REGIONS)
    region = cells(rng.uniform(0, size, (REGIONS, 2)), size)
    gray = np.zeros((size, size), dtype=np.float32)
    for number, label in enumerate(classes):
        texture = texture_part(TEXTURES[label], split)
        top, left = (int(rng.integers(n - size + 1)) for n in texture.shape)
        patch = texture[top : top + size, left : left + size]
        level, contrast = rng.uniform(0.35, 0.65), rng.uniform(0.1, 0.2)
        toned = np.clip(level + contrast * patch, 0, 1).astype(np.float32)
        gray = np.where(region == number, toned, gray)
    labels = torch.from_numpy(classes[region])
    picture = torch.from_numpy((gray * 255).round() / np.float32(255))
    return labelled(picture.expand(3, -1, -1).contiguous(), labels, f"{split}-{seeds[2]}")


def cells(points: NDArray[np.float64], size: int) -> NDArray[np.intp]:
    """Return for each pixel which of ``points``, (n, 2) as y and x, is nearest to its centre."""
    y, x = np.indices((size, size)) + 0.5
    distance = (y[..., None] - points[:, 0]) ** 2 + (x[..., None] - points[:, 1]) ** 2
    nearest: NDArray[np.intp] = distance.argmin(axis=-1)
    return nearest


@lru_cache(maxsize=8)
def texture_part(name: str, split: str) -> NDArray[np.float32]:
    """Return the left half of a texture to train, else the right one; mean 0, variance 1."""
    import skimage.data

    values = np.asarray(getattr(skimage.data, name)(), dtype=np.float64)
    middle = values.shape[1] // 2
    half = values[:, :middle] if split == "train" else values[:, middle:]
    standard: NDArray[np.float32] = ((half - half.mean()) / half.std()).astype(np.float32)
    return standard
