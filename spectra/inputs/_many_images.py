"""More pictures than anyone wants to wait for: each is looked at when its turn comes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from hashlib import blake2b
from itertools import islice
from pathlib import Path
from typing import Any

from numpy.typing import NDArray
from torch import Tensor

from spectra._names import times
from spectra._text import listed
from spectra.errors import NothingToAnalyseError
from spectra.inputs._decode import UnusableError, decode
from spectra.inputs._images import (
    check_all,
    check_pixels,
    common_size,
    cut_kept,
    describe,
    scaled,
)
from spectra.inputs._inputs import Inputs, Origin, Origins
from spectra.inputs._listing import Listing, size_of
from spectra.inputs._once import Once
from spectra.inputs._prepare import Preparation, centre
from spectra.inputs._reader import PART, Reader

HEAD = 1024  # pictures that fix size and colour


def open_many(
    paths: Sequence[Path],
    source: str,
    how: Preparation,
    *,
    most: int,
    notes: tuple[str, ...],
    once: Once,
) -> Inputs:
    """Look at the first pictures, which fix size and colour, and return all of them as inputs.

    Every picture keeps its number, used or not. Those that cannot be used, are smaller than the
    crop or in colour where the first are gray are dropped when they are read.

    Parameters
    ----------
    paths : sequence of Path
    source : str
        What was asked for.
    how : Preparation
    most : int
        Use the first so many of them.
    notes : tuple of str
        What is to be said beside what was assumed.
    once : Once
        Keeps what was decoded.

    Raises
    ------
    NothingToAnalyseError
        If none of the first can be used.
    """
    first = paths[:HEAD]
    pictures, dropped = check_all(first, replace(how, num=None), once, of=most)
    if not pictures:
        reasons = listed((f"{Path(d.source).name}: {d.reason}" for d in dropped), 3)
        raise NothingToAnalyseError(
            f"none of the first {HEAD} pictures of {source} can be used: {reasons}"
        )
    reasons_of = {each.source: each.reason for each in dropped}
    size = common_size(pictures, how)
    cut_kept(pictures, size, once, of=most)
    colour = 1 if all(picture.channels == 1 for picture in pictures) else 3
    channels, span = how.channels(colour, source), how.range or (0.0, 1.0)

    def pick(number: int) -> tuple[str, Tensor | str]:
        path = paths[number]
        if str(path) in reasons_of:
            return str(path), reasons_of[str(path)]
        pixels = once.get(path)
        if pixels is None:
            try:
                whole, _ = decode(path)
                check_pixels(whole, how)
                _check_alike(whole, size, colour)
            except UnusableError as problem:
                return str(path), str(problem)
            pixels = whole[centre(whole.shape[:2], size)]
            once.put(path, pixels, of=most)
        return str(path), how.values(scaled(pixels, colour, span))

    read = "; ".join(
        describe(pictures, count=len(pictures), size=size, channels=channels, span=span)
    )
    inputs: Inputs = Inputs(
        source=source,
        kind="images",
        count=len(paths),
        used=most,
        dropped=(),
        shape=(channels, *size),
        bounds=how.bounds(span, channels),
        notes=(
            f"the first {HEAD} pictures fix size and colour: {read}",
            *([f"the first {most} of {len(paths)} in sorted order"] if most < len(paths) else []),
            *how.notes(),
            *notes,
        ),
        origins=Origins(most, lambda number: Origin(str(paths[number]), None, ())),
        samples=lambda first=0: _in_order(inputs, first),
        identity=_identity(paths, most),
        pick=pick,
        head=first.index(pictures[0].path),
        once=once,
    )
    return inputs


def _check_alike(pixels: NDArray[Any], size: tuple[int, int], colour: int) -> None:
    """Raise UnusableError unless a picture can be cut and coloured as the first ones are."""
    if pixels.shape[0] < size[0] or pixels.shape[1] < size[1]:
        raise UnusableError(f"{times(pixels.shape[:2])} is smaller than {times(size)}")
    if pixels.shape[2] > colour:
        raise UnusableError(f"in colour, where the first {HEAD} are gray")


def _in_order(inputs: Inputs, first: int) -> Iterator[Tensor]:
    """Yield the samples that can be used from a number on, as they come part by part."""
    reader, count = Reader(inputs), len(inputs)
    for start in range(first // PART * PART, count, PART):
        for number, batch in reader.part(range(start, min(start + PART, count)), 1):
            if number >= first:
                yield batch[0]


def _identity(paths: Sequence[Path], count: int) -> str:
    """Return a digest of the names and sizes of files: their content is read once, later."""
    digest = blake2b(digest_size=16)
    if isinstance(paths, Listing):
        sizes = paths.sizes()
    else:
        sizes = ((path.name, size_of(str(path))) for path in paths)
    for name, size in islice(sizes, count):
        digest.update(f"{name}\0{size}\0".encode(errors="surrogateescape"))
    return digest.hexdigest()
