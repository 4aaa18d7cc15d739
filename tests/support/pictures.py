"""Small pictures of known history: no grid, or one whose cause is known."""

import io

import numpy as np
from PIL import Image
from scipy import ndimage


def planes(picture):
    """Return a picture (y, x) or (y, x, channel) as float32 planes (channel, y, x)."""
    picture = picture[..., None] if picture.ndim == 2 else picture
    return np.ascontiguousarray(np.moveaxis(picture, -1, 0).astype(np.float32))


def whole_levels(picture):
    return np.clip(np.round(picture), 0, 255).astype(np.uint8)


def halved(picture):
    """Return a picture halved by the mean of 2x2 pixels, which leaves no trace of what was."""
    height, width = (side // 2 * 2 for side in picture.shape[:2])
    whole = picture[:height, :width].astype(float)
    return whole_levels(
        (whole[::2, ::2] + whole[1::2, ::2] + whole[::2, 1::2] + whole[1::2, 1::2]) / 4
    )


def textured(rng, side=256, channels=3, slope=1.2):
    """Return a picture of 1/f noise with some edges, as scenes have."""
    f = np.hypot(np.fft.fftfreq(side)[:, None], np.fft.rfftfreq(side)[None])
    f[0, 0] = 1
    noise = rng.normal(size=(channels, side, side))
    texture = np.fft.irfft2(np.fft.rfft2(noise) / f**slope, s=(side, side))
    picture = np.moveaxis(texture / texture.std() * 35 + 128, 0, -1)
    for _ in range(6):
        y, x, r = rng.uniform(0, side, 3)
        inside = np.hypot(*(np.indices((side, side)) - np.array([y, x])[:, None, None])) < r / 2
        picture[inside] += rng.normal(0, 30, channels)
    return whole_levels(picture + rng.normal(0, 2, picture.shape))


def long_edges(rng, side=480, edges=14):
    """Return steps over the whole width and height at random places: a scene, not a grid."""
    picture = 128 + rng.normal(0, 2, (side, side))
    for _ in range(edges):
        picture[:, rng.integers(10, side - 10) :] += rng.normal(0, 25)
        picture[rng.integers(10, side - 10) :] += rng.normal(0, 25)
    return picture


def jpeg(picture, quality, *, offset=(0, 0), subsampling=0):
    """Return a picture after JPEG, cropped so that its blocks begin at minus ``offset``."""
    stream = io.BytesIO()
    Image.fromarray(picture).save(stream, "JPEG", quality=quality, subsampling=subsampling)
    return np.asarray(Image.open(stream))[offset[0] :, offset[1] :]


def enlarged(picture, factor, how=Image.Resampling.BICUBIC):
    height, width = picture.shape[:2]
    size = (round(width * factor), round(height * factor))
    return np.asarray(Image.fromarray(picture).resize(size, how))


def demosaiced(picture):
    """Return a picture seen through an RGGB mosaic, its channels interpolated linearly."""
    height, width = picture.shape[:2]
    masks = np.zeros((height, width, 3))
    masks[::2, ::2, 0] = masks[::2, 1::2, 1] = masks[1::2, ::2, 1] = masks[1::2, 1::2, 2] = 1
    cross = np.array([[0, 1, 0], [1, 4, 1], [0, 1, 0]]) / 4
    square = np.array([[1, 2, 1], [2, 4, 2], [1, 2, 1]]) / 4
    seen = picture * masks
    channels = zip((square, cross, square), np.moveaxis(seen, -1, 0), strict=True)
    return whole_levels(
        np.stack([ndimage.convolve(c, kernel, mode="mirror") for kernel, c in channels], -1)
    )
