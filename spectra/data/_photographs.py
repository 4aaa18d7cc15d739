"""Restoration without any file: photographs of scikit-image, blurred or halved.

Left out are pictures that are JPEG files (rocket, retina, hubble_deep_field), those that carry a
grid (coffee, coins, moon, immunohistochemistry), and one that is blurred itself (clock).
"""

from __future__ import annotations

from functools import lru_cache, partial
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from spectra.data._folders import check_choice
from spectra.data._sample import Sample, known_everywhere
from spectra.data._sample_set import SampleSet

PARTS: dict[str, tuple[str, ...]] = {
    "train": ("astronaut", "brick", "camera", "cell", "grass", "gravel"),
    "test": ("chelsea", "motorcycle"),
}
LENGTH = 5  # pixels of the blur
GAMMA = 2.2  # as in GoPro's recipe
MULTIPLE = 32  # of a picture's sides, for networks with up to five levels


def restoration_photographs(
    split: Literal["train", "test"] = "test", *, damage: Literal["blur", "half"] = "blur"
) -> SampleSet:
    """Return photographs of scikit-image with the same ones damaged; nothing is downloaded.

    Trained on are astronaut, brick, camera, cell, grass and gravel, tested on chelsea and the
    left view of the Middlebury motorcycle. Gray ones have three equal channels.

    Parameters
    ----------
    split : {"train", "test"}
    damage : {"blur", "half"}
        The mean of 5 pixels along x in linear light (gamma 2.2), as a camera that moves makes
        it; or the mean of 2x2 pixels, enlarged again by bicubic interpolation. Both are rounded
        to 8 bits, as a file would hold them.

    Returns
    -------
    SampleSet
        Input and target have one size, a multiple of 32 along both axes.

    Examples
    --------
    >>> [(sample.name, tuple(sample.input.shape)) for sample in restoration_photographs()]
    [('chelsea', (3, 288, 416)), ('motorcycle', (3, 480, 736))]
    """
    check_choice("split", split, PARTS)
    check_choice("damage", damage, ("blur", "half"))
    readers = tuple(partial(_damaged, name, damage) for name in PARTS[split])
    return SampleSet(f"photographs {split} ({damage})", "restoration", readers)


@lru_cache(maxsize=16)
def _damaged(name: str, damage: str) -> Sample:
    sharp = torch.from_numpy(_photograph(name))
    poor = blurred(sharp) if damage == "blur" else halved(sharp)
    margin = LENGTH // 2 if damage == "blur" else 0
    sharp = sharp[..., margin : sharp.shape[-1] - margin]
    height, width = (n // MULTIPLE * MULTIPLE for n in sharp.shape[-2:])
    poor = (poor.clamp(0, 1) * 255).round() / 255
    window = (..., slice(height), slice(width))
    return known_everywhere(poor[window].contiguous(), sharp[window].contiguous(), name)


def _photograph(name: str) -> NDArray[np.float32]:
    """Return a photograph as (3, y, x) in 0..1."""
    import skimage.data

    if name == "motorcycle":
        pixels = skimage.data.stereo_motorcycle()[0]
    else:
        pixels = getattr(skimage.data, name)()
    rgb = pixels if pixels.ndim == 3 else np.repeat(pixels[..., None], 3, axis=-1)
    return np.ascontiguousarray(np.moveaxis(rgb, -1, 0) / np.float32(255), dtype=np.float32)


def blurred(picture: Tensor) -> Tensor:
    """Return the mean of 5 neighbours along x in linear light, where all 5 are there.

    Examples
    --------
    >>> step = torch.tensor([0.0, 0.0, 0.0, 0.0, 1.0, 1.0])
    >>> blurred(step.expand(3, 1, 6))[0, 0] ** 2.2
    tensor([0.2000, 0.4000])
    """
    light = picture.double() ** GAMMA
    width = picture.shape[-1] - LENGTH + 1
    total = sum(light[..., shift : shift + width] for shift in range(LENGTH))
    assert isinstance(total, Tensor)
    return ((total / LENGTH) ** (1 / GAMMA)).to(picture.dtype)


def halved(picture: Tensor) -> Tensor:
    """Return the mean of 2x2 pixels, enlarged two-fold by bicubic interpolation."""
    height, width = (n // 2 * 2 for n in picture.shape[-2:])
    small = functional.avg_pool2d(picture[None, :, :height, :width], 2)
    return functional.interpolate(small, scale_factor=2, mode="bicubic")[0]
