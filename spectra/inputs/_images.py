"""Pictures: found, checked one by one, and read again when their turn comes."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from spectra._names import times
from spectra._text import listed
from spectra.errors import InputError, NothingToAnalyseError
from spectra.inputs._decode import UnusableError, check_floats, decode
from spectra.inputs._input_set import Dropped
from spectra.inputs._inputs import Inputs, Origin
from spectra.inputs._once import Once
from spectra.inputs._prepare import Preparation, centre

LARGEST = 512
SMALLEST = 8


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
    paths: Sequence[Path],
    source: str,
    how: Preparation,
    notes: tuple[str, ...] = (),
    *,
    once: Once,
) -> Inputs:
    """Check the pictures at ``paths`` and return the first ``num`` good ones as inputs.

    Each picture is decoded once here, so that what cannot be used is known before anything
    runs, and again when it is needed and ``once`` does not keep it; one at a time is in memory.

    Raises
    ------
    NothingToAnalyseError
        If no picture can be used; the reasons are given.
    """
    of = len(paths) if how.num is None else min(len(paths), how.num)
    pictures, dropped = check_all(paths, how, once, of=of)
    if not pictures:
        reasons = listed((f"{Path(d.source).name}: {d.reason}" for d in dropped), 3)
        raise NothingToAnalyseError(
            f"{source} holds no picture that can be used: {reasons}; expected pictures of at "
            f"least {how.crop or how.multiple or SMALLEST} pixels a side"
        )
    size = common_size(pictures, how)
    cut_kept(pictures, size, once, of=of)
    colour = 1 if all(picture.channels == 1 for picture in pictures) else 3
    channels = how.channels(colour, source)
    span = how.range or (0.0, 1.0)

    def samples(first: int = 0) -> Iterator[Tensor]:
        for picture in pictures[first:]:
            pixels = once.get(picture.path)
            if pixels is None:
                pixels = _read(picture, size)
                once.put(picture.path, pixels, of=of)
            yield how.values(scaled(pixels, colour, span))

    return Inputs(
        source=source,
        kind="images",
        count=len(paths),
        used=len(pictures),
        dropped=tuple(dropped),
        shape=(channels, *size),
        bounds=how.bounds(span, channels),
        notes=(
            *describe(pictures, count=len(paths), size=size, channels=channels, span=span),
            *how.notes(),
            *notes,
        ),
        origins=tuple(Origin(str(p.path), None, p.spatial) for p in pictures),
        samples=samples,
        identity=blake2b(b"".join(p.digest for p in pictures), digest_size=16).hexdigest(),
        once=once,
    )


def check_all(
    paths: Iterable[Path], how: Preparation, once: Once, *, of: int
) -> tuple[list[_Picture], list[Dropped]]:
    """Return the first ``num`` pictures that can be used, and those dropped on the way.

    Of each that can be used, ``once`` may keep what the largest crop needs, as one of so many.
    """
    pictures: list[_Picture] = []
    dropped: list[Dropped] = []
    seen: dict[bytes, Path] = {}
    for path in paths:
        if len(pictures) == how.num:
            break
        try:
            picture, pixels = _check(path, how)
        except UnusableError as problem:
            dropped.append(Dropped(str(path), str(problem)))
            continue
        twin = seen.setdefault(picture.digest, path)
        if twin is path:
            pictures.append(picture)
            once.put(path, pixels[centre(picture.spatial, _largest(picture.spatial, how))], of=of)
        else:
            dropped.append(Dropped(str(path), f"the same pixels as {twin.name}"))
    return pictures, dropped


def _check(path: Path, how: Preparation) -> tuple[_Picture, NDArray[Any]]:
    """Return the picture at ``path`` and its pixels, or raise with the reason why it is useless."""
    pixels, alpha = decode(path)
    check_pixels(pixels, how)
    digest = blake2b(digest_size=16)
    for row in pixels:  # one at a time: a copy of the whole is as large as the picture
        digest.update(np.ascontiguousarray(row).data)
    height, width, channels = pixels.shape
    picture = _Picture(
        path,
        spatial=(height, width),
        channels=channels,
        alpha=alpha,
        dtype=pixels.dtype.name,
        digest=digest.digest(),
    )
    return picture, pixels


def check_pixels(pixels: NDArray[Any], how: Preparation) -> None:
    """Raise UnusableError with the reason if a picture is of no use, whatever the others are."""
    height, width, _ = pixels.shape
    least = how.crop or how.multiple or SMALLEST
    if min(height, width) < least:
        wanted = f"the crop {least}x{least}" if how.crop else f"{least} pixels a side"
        raise UnusableError(f"{width}x{height} is smaller than {wanted}")
    check_floats(pixels)
    if all((row == pixels[0, 0]).all() for row in pixels):
        raise UnusableError("constant: all pixels are equal")


def common_size(pictures: Sequence[_Picture], how: Preparation) -> tuple[int, int]:
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


def _largest(spatial: tuple[int, int], how: Preparation) -> tuple[int, int]:
    """Return the sides of the largest crop that may be asked of a picture."""
    most = how.crop or max(LARGEST, how.multiple or 1)
    height, width = (min(side, most) for side in spatial)
    return height, width


def cut_kept(pictures: Iterable[_Picture], size: tuple[int, int], once: Once, *, of: int) -> None:
    """Cut what is kept of pictures to the size that all have in common."""
    for picture in pictures:
        pixels = once.get(picture.path)
        if pixels is not None:
            outer = centre(picture.spatial, pixels.shape[:2])
            inner = centre(picture.spatial, size)
            part = (
                slice(own.start - whole.start, own.stop - whole.start)
                for own, whole in zip(inner, outer, strict=True)
            )
            once.put(picture.path, pixels[tuple(part)], of=of)


def _read(picture: _Picture, size: tuple[int, int]) -> NDArray[Any]:
    """Return the centre of a picture that was checked."""
    try:
        pixels, _ = decode(picture.path)
    except UnusableError as problem:
        raise InputError(f"{picture.path} changed after it was checked: {problem}") from problem
    if pixels.shape != (*picture.spatial, picture.channels):
        raise InputError(f"{picture.path} changed its size after it was checked")
    return pixels[centre(picture.spatial, size)]


def scaled(pixels: NDArray[Any], channels: int, span: tuple[float, float]) -> Tensor:
    """Return pixels (y, x, channel) as float32 (channel, y, x), scaled to ``span``."""
    white = np.iinfo(pixels.dtype).max if pixels.dtype.kind == "u" else 1
    low, high = span
    planes = np.ascontiguousarray(np.moveaxis(pixels, -1, 0)).astype(np.float32)
    planes = planes / np.float32(white) * np.float32(high - low) + np.float32(low)
    return torch.from_numpy(planes).expand(channels, -1, -1)


def describe(
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
