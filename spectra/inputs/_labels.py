"""Pictures whose pixels are numbers of classes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from spectra._files import PICTURE_HEAD_BYTES, check_pixels, open_regular, picture_format
from spectra._text import brief
from spectra.errors import InputError

MODES = ("1", "L", "P", "I;16", "I")  # of Pillow: one number a pixel


def read_labels(path: Path) -> NDArray[np.int64]:
    """Return the label of each pixel, (y, x): the number in the file, never its colour.

    Raises
    ------
    InputError
        If the picture is no PNG, or has colours and no palette: labels would have to be guessed.
    """
    try:
        return _numbers(path)
    except Exception as error:
        raise InputError(
            f"{path} holds no labels ({brief(error)}): expected a PNG with a palette or gray "
            "levels, the number of a class in each pixel"
        ) from error


def _numbers(path: Path) -> NDArray[np.int64]:
    """Return the numbers in a PNG; Pillow gives those of a palette unasked."""
    from PIL import Image

    with open_regular(path) as file:
        found = picture_format(file.read(PICTURE_HEAD_BYTES))
        file.seek(0)
        if found != "PNG":
            raise ValueError("it is no PNG")
        with Image.open(file, formats=[found]) as image:
            check_pixels(4 * image.width * image.height, path.stat().st_size)
            if image.mode not in MODES:
                raise ValueError(f"its pixels are {image.mode}")
            return np.array(image, dtype=np.int64)
