"""Pictures of labels: the number of a class in each pixel."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from spectra._files import PICTURE_HEAD_BYTES, check_pixels, open_regular, picture_format
from spectra._text import brief
from spectra.errors import InputError

IGNORED = 255  # the label of pixels that belong to no class, as in PASCAL VOC
LABEL_MODES = ("1", "L", "P", "I;16", "I;16B", "I;16L", "I")


def read_labels(path: Path) -> NDArray[np.int64]:
    """Return the numbers of classes in a picture; those of a palette, not its colours.

    Parameters
    ----------
    path : Path
        A picture of one channel, or with a palette.

    Returns
    -------
    ndarray of int64, shape (y, x)

    Raises
    ------
    InputError
        If it cannot be read, or has colours and no palette: classes would have to be guessed.
    """
    from PIL import Image

    try:
        with open_regular(path) as file:
            head = file.read(PICTURE_HEAD_BYTES)
            file.seek(0)
            found = picture_format(head)
            with Image.open(file, formats=[found] if found else []) as image:
                check_pixels(4 * image.width * image.height, path.stat().st_size)
                mode, values = image.mode, np.asarray(image)
    except Exception as error:
        raise InputError(f"{path}: labels cannot be read: {brief(error)}") from error
    if mode not in LABEL_MODES:
        raise InputError(
            f"{path} is a picture of mode {mode}: expected labels, in one channel or with a palette"
        )
    return values.astype(np.int64)
