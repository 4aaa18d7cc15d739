"""Pictures and random fields without a grid of their own, split into two parts.

Choices are made on the part ``tuning``; the table is printed on ``reporting``. No picture
and no seed is in both.
"""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

import numpy as np
import skimage.color
import skimage.data
from numpy.random import Generator
from numpy.typing import NDArray
from skimage.io import imread
from skimage.transform import rescale
from skimage.util import img_as_float32

from spectra.signals import power_law_noise

Maps = NDArray[np.float32]

PHOTOGRAPHS = {
    "tuning": ("astronaut", "coffee", "hubble_deep_field", "retina"),
    "reporting": ("camera", "chelsea", "clock", "rocket"),
}
TEXTURES = {"tuning": ("brick",), "reporting": ("grass", "gravel")}
SHRINK = 1 / 1.83  # with antialiasing: removes grids of demosaicing and JPEG
LEVELS = 255.0
EMPTY = 2.0  # levels of standard deviation

DATA = Path(
    os.environ.get("SPECTRA_DATA") or Path(__file__).resolve().parents[3] / "shared" / "data"
)


@cache
def picture(name: str, *, shrunk: bool) -> Maps:
    """Return one picture as (channel, y, x) in 0..255, shrunk by 1.83 or as it is."""
    if name.startswith("kodak/"):
        values = img_as_float32(imread(DATA / "images" / name))
    else:
        values = img_as_float32(getattr(skimage.data, name)())
    if values.ndim == 2:
        values = values[..., None]
    if shrunk:
        values = rescale(values, SHRINK, order=3, anti_aliasing=True, channel_axis=-1)
    return np.ascontiguousarray(np.moveaxis(values * LEVELS, -1, 0), dtype=np.float32)


def kodak() -> tuple[str, ...]:
    """Return the names of the Kodak pictures at hand; none where the data are absent."""
    return tuple(sorted(f"kodak/{p.name}" for p in (DATA / "images" / "kodak").glob("*.png")))


def luma(values: Maps) -> Maps:
    """Return the gray version of (channel, y, x), one channel."""
    if len(values) == 1:
        return values
    return skimage.color.rgb2gray(np.moveaxis(values, 0, -1))[None].astype(np.float32)


def crops(
    rng: Generator,
    names: tuple[str, ...],
    count: int,
    side: int,
    *,
    shrunk: bool = True,
    gray: bool = True,
    aligned: int = 1,
) -> Maps:
    """Return square crops at random places, a multiple of ``aligned`` off the corner.

    Crops that hold next to nothing, as the black sky around a retina, are drawn again.
    """
    out: list[Maps] = []
    while len(out) < count:
        source = picture(names[rng.integers(len(names))], shrunk=shrunk)
        source = luma(source) if gray else np.broadcast_to(source, (3, *source.shape[1:]))
        top, left = (aligned * rng.integers((n - side) // aligned + 1) for n in source.shape[1:])
        crop = source[:, top : top + side, left : left + side]
        if crop.std() > EMPTY:
            out.append(crop)
    return np.stack(out)


def one_over_f(rng: Generator, count: int, shape: tuple[int, ...], *, channels: int = 1) -> Maps:
    """Return fields of power 1/f^2, each a window of a torus twice as wide."""
    wide = (count, channels, *(2 * n for n in shape))
    torus = power_law_noise(wide, seed=int(rng.integers(2**63)), axes=len(shape))
    return torus[(..., *(slice(n) for n in shape))].astype(np.float32)


def dead_leaves(rng: Generator, count: int, side: int, *, leaves: int = 250) -> Maps:
    """Return pictures of opaque discs, radii as 1/r^3 between 2 pixels and half the side."""
    y, x = np.ogrid[:side, :side]
    out = np.empty((count, 1, side, side), np.float32)
    low, high = 2.0, side / 2
    for picture_ in out:
        picture_[:] = LEVELS / 2
        u = rng.random(leaves)
        radii = (low**-2 - u * (low**-2 - high**-2)) ** -0.5
        centres = rng.uniform(-high, side + high, (leaves, 2))
        shades = rng.uniform(0, LEVELS, leaves)
        for radius, (cy, cx), shade in zip(radii, centres, shades, strict=True):
            picture_[0, (y - cy) ** 2 + (x - cx) ** 2 < radius**2] = shade
    return out
