"""Figures of merit, measured as the decoders' documentation measured them."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import nn

from support.realdata import kodak, luma_full, luma_video, shrunk, ycbcr_full

Pixels = NDArray[np.floating]
BORDER = 8
MEASURED_ON = (1, 2, 3, 5)  # numbers of Kodak pictures


def psnr_db(estimate: Pixels, truth: Pixels, *, peak: float = 255.0, border: int = BORDER) -> float:
    """Return 10 log10(peak² / mean squared error) of (y, x, ...) inside a border."""
    inside = slice(border, -border)
    error = (estimate - truth)[inside, inside]
    return float(10 * np.log10(peak**2 / np.mean(error**2)))


def run(model: nn.Module, pixels: Pixels) -> Pixels:
    """Return what the model makes of one (y, x, channel) picture, laid out alike."""
    planes = torch.from_numpy(pixels.astype(np.float32)[None]).permute(0, 3, 1, 2)
    with torch.inference_mode():
        return model(planes)[0].permute(1, 2, 0).numpy().astype(np.float64)


# Up-scalers: low-resolution RGB picture -> luma, 0..255.


def with_luma(model: nn.Module) -> Callable[[Image.Image], Pixels]:
    """Feed full-range luma."""
    return lambda low: run(model, luma_full(array(low))[..., None] / 255)[..., 0] * 255


def with_luma_video(model: nn.Module) -> Callable[[Image.Image], Pixels]:
    """Feed studio-range luma."""
    return lambda low: run(model, luma_video(array(low))[..., None] / 255)[..., 0] * 255


def with_ycbcr(model: nn.Module) -> Callable[[Image.Image], Pixels]:
    """Feed all three planes."""
    return lambda low: run(model, ycbcr_full(array(low)) / 255)[..., 0] * 255


def with_rgb(model: nn.Module, luma: Callable[[Pixels], Pixels]) -> Callable[[Image.Image], Pixels]:
    """Feed RGB and take the result's luma."""
    return lambda low: luma(np.clip(run(model, array(low) / 255), 0, 1) * 255)


def bicubic(factor: int, luma: Callable[[Pixels], Pixels]) -> Callable[[Image.Image], Pixels]:
    """Up-scale without a network."""

    def upscale(low: Image.Image) -> Pixels:
        size = (low.width * factor, low.height * factor)
        return luma(array(low.resize(size, Image.Resampling.BICUBIC)))

    return upscale


def array(picture: Image.Image) -> Pixels:
    return np.asarray(picture, dtype=np.float64)


def upscaling_db(
    upscale: Callable[[Image.Image], Pixels],
    data_dir: Path,
    *,
    factor: int,
    luma: Callable[[Pixels], Pixels],
    crop: int | None = None,
) -> float:
    """Return the mean PSNR of luma after shrinking by factor and up-scaling again.

    Pictures lose the rows and columns beyond a multiple of four factors; ``crop`` keeps a
    square of that side from their middle.
    """
    scores = []
    for number in MEASURED_ON:
        picture = kodak(data_dir, number)
        block = 4 * factor
        width, height = (crop or side // block * block for side in picture.size)
        left, top = ((picture.width - crop) // 2, (picture.height - crop) // 2) if crop else (0, 0)
        sharp = picture.crop((left, top, left + width, top + height))
        scores.append(psnr_db(upscale(shrunk(sharp, factor)), luma(array(sharp))))
    return float(np.mean(scores))
