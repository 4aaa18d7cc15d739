"""What the file of a picture says beside its pixels: compression, and how it is to be turned."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

from spectra._files import PICTURE_HEAD_BYTES, open_regular, picture_format

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from spectra._files import PictureFormat

ORIENTATION = 0x0112  # tag of Exif
UPRIGHT = 1


@dataclass(frozen=True)
class FileFacts:
    """What a file says.

    Attributes
    ----------
    format : str or None
        Such as ``"JPEG"``; None where it is none that is read.
    tables : mapping of int to sequence of int, or None
        Quantisation tables of a JPEG, row by row.
    turned : bool
        Whether Exif asks to turn or mirror the picture before it is shown.
    """

    format: PictureFormat | None
    tables: Mapping[int, Sequence[int]] | None = None
    turned: bool = False


def file_facts(path: Path) -> FileFacts:
    """Return what the head of a picture's file says; no pixel is decoded.

    A file that is damaged says as little as one that says nothing: what decodes it will tell.
    """
    from PIL import Image

    try:
        with open_regular(path) as file:
            found = picture_format(file.read(PICTURE_HEAD_BYTES))
            if found is None:
                return FileFacts(None)
            file.seek(0)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                with Image.open(file, formats=[found]) as image:
                    turned = image.getexif().get(ORIENTATION, UPRIGHT) not in (0, UPRIGHT)
                    return FileFacts(found, getattr(image, "quantization", None), turned)
    except Exception:  # whatever damage Pillow finds, it finds again when it decodes
        return FileFacts(None)
