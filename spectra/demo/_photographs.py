"""Photographs that come with scikit-image and that their makers gave to the public domain."""

from pathlib import Path

import numpy as np
import skimage.data
from numpy.typing import NDArray
from skimage.transform import downscale_local_mean
from skimage.util import img_as_float32, img_as_ubyte

TRAINING = ("astronaut", "brick", "coffee", "grass", "gravel", "hubble_deep_field", "retina")
HELD_OUT = ("camera", "chelsea", "clock", "rocket")
SIDE = 64
TILES = 6


def picture(name: str) -> NDArray[np.float32]:
    """Return a photograph of scikit-image as RGB.

    Parameters
    ----------
    name : str
        Name of the function in `skimage.data`.

    Returns
    -------
    ndarray of float32, shape (3, y, x)
        Values in 0..1; a gray photograph has three equal channels.
    """
    values = img_as_float32(getattr(skimage.data, name)())
    rgb = values if values.ndim == 3 else np.repeat(values[..., None], 3, axis=-1)
    return np.ascontiguousarray(np.moveaxis(rgb, -1, 0), dtype=np.float32)


def photographs() -> NDArray[np.float32]:
    """Return the pictures of the demonstration, none of which the decoders were trained on.

    Each held-out photograph is averaged over 2x2 pixels, cut into tiles, and six of them,
    evenly spread, are kept.

    Returns
    -------
    ndarray of float32, shape (24, 3, 64, 64)
        Dimensions sample, channel, y, x; values in 0..1.
    """
    kept = []
    for name in HELD_OUT:
        tiles = _tiles(downscale_local_mean(picture(name), (1, 2, 2)))
        kept.extend(tiles[np.linspace(0, len(tiles) - 1, TILES).round().astype(int)])
    return np.stack(kept).astype(np.float32)


def write_photographs(folder: str | Path) -> list[Path]:
    """Write `photographs` as 8-bit PNG files.

    Parameters
    ----------
    folder : str or path
        Where to write; made if absent.

    Returns
    -------
    list of path
        The 24 files, in the order of `photographs`.
    """
    from skimage.io import imsave

    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    names = [f"{name}-{tile + 1}.png" for name in HELD_OUT for tile in range(TILES)]
    paths = [folder / name for name in names]
    for path, values in zip(paths, photographs(), strict=True):
        imsave(path, img_as_ubyte(np.moveaxis(values, 0, -1)), check_contrast=False)
    return paths


def _tiles(values: NDArray[np.float32]) -> NDArray[np.float32]:
    channels, height, width = values.shape
    rows, columns = height // SIDE, width // SIDE
    cut = values[:, : rows * SIDE, : columns * SIDE]
    grid = cut.reshape(channels, rows, SIDE, columns, SIDE)
    return grid.transpose(1, 3, 0, 2, 4).reshape(-1, channels, SIDE, SIDE)
