"""One file of a picture becomes its pixels; what is no picture is told with a reason."""

import logging
import os
import warnings
from pathlib import Path
from typing import Any, BinaryIO, cast

import numpy as np
from numpy.typing import NDArray

from spectra._files import (
    DESCRIPTION,
    PICTURE_HEAD_BYTES,
    PictureFormat,
    check_pixels,
    open_regular,
    picture_format,
    recognise,
)
from spectra._text import brief
from spectra.errors import InputError
from spectra.inputs._tiff import DamagedError, read_tiff

_BYTES = {"1": 1, "L": 1, "P": 3, "LA": 4, "I;16": 2, "I;16B": 2, "I;16L": 2}  # of a pixel, else 4
_PLAIN_MODES = {
    "1": "L",
    "P": "RGB",
    "PA": "RGB",
    "La": "LA",
    "RGBa": "RGBA",
    "RGBX": "RGB",
    "CMYK": "RGB",
    "YCbCr": "RGB",
    "LAB": "RGB",
    "HSV": "RGB",
}


for _decoder in ("tifffile", "PIL"):  # they print what _decode reports as a reason
    logging.getLogger(_decoder).addHandler(logging.NullHandler())


class UnusableError(Exception):
    """A picture that is dropped, with the reason."""


def read_picture(path: Path) -> NDArray[Any]:
    """Return the pixels of a picture as its file holds them, without an alpha channel.

    Parameters
    ----------
    path : Path
        A picture of 8 or 16 bits, or of floats.

    Returns
    -------
    ndarray, shape (y, x, channel)
        One channel or three.

    Raises
    ------
    InputError
        If it cannot be decoded, or is no gray or RGB picture.
    """
    try:
        return decode(path)[0]
    except UnusableError as problem:
        raise InputError(f"{path}: {problem}; expected a picture") from problem


def decode(path: Path) -> tuple[NDArray[Any], bool]:
    """Return the pixels (y, x, channel) of 1 or 3 channels, and whether alpha was dropped."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            pixels = _pixels(path)
    except Exception as error:
        found = recognise(path) if path.exists() else None
        if found not in (None, "picture"):
            raise UnusableError(f"not a picture but {DESCRIPTION[found]}") from error
        raise UnusableError(f"cannot be decoded ({brief(error)})") from error
    pixels = pixels[..., None] if pixels.ndim == 2 else pixels
    if pixels.ndim != 3 or pixels.shape[-1] not in (1, 2, 3, 4):
        raise UnusableError(f"{pixels.shape} is no gray or RGB picture")
    if pixels.dtype == np.int32 and pixels.min() >= 0 and pixels.max() < 2**16:
        pixels = pixels.astype(np.uint16)  # 16-bit gray, as some decoders give it
    if pixels.dtype not in (np.uint8, np.uint16, np.bool_) and pixels.dtype.kind != "f":
        raise UnusableError(f"{pixels.dtype} pixels: expected 8 or 16 bits, or float in 0..1")
    alpha = pixels.shape[-1] in (2, 4)
    return pixels[..., : pixels.shape[-1] - alpha], alpha


def check_floats(pixels: NDArray[Any]) -> None:
    """Raise UnusableError with the reason if pixels are floats beside 0..1: no one knows white."""
    if pixels.dtype.kind != "f":
        return
    if not np.isfinite(pixels).all():
        raise UnusableError("holds NaN or infinite pixels")
    low, high = float(pixels.min()), float(pixels.max())
    if low < 0 or high > 1:
        raise UnusableError(f"float pixels from {low:.4g} to {high:.4g}: expected 0..1")


def _pixels(path: Path) -> NDArray[Any]:
    """Return the pixels of the first frame as the decoder gives them.

    What the first bytes do not tell to be of a known format is not given to any decoder.
    """
    with open_regular(path) as file:
        head = file.read(PICTURE_HEAD_BYTES)
        file.seek(0)
        found = picture_format(head)
        if found is None:
            raise ValueError("its first bytes are those of no format of pictures that is read")
        if found == "TIFF":
            try:
                return read_tiff(file, path)
            except DamagedError:
                raise
            except Exception:  # packed or written in a way that only Pillow knows
                file.seek(0)
        if found == "PNG" and head[24:26] in (b"\x10\x02", b"\x10\x06"):
            high = _pillow(file, found, raw_mode=";16B").astype(np.uint16)
            pixels: NDArray[Any] = high << 8 | _pillow(file, found, raw_mode=";16L")
            return pixels
        return _pillow(file, found)


def _pillow(file: BinaryIO, found: PictureFormat, raw_mode: str | None = None) -> NDArray[Any]:
    """Decode with Pillow; ``raw_mode`` picks the byte of each 16 bits that Pillow keeps.

    Pillow keeps 8 bits of RGB pictures of 16: the high byte if told that the file is big
    endian, as PNG is, and the low byte if told that it is little endian.
    """
    from PIL import Image

    with Image.open(file, formats=[found]) as image:
        size = os.fstat(file.fileno()).st_size
        check_pixels(image.width * image.height * _BYTES.get(image.mode, 4), size)
        if found == "TIFF":  # libtiff makes room for a whole tile before it looks at the size
            tile = [int(image.tag_v2.get(tag, 0)) for tag in (322, 323)]  # type: ignore[attr-defined]
            check_pixels(4 * tile[0] * tile[1], size)
        if raw_mode is not None:
            image.tile = [
                tile._replace(args=cast(str, tile.args).partition(";")[0] + raw_mode)
                for tile in image.tile
            ]
        if image.mode == "1":
            return np.asarray(image)
        mode = _PLAIN_MODES.get(image.mode)
        return np.asarray(image.convert(mode) if mode else image)
