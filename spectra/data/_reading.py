"""Pictures, labels and disparities in files become tensors."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from spectra.errors import InputError
from spectra.inputs import read_labels, read_picture


def read_rgb(path: Path) -> Tensor:
    """Return a picture as float32 (3, y, x) in 0..1; gray is repeated, alpha left out."""
    pixels = read_picture(path)
    white = np.iinfo(pixels.dtype).max if pixels.dtype.kind == "u" else 1
    planes = np.moveaxis(pixels.astype(np.float32) / np.float32(white), -1, 0)
    return torch.from_numpy(np.ascontiguousarray(planes)).expand(3, -1, -1).contiguous()


def read_mask(path: Path) -> Tensor:
    """Return where a gray picture is not black, bool (y, x)."""
    return torch.from_numpy((read_picture(path) != 0).any(axis=-1))


def read_label_map(path: Path) -> Tensor:
    """Return the label of each pixel, int64 (y, x): the number in the file, never its colour."""
    return torch.from_numpy(read_labels(path))


def read_kitti(path: Path) -> Tensor:
    """Return the disparity in a PNG of 16 bits, float32 (y, x): 256 to a pixel, 0 for unknown."""
    pixels = read_picture(path)
    if pixels.dtype != np.uint16 or pixels.shape[-1] != 1:
        raise InputError(
            f"{path} has {pixels.shape[-1]} channels of {pixels.dtype}: expected gray of 16 bits, "
            "disparity times 256"
        )
    return torch.from_numpy(pixels[..., 0].astype(np.float32) / np.float32(256))
