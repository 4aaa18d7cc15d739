"""Pictures: found, checked one by one, and read again when their turn comes."""

import logging
import os
import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any, BinaryIO, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from spectra._files import (
    DESCRIPTION,
    PICTURE_HEAD_BYTES,
    PictureFormat,
    check_pixels,
    open_regular,
    picture_format,
    recognise,
)
from spectra._names import times
from spectra._text import brief, listed
from spectra.errors import InputError, NothingToAnalyseError
from spectra.inputs._input_set import Dropped
from spectra.inputs._inputs import Inputs, Origin
from spectra.inputs._prepare import Preparation, centre
from spectra.inputs._tiff import DamagedError, read_tiff

LARGEST = 512
SMALLEST = 8
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


for _decoder in ("tifffile", "PIL"):  # they print what decode reports as a reason
    logging.getLogger(_decoder).addHandler(logging.NullHandler())


@dataclass(frozen=True)
class _Picture:
    """A picture that can be used: its size and kind, not its pixels."""

    path: Path
    spatial: tuple[int, int]
    channels: int
    alpha: bool
    dtype: str
    digest: bytes


def open_images(
    paths: Sequence[Path], source: str, how: Preparation, notes: tuple[str, ...] = ()
) -> Inputs:
    """Check the pictures at ``paths`` and return the first ``num`` good ones as inputs.

    Each picture is decoded once here, so that what cannot be used is known before anything
    runs, and again when it is needed; one at a time is in memory.

    Raises
    ------
    NothingToAnalyseError
        If no picture can be used; the reasons are given.
    """
    pictures, dropped = _check_all(paths, how)
    if not pictures:
        reasons = listed((f"{Path(d.source).name}: {d.reason}" for d in dropped), 3)
        raise NothingToAnalyseError(
            f"{source} holds no picture that can be used: {reasons}; expected pictures of at "
            f"least {how.crop or how.multiple or SMALLEST} pixels a side"
        )
    size = _common_size(pictures, how)
    colour = 1 if all(picture.channels == 1 for picture in pictures) else 3
    channels = how.channels(colour, source)
    span = how.range or (0.0, 1.0)

    def samples() -> Iterator[Tensor]:
        for picture in pictures:
            yield how.values(_read(picture, size, colour, span))

    return Inputs(
        source=source,
        kind="images",
        count=len(paths),
        used=len(pictures),
        dropped=tuple(dropped),
        shape=(channels, *size),
        bounds=how.bounds(span, channels),
        notes=(
            *_describe(pictures, count=len(paths), size=size, channels=channels, span=span),
            *how.notes(),
            *notes,
        ),
        origins=tuple(Origin(str(p.path), None, p.spatial) for p in pictures),
        samples=samples,
    )


def _check_all(paths: Iterable[Path], how: Preparation) -> tuple[list[_Picture], list[Dropped]]:
    """Return the first ``num`` pictures that can be used, and those dropped on the way."""
    pictures: list[_Picture] = []
    dropped: list[Dropped] = []
    seen: dict[bytes, Path] = {}
    for path in paths:
        if len(pictures) == how.num:
            break
        try:
            picture = _check(path, how)
        except UnusableError as problem:
            dropped.append(Dropped(str(path), str(problem)))
            continue
        twin = seen.setdefault(picture.digest, path)
        if twin is path:
            pictures.append(picture)
        else:
            dropped.append(Dropped(str(path), f"the same pixels as {twin.name}"))
    return pictures, dropped


class UnusableError(Exception):
    """A picture that is dropped, with the reason."""


def _check(path: Path, how: Preparation) -> _Picture:
    """Return what the picture at ``path`` is, or raise with the reason why it is useless."""
    pixels, alpha = decode(path)
    height, width, channels = pixels.shape
    least = how.crop or how.multiple or SMALLEST
    if min(height, width) < least:
        wanted = f"the crop {least}x{least}" if how.crop else f"{least} pixels a side"
        raise UnusableError(f"{width}x{height} is smaller than {wanted}")
    if pixels.dtype.kind == "f":
        if not np.isfinite(pixels).all():
            raise UnusableError("holds NaN or infinite pixels")
        low, high = float(pixels.min()), float(pixels.max())
        if low < 0 or high > 1:
            raise UnusableError(f"float pixels from {low:.4g} to {high:.4g}: expected 0..1")
    if all((row == pixels[0, 0]).all() for row in pixels):
        raise UnusableError("constant: all pixels are equal")
    digest = blake2b(digest_size=16)
    for row in pixels:  # one at a time: a copy of the whole is as large as the picture
        digest.update(np.ascontiguousarray(row).data)
    return _Picture(
        path,
        spatial=(height, width),
        channels=channels,
        alpha=alpha,
        dtype=pixels.dtype.name,
        digest=digest.digest(),
    )


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


def _common_size(pictures: Sequence[_Picture], how: Preparation) -> tuple[int, int]:
    """Return the size of the crop: as asked for, else what the smallest picture allows."""
    if how.crop:
        return how.crop, how.crop
    heights, widths = zip(*(picture.spatial for picture in pictures), strict=True)
    least = min(*heights, *widths)
    multiple = how.multiple or (32 if least >= 64 else 8 if least >= 16 else 1)
    height, width = (
        max(min(*lengths, LARGEST) // multiple, 1) * multiple for lengths in (heights, widths)
    )
    return height, width


def _read(
    picture: _Picture, size: tuple[int, int], channels: int, span: tuple[float, float]
) -> Tensor:
    """Return the centre of ``picture`` as float32 (channel, y, x), scaled to ``span``."""
    try:
        pixels, _ = decode(picture.path)
    except UnusableError as problem:
        raise InputError(f"{picture.path} changed after it was checked: {problem}") from problem
    if pixels.shape != (*picture.spatial, picture.channels):
        raise InputError(f"{picture.path} changed its size after it was checked")
    part = pixels[centre(picture.spatial, size)]
    white = np.iinfo(part.dtype).max if part.dtype.kind == "u" else 1
    low, high = span
    values = part.astype(np.float32) / np.float32(white) * np.float32(high - low) + np.float32(low)
    planes = torch.from_numpy(np.ascontiguousarray(np.moveaxis(values, -1, 0)))
    return planes.expand(channels, -1, -1)


def _describe(
    pictures: Sequence[_Picture],
    *,
    count: int,
    size: tuple[int, int],
    channels: int,
    span: tuple[float, float],
) -> Iterator[str]:
    """Yield what was assumed in reading ``pictures``."""
    gray = sum(picture.channels == 1 for picture in pictures)
    low, high = span
    yield f"pictures read as {'gray' if channels == 1 else 'RGB'} in {low:g}..{high:g}"
    if channels == 3 and gray:
        yield f"gray repeated to RGB in {gray} of {len(pictures)} pictures"
    if channels == 1 and gray < len(pictures):
        yield "RGB turned to gray by Rec. 601 luma"
    if alpha := sum(picture.alpha for picture in pictures):
        yield f"alpha channel dropped in {alpha} of {len(pictures)} pictures"
    sizes = {picture.spatial for picture in pictures}
    if len(sizes) > 1:
        small, large = (pick(sizes, key=lambda s: (s[0] * s[1], s)) for pick in (min, max))
        yield f"centre crop {times(size)} of {times(small)} to {times(large)}"
    elif sizes != {size}:
        yield f"centre crop {times(size)} of {times(pictures[0].spatial)}"
    if len(pictures) < count:
        yield f"{len(pictures)} of {count} pictures used, in sorted order"
