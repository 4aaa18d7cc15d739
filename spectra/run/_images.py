"""Measure images: from pictures to the answer what grid they carry, without a model."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

import spectra
from spectra._checks import check_positive
from spectra._options import Progress
from spectra.images import Gathered, gather, summarise
from spectra.inputs import each_picture
from spectra.report import PictureReport

Each = Callable[..., Iterable[Any]]
Paths = str | Path | Sequence[str | Path]


def measure_images(
    paths: Paths,
    *,
    ref: Paths | None = None,
    num: int | None = None,
    recipes: Sequence[str] = (),
    progress: Progress | None = None,
    each: Each = each_picture,
) -> PictureReport:
    """Ask pictures for a periodic trace: which period, in how many of them, and what left it.

    Nothing is resized, turned or cropped: grids are tied to the pixels as they are stored.

    Parameters
    ----------
    paths : str, Path or sequence of these
        Folders (not their subfolders), patterns, pictures of 8 or 16 bits, arrays (``.npy``,
        ``.npz``, ``.nc``; ``?key=NAME`` where one holds several) and videos, of any sizes.
    ref : the same, optional
        Pictures of the same history without what is asked about, such as photographs saved
        alike: a grid that they carry as strongly is not counted.
    num : int, optional
        At most so many pictures of each.
    recipes : sequence of {"corvi2023", "synthbuster2023"}
        Also measure what these papers do; files of their names are written.
    progress : callable, optional
        Called as ``progress(what, done, total)``; the total is 0 where it is not known.
    each : callable
        Who looks at the pictures, see `spectra.images.gather`.

    Returns
    -------
    PictureReport
        Its repr is what the command prints.

    Raises
    ------
    InputError
        If a source is missing or no picture.
    NothingToAnalyseError
        If there is no picture that can be used.
    ParameterError
        If a recipe is not known.

    Examples
    --------
    >>> import tempfile
    >>> from PIL import Image
    >>> noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     Image.fromarray(noise).resize((256, 256)).save(f"{folder}/enlarged.png")
    ...     found = measure_images(folder)
    >>> found.summary.verdict, found.summary.period, found.summary.causes[0].id
    ('present', 4, 'resize')
    """
    number = None if num is None else check_positive("num", num)
    found = gather(paths, num=number, recipes=recipes, progress=progress, each=each)
    reference = None if ref is None else gather(ref, num=number, progress=progress, each=each)
    return report_of(found, reference)


def report_of(found: Gathered, reference: Gathered | None = None) -> PictureReport:
    """Return the report on what was gathered, less what a reference explains."""
    album = found.album
    return PictureReport(
        summarise(found, version=spectra.__version__, reference=reference),
        rows=tuple(found.rows),
        spectrum=album.spectrum / max(album.tiles, 1),
        ripples=np.stack(found.ripples),
        recipes=found.recipes,
        shown=found.shown,
    )
