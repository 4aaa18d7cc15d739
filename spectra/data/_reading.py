"""Pictures, labels and disparities in files become tensors."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from spectra._files import PICTURE_HEAD_BYTES, check_pixels, open_regular, picture_format
from spectra._text import brief
from spectra.errors import InputError
from spectra.inputs import read_picture


def read_rgb(path: Path) -> Tensor:
    """Return a picture as float32 (3, y, x) in 0..1; gray is repeated, alpha left out."""
    pixels = read_picture(path)
    white = np.iinfo(pixels.dtype).max if pixels.dtype.kind == "u" else 1
    planes = np.moveaxis(pixels.astype(np.float32) / np.float32(white), -1, 0)
    return torch.from_numpy(np.ascontiguousarray(planes)).expand(3, -1, -1).contiguous()


def read_mask(path: Path) -> Tensor:
    """Return where a gray picture is not black, bool (y, x)."""
    return torch.from_numpy((read_picture(path) != 0).any(axis=-1))


def read_labels(path: Path) -> Tensor:
    """Return the label of each pixel, int64 (y, x): the number in the file, never its colour.

    Raises
    ------
    InputError
        If the picture has colours and no palette: those would have to be guessed.
    """
    try:
        return torch.from_numpy(_label_numbers(path))
    except Exception as error:
        raise InputError(
            f"{path} holds no labels ({brief(error)}): expected a PNG with a palette or gray "
            "levels, the number of a class in each pixel"
        ) from error


def _label_numbers(path: Path) -> NDArray[np.int64]:
    """Return the numbers in a PNG of 8 bits or less; Pillow gives those of a palette unasked."""
    from PIL import Image

    with open_regular(path) as file:
        found = picture_format(file.read(PICTURE_HEAD_BYTES))
        file.seek(0)
        if found != "PNG":
            raise ValueError("it is no PNG")
        with Image.open(file, formats=[found]) as image:
            check_pixels(image.width * image.height, path.stat().st_size)
            if image.mode not in ("P", "L"):
                raise ValueError(f"its pixels are {image.mode}")
            return np.array(image, dtype=np.int64)


def read_kitti(path: Path) -> Tensor:
    """Return the disparity in a PNG of 16 bits, float32 (y, x): 256 to a pixel, 0 for unknown."""
    pixels = read_picture(path)
    if pixels.dtype != np.uint16 or pixels.shape[-1] != 1:
        raise InputError(
            f"{path} has {pixels.shape[-1]} channels of {pixels.dtype}: expected gray of 16 bits, "
            "disparity times 256"
        )
    return torch.from_numpy(pixels[..., 0].astype(np.float32) / np.float32(256))
