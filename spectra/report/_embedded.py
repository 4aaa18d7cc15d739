"""Pictures within a page, as ``data:`` addresses."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np

from spectra import plot

if TYPE_CHECKING:
    from numpy.typing import NDArray

DPI = 96  # pixels per inch of a figure, those of a page
QUALITY = 80  # of WebP


@dataclass(frozen=True)
class Embedded:
    """A picture as part of a page.

    Attributes
    ----------
    source : str
        The picture itself, as a ``data:`` address.
    width, height : int
        Its size on the page in CSS pixels.
    alt : str
        What is seen in it, for those who do not see it.
    """

    source: str
    width: int
    height: int
    alt: str


def embed_map(figure: Any, *, alt: str, dpi: int = DPI) -> Embedded:
    """Return a figure of matplotlib that has many colours."""
    return _sized(figure, _address("webp", plot.webp(figure, dpi=dpi)), dpi=dpi, alt=alt)


def embed_curves(figure: Any, *, alt: str) -> Embedded:
    """Return a figure of matplotlib that has lines and letters."""
    return _sized(figure, _address("svg+xml", plot.svg(figure)), dpi=DPI, alt=alt)


def embed_pixels(values: NDArray[Any], *, alt: str, side: int) -> Embedded:
    """Return a picture pixel by pixel, each the same whole number of CSS pixels wide.

    Parameters
    ----------
    values : ndarray, shape (H, W) or (H, W, 3)
        Black is 0 and white 1.
    alt : str
        What is seen in it.
    side : int
        CSS pixels that the longer side may take, if it is not longer itself.
    """
    from PIL import Image

    levels = _levels(values)
    height, width = levels.shape[:2]
    times = max(side // max(height, width), 1)
    stream = BytesIO()
    Image.fromarray(levels).save(stream, "WEBP", lossless=True)
    return Embedded(_address("webp", stream.getvalue()), times * width, times * height, alt)


def embed_small(values: NDArray[Any], *, alt: str, side: int) -> Embedded:
    """Return a picture made so small that no side is longer than ``side``, to show a place in."""
    from PIL import Image

    picture = Image.fromarray(_levels(values))
    scale = side / max(picture.size)
    size = (max(round(scale * picture.width), 1), max(round(scale * picture.height), 1))
    if scale < 1:
        picture = picture.resize(size, Image.Resampling.LANCZOS)
    stream = BytesIO()
    picture.save(stream, "WEBP", quality=QUALITY)
    return Embedded(_address("webp", stream.getvalue()), *size, alt=alt)


def _levels(values: NDArray[Any]) -> NDArray[np.uint8]:
    levels: NDArray[np.uint8] = np.round(255 * np.clip(values, 0, 1)).astype(np.uint8)
    return levels


def _sized(figure: Any, source: str, *, dpi: int, alt: str) -> Embedded:
    width, height = (round(dpi * inches) for inches in figure.get_size_inches())
    return Embedded(source, width, height, alt)


def _address(kind: str, data: bytes) -> str:
    return f"data:image/{kind};base64,{b64encode(data).decode()}"
