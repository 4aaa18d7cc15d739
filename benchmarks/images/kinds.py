"""What was done to a scene, the period that it leaves, and the causes that are right."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial

import numpy as np
import torch
from PIL import Image
from scipy import ndimage

from images.scenes import levels

WAYS = {"nearest": 0, "bilinear": 2, "bicubic": 3, "lanczos": 1, "box": 4}


@dataclass(frozen=True)
class Kind:
    """One history of a picture.

    Attributes
    ----------
    make : callable
        (scene, generator of random numbers) -> picture, uint8.
    factor : float
        How much larger the picture is than its scene.
    periods : tuple of int
        Those that are right.
    causes : tuple of str
        Ids of which the first told, or one of several told, is right.
    """

    make: Callable[..., np.ndarray]
    factor: float = 1.0
    periods: tuple[int, ...] = ()
    causes: tuple[str, ...] = ()


def jpeg(scene, rng, *, quality, offset=(0, 0), colour=0):
    """Return a scene after JPEG, cropped by an offset."""
    stream = io.BytesIO()
    Image.fromarray(scene).save(stream, "JPEG", quality=quality, subsampling=colour)
    return np.asarray(Image.open(stream))[offset[0] :, offset[1] :]


def jpeg_twice(scene, rng):
    """Return a scene after JPEG 60, a crop, and JPEG 95."""
    return jpeg(jpeg(scene, rng, quality=60, offset=(3, 5)), rng, quality=95)


def resized(scene, rng, *, factor, how):
    """Return a scene resized by Pillow."""
    size = tuple(round(side * factor) for side in scene.shape[1::-1])
    return np.asarray(Image.fromarray(scene).resize(size, WAYS[how]))


def resized_then_jpeg(scene, rng):
    """Return a scene enlarged by 2, then JPEG 90."""
    return jpeg(resized(scene, rng, factor=2, how="bicubic"), rng, quality=90)


def jpeg_then_resized(scene, rng):
    """Return a scene after JPEG 75, enlarged by 2."""
    return resized(jpeg(scene, rng, quality=75), rng, factor=2, how="bicubic")


def demosaiced(scene, rng, *, how):
    """Return a scene seen through an RGGB mosaic, whose gaps are filled in one of three ways."""
    height, width = scene.shape[:2]
    mask = np.zeros((height, width, 3))
    mask[::2, ::2, 0] = mask[::2, 1::2, 1] = mask[1::2, ::2, 1] = mask[1::2, 1::2, 2] = 1
    cross = np.array([[0, 1, 0], [1, 4, 1], [0, 1, 0]]) / 4
    square = np.array([[1, 2, 1], [2, 4, 2], [1, 2, 1]]) / 4
    fill = partial(ndimage.convolve, mode="mirror")
    red, green, blue = np.moveaxis(scene * mask, -1, 0)
    full = fill(green, cross)
    if how == "gradient":  # green plus a quarter of the mosaic's Laplacian (Malvar 2004)
        raw = red + green + blue
        laplacian = np.zeros((5, 5))
        laplacian[2, 2], laplacian[[0, 4, 2, 2], [2, 2, 0, 4]] = 4, -1
        full = np.where(mask[..., 1] > 0, raw, full + fill(raw, laplacian / 8))
    if how == "linear":
        return levels(np.stack([fill(red, square), full, fill(blue, square)], -1))
    apart = [full + fill((c - full) * mask[..., i], square) for i, c in ((0, red), (2, blue))]
    return levels(np.stack([apart[0], full, apart[1]], -1))


def pattern(scene, rng, *, period, rms=1.0):
    """Return a scene with a fixed pattern, as a decoder of uneven phases leaves."""
    one = rng.normal(0, 1, (period, period, 3))
    one -= one.mean((0, 1))
    one *= rms / one.std()
    repeats = [side // period + 1 for side in scene.shape[:2]]
    return levels(scene + np.tile(one, (*repeats, 1))[: scene.shape[0], : scene.shape[1]])


def tiled(scene, rng, *, side, sd=2.0):
    """Return a scene whose tiles differ in brightness."""
    rows, columns = (length // side + 1 for length in scene.shape[:2])
    offsets = np.kron(rng.normal(0, sd, (rows, columns, 1)), np.ones((side, side, 1)))
    return levels(scene + offsets[: scene.shape[0], : scene.shape[1]])


def dithered(scene, rng):
    """Return a scene of six levels a channel, by Bayer's matrix of 8x8."""
    matrix = np.zeros((1, 1))
    for _ in range(3):
        matrix = np.block([[4 * matrix, 4 * matrix + 2], [4 * matrix + 3, 4 * matrix + 1]])
    height, width = scene.shape[:2]
    limits = np.tile(matrix / 64, (height // 8 + 1, width // 8 + 1))[:height, :width, None]
    return levels(np.floor(scene / 255 * 5 + limits) * 51)


@cache
def _demo(name):
    from safetensors.torch import load_file

    from spectra import demo

    model = getattr(demo, name)()
    model.load_state_dict(load_file(demo.weights(name)))
    return model.eval()


def decoded(scene, rng, *, name):
    """Return a scene enlarged by 4 by a decoder of the demonstration."""
    batch = torch.from_numpy(scene.astype(np.float32) / 255).permute(2, 0, 1)[None]
    with torch.no_grad():
        made = _demo(name)(batch)[0].permute(1, 2, 0).numpy()
    return levels(255 * made)


JPEG = ("jpeg",)
ENLARGED = ("resize",)
KINDS: dict[str, Kind] = {
    "clean": Kind(lambda scene, rng: scene),
    **{
        f"JPEG {q}, blocks from {tuple(-o % 8 for o in offset)}": Kind(
            partial(jpeg, quality=q, offset=offset), periods=(8,), causes=JPEG
        )
        for q in (98, 95, 85, 60)
        for offset in ((0, 0), (3, 5), (4, 4))
    },
    "JPEG 85, colour halved": Kind(partial(jpeg, quality=85, colour=2), periods=(8,), causes=JPEG),
    "JPEG twice": Kind(jpeg_twice, periods=(8,), causes=("jpeg", "double_jpeg")),
    **{
        f"demosaicing, {how}": Kind(
            partial(demosaiced, how=how), periods=(2,), causes=("demosaic",)
        )
        for how in ("linear", "differences", "gradient")
    },
    **{
        f"enlarged by {text}, {how}": Kind(
            partial(resized, factor=factor, how=how), factor, periods=(period,), causes=ENLARGED
        )
        for text, factor, period in (
            ("5/4", 1.25, 5),
            ("4/3", 4 / 3, 4),
            ("3/2", 1.5, 3),
            ("2", 2.0, 2),
            ("4", 4.0, 4),
        )
        for how in WAYS
    },
    **{
        f"reduced by 3/4, {how}": Kind(
            partial(resized, factor=0.75, how=how), 0.75, periods=(3,), causes=ENLARGED
        )
        for how in WAYS
    },
    "enlarged by 2, then JPEG 90": Kind(
        resized_then_jpeg, 2.0, periods=(8, 2), causes=("jpeg", "resize")
    ),
    "JPEG 75, then enlarged by 2": Kind(jpeg_then_resized, 2.0, periods=(2, 16), causes=ENLARGED),
    **{
        f"pattern of {p} px, {rms:g} grey level{'s' * (rms > 1)}": Kind(
            partial(pattern, period=p, rms=rms), periods=(p,), causes=("decoder", "patch")
        )
        for p in (2, 4, 8, 14, 16)
        for rms in (0.5, 2.0)
    },
    **{
        f"decoder of the demo, {name}": Kind(
            partial(decoded, name=name), 4.0, periods=(2, 4), causes=("decoder",)
        )
        for name in ("small", "lctc", "lctc_sinc")
    },
    **{
        f"tiles of {side} px, 2 grey levels": Kind(
            partial(tiled, side=side), periods=(side,), causes=("tiles", "patch")
        )
        for side in (14, 16, 32, 64)
    },
    "ordered dithering": Kind(dithered, periods=(2, 4, 8), causes=("dithering",)),
}
