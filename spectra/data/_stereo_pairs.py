"""Disparity without any file: a real pair of views, and pairs that are shifted by design."""

from __future__ import annotations

from functools import lru_cache, partial
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray

from spectra._checks import check_positive
from spectra.data._folders import check_choice
from spectra.data._sample import Sample
from spectra.data._sample_set import SampleSet
from spectra.data._stereo import stereo_sample
from spectra.data._textures import TEXTURES, texture_part
from spectra.errors import ParameterError

HALVES = {"train": slice(0, 368), "test": slice(368, 736)}  # columns of the motorcycle
ROWS = slice(0, 480)
RECTANGLES = 5
SALT = {"train": 0, "test": 1}


def motorcycle(split: Literal["train", "test"] = "test") -> SampleSet:
    """Return half of the Middlebury *Motorcycle* pair, which comes with scikit-image [1]_.

    Parameters
    ----------
    split : {"train", "test"}
        The left 368 columns, or the next 368; 480 rows.

    Returns
    -------
    SampleSet
        One pair, disparities 7.2 to 59.9; unknown ones are infinite in the file and masked here.

    References
    ----------
    .. [1] D. Scharstein et al., *High-Resolution Stereo Datasets with Subpixel-Accurate Ground
       Truth*, GCPR 2014.

    Examples
    --------
    >>> sample = motorcycle("train")[0]
    >>> sample.input.shape, sample.target.shape
    (torch.Size([6, 480, 368]), torch.Size([480, 368]))
    """
    check_choice("split", split, HALVES)
    return SampleSet(f"motorcycle {split}", "disparity", (partial(_half, split),))


@lru_cache(maxsize=2)
def _half(split: str) -> Sample:
    import skimage.data

    left, right, disparity = skimage.data.stereo_motorcycle()
    views = np.concatenate((left, right), axis=-1)[ROWS, HALVES[split]]
    return stereo_sample(
        torch.from_numpy(np.ascontiguousarray(np.moveaxis(views, -1, 0) / np.float32(255))),
        torch.from_numpy(np.ascontiguousarray(disparity[ROWS, HALVES[split]])),
        occluded=None,
        most=None,
        name=f"motorcycle-{split}",
    )


def shifted_pairs(
    split: Literal["train", "test"] = "test",
    *,
    content: Literal["dots", "textures"] = "dots",
    count: int = 64,
    size: tuple[int, int] = (64, 96),
    max_disparity: int = 12,
    seed: int = 0,
) -> SampleSet:
    """Return pairs whose right view is the left one with rectangles moved by whole pixels.

    Five rectangles lie before a background, each at one disparity; nearer ones cover farther
    ones. What the right view uncovers is filled with content of its own, so that it has no match.

    Parameters
    ----------
    split : {"train", "test"}
        Of textures, the left or the right halves; of dots, other ones.
    content : {"dots", "textures"}
        Black and white pixels at random, or brick, grass, gravel and a printed page.
    count : int
        Number of pairs.
    size : (int, int)
        Height and width, of textures at most 190 each.
    max_disparity : int
        Largest disparity in pixels; the least is 1.
    seed : int
        Of everything.

    Returns
    -------
    SampleSet
        Disparities are known everywhere, and so is what is occluded.

    Examples
    --------
    >>> sample = shifted_pairs(size=(24, 32), max_disparity=4)[0]
    >>> y, x = (~sample.occluded).nonzero(as_tuple=True)
    >>> left, right = sample.input[:3], sample.input[3:]
    >>> torch.equal(left[:, y, x], right[:, y, x - sample.target[y, x].long()])
    True
    """
    check_choice("split", split, SALT)
    check_choice("content", content, ("dots", "textures"))
    check_positive("count", count)
    check_positive("max_disparity", max_disparity)
    most = 190 if content == "textures" else 4096
    if len(size) != 2 or not all(max_disparity < n <= most for n in size):
        raise ParameterError(
            f"size={size!r}: expected a height and a width above max_disparity={max_disparity}, at "
            f"most {most}"
        )
    draw = partial(_shifted, split, content=content, size=size, most=max_disparity)
    readers = tuple(partial(draw, seeds=(seed, SALT[split], n)) for n in range(count))
    return SampleSet(f"shifted {content} {split}", "disparity", readers)


@lru_cache(maxsize=4096)
def _shifted(
    split: str, *, content: str, size: tuple[int, int], most: int, seeds: tuple[int, int, int]
) -> Sample:
    rng = np.random.default_rng(seeds)
    disparity = _scene(rng, size, most)
    left, filling = (_content(rng, content, split, size) for _ in range(2))
    right, seen = right_view(left, disparity, filling)
    views = np.repeat(np.stack((left, right)), 3, axis=0)
    return stereo_sample(
        torch.from_numpy(views),
        torch.from_numpy(disparity.astype(np.float32)),
        occluded=torch.from_numpy(~seen),
        most=None,
        name=f"{content}-{split}-{seeds[2]}",
    )


def _scene(rng: np.random.Generator, size: tuple[int, int], most: int) -> NDArray[np.int64]:
    """Return the disparity of each pixel: rectangles, the nearer ones on top."""
    disparity = np.full(size, rng.integers(1, most // 3 + 2), dtype=np.int64)
    for near in sorted(rng.integers(1, most + 1, RECTANGLES)):
        top, left = rng.integers(0, size)
        height, width = 2 + rng.integers(0, size) // 2
        part = disparity[top : top + height, left : left + width]
        np.maximum(part, near, out=part)
    return disparity


def _content(
    rng: np.random.Generator, content: str, split: str, size: tuple[int, int]
) -> NDArray[np.float32]:
    if content == "dots":
        return rng.integers(0, 2, size).astype(np.float32)
    texture = texture_part(TEXTURES[rng.integers(len(TEXTURES))], split)
    top, left = (int(rng.integers(n - m + 1)) for n, m in zip(texture.shape, size, strict=True))
    patch = texture[top : top + size[0], left : left + size[1]]
    gray: NDArray[np.float32] = np.clip(0.5 + 0.17 * patch, 0, 1).astype(np.float32)
    return gray


def right_view(
    left: NDArray[np.float32], disparity: NDArray[np.int64], filling: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Return the right view, and which pixels of the left one it shows.

    Every pixel moves left by its disparity. Of those that meet the nearest stays, the one of the
    largest disparity; where none comes ``filling`` shows.
    """
    right, nearest = filling.copy(), np.zeros(left.shape, dtype=np.int64)
    for d in np.unique(disparity):  # ascending, so that nearer pixels come later and stay
        y, x = np.nonzero(disparity == d)
        y, x = y[x >= d], x[x >= d]
        right[y, x - d], nearest[y, x - d] = left[y, x], d
    rows, columns = np.indices(left.shape)
    place = columns - disparity
    seen: NDArray[np.bool_] = (place >= 0) & (nearest[rows, np.maximum(place, 0)] == disparity)
    return right, seen
