"""Pictures as they are, of any sizes: from folders, patterns, files, arrays and videos."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from spectra.errors import InputError, NothingToAnalyseError, SpectraError
from spectra.inputs._decode import UnusableError, check_floats, decode
from spectra.inputs._file_facts import FileFacts, file_facts
from spectra.inputs._frames import check_video, frames, is_video
from spectra.inputs._input_set import Dropped
from spectra.inputs._named import ArrayFile, Pictures, name_inputs, without_pictures

if TYPE_CHECKING:
    from numpy.typing import NDArray

EXPECTED = "a folder, pattern or file of pictures, or one array file (N, C, H, W)"
MOST_CHANNELS = 8  # of an array that is no picture of colour: as many, evenly spaced
WORKERS = 4  # threads at most that decode at once
Seen = TypeVar("Seen")


@dataclass(frozen=True, eq=False)
class Picture:
    """One picture as it is stored: not turned, not cropped, not resized.

    Attributes
    ----------
    source : str
        Its file; of an array ``file[index]``, of a video ``file#frame``.
    planes : ndarray of float32, shape (channel, y, x)
        In grey levels of 255.
    alpha : bool
        Whether it had an alpha channel, which is left out.
    facts : FileFacts
        What its file says.
    """

    source: str
    planes: NDArray[np.float32]
    alpha: bool
    facts: FileFacts


@dataclass(frozen=True)
class Reading:
    """Reads one picture; says what it is called before that."""

    source: str
    read: Callable[[], Picture]

    def __call__(self) -> Picture:
        return self.read()


@dataclass(frozen=True)
class PictureSource:
    """Pictures that can be read one by one.

    Attributes
    ----------
    source : str
        What was asked for.
    readers : iterable of callable
        Each returns one picture, or raises `UnusableError` with the reason; files may be read at
        once in several threads.
    named : tuple of str
        The names that stand for them: another process opens the same with `picture_source`.
    notes : tuple of str
        What was assumed, one phrase each.
    """

    source: str
    readers: Callable[[], Iterator[Reading]]
    named: tuple[str, ...]
    notes: tuple[str, ...] = ()


def picture_source(paths: str | Path | Sequence[str | Path]) -> PictureSource:
    """Return the pictures that some names stand for.

    Parameters
    ----------
    paths : str, Path or sequence of these
        Folders (not their subfolders), patterns, pictures of 8 or 16 bits, arrays (``.npy``,
        ``.npz``, ``.nc``; ``?key=NAME`` where one holds several) and videos.

    Raises
    ------
    InputError
        If one is missing or no picture.
    NothingToAnalyseError
        If a folder or pattern holds none.
    """
    named = [paths] if isinstance(paths, str | Path) else list(paths)
    if not named:
        raise NothingToAnalyseError("no pictures given: expected a folder, a pattern or files")
    parts = [_part(str(name)) for name in named]
    source = str(named[0]) if len(named) == 1 else f"{len(named)} sources"

    def readers() -> Iterator[Reading]:
        for part in parts:
            yield from part.readers()

    notes = tuple(note for part in parts for note in part.notes)
    return PictureSource(source, readers, tuple(map(str, named)), notes)


def holds_pictures(name: str) -> bool:
    """Tell whether a name stands for pictures: a folder of them, a pattern, or a file."""
    try:
        return isinstance(name_inputs(name), Pictures)
    except SpectraError:
        return False


def each_picture(
    source: PictureSource,
    look: Callable[[Picture], Seen],
    *,
    first: int = 0,
    num: int | None = None,
) -> Iterator[Seen | Dropped]:
    """Yield what a function finds in each picture, in order; of bad pictures why they are dropped.

    Decoding and looking run in up to four threads, and no more pictures than twice that are in
    memory.

    Parameters
    ----------
    source : PictureSource
        What to read.
    look : callable
        Called with each picture, in any thread.
    first : int
        The number of the first picture.
    num : int, optional
        At most so many pictures.
    """

    def one(read: Callable[[], Picture]) -> Seen | Dropped:
        try:
            picture = read()
        except UnusableError as problem:
            path, reason = problem.args
            return Dropped(str(path), str(reason))
        return look(picture)

    workers = min(os.cpu_count() or 1, WORKERS)
    waiting: deque[Future[Seen | Dropped]] = deque()
    with ThreadPoolExecutor(workers) as pool:
        try:
            for read in islice(source.readers(), first, None if num is None else first + num):
                waiting.append(pool.submit(one, read))
                if len(waiting) >= 2 * workers:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()


def _part(name: str) -> PictureSource:
    """Return what one name stands for."""
    path = Path(name)
    if path.is_file() and is_video(path):
        return _video(path)
    found = name_inputs(name)
    if isinstance(found, Pictures):
        skipped = (f"{found.skipped} other files skipped",) if found.skipped else ()
        return _files(found.files, name, skipped)
    if isinstance(found, ArrayFile):
        return _array(found)
    if Path(name).is_dir():
        raise without_pictures(Path(name), name, EXPECTED)
    raise InputError(f"{name} is no picture: expected {EXPECTED}")


def _files(paths: Sequence[Path], name: str, notes: tuple[str, ...]) -> PictureSource:
    def readers() -> Iterator[Reading]:
        return (Reading(str(path), partial(_read_file, path)) for path in paths)

    return PictureSource(name, readers, (name,), notes)


def _read_file(path: Path) -> Picture:
    """Return the picture in a file; raise UnusableError with its path and the reason."""
    try:
        pixels, alpha = decode(path)
        check_floats(pixels)
    except UnusableError as problem:
        raise UnusableError(path, str(problem)) from problem
    white = np.iinfo(pixels.dtype).max if pixels.dtype.kind == "u" else 1
    planes = np.moveaxis(pixels, -1, 0).astype(np.float32, order="C")
    if white != 255:
        planes *= np.float32(255 / white)
    return Picture(str(path), _finite(planes, str(path)), alpha, file_facts(path))


def _finite(planes: NDArray[np.float32], source: str) -> NDArray[np.float32]:
    if not np.isfinite(planes.sum()) and not np.isfinite(planes).all():
        raise UnusableError(source, "holds NaN or infinite pixels")
    return planes


def _video(path: Path) -> PictureSource:
    check_video(path)

    def read(name: str, frame: NDArray[Any]) -> Picture:
        planes = np.moveaxis(frame, -1, 0).astype(np.float32, order="C")
        return Picture(name, planes, alpha=False, facts=FileFacts(None))

    def readers() -> Iterator[Reading]:
        for number, frame in frames(path):
            name = f"{path}#{number}"
            yield Reading(name, partial(read, name, frame))

    notes = (f"every eighth frame of {path.name}",)
    return PictureSource(str(path), readers, (str(path),), notes)


def _array(found: ArrayFile) -> PictureSource:
    """Return the pictures of an array, scaled as its first one says."""
    from spectra.inputs._array_files import file_stack  # loads torch

    stack = file_stack(found.file, found.format, found.query, found.source)
    each = [row.numpy() for row in stack.rows()] if _is_one(stack.shape) else None
    first = _planes(np.stack(each) if each else next(stack.rows()).numpy())
    scale, offset, said = _levels(first, stack.dtype)
    notes = (*stack.notes, f"values of {found.file.name} {said}")

    def read(name: str, row: NDArray[Any]) -> Picture:
        planes = _finite(_planes(row) * scale + offset, name)
        return Picture(name, planes, alpha=False, facts=FileFacts(None))

    def readers() -> Iterator[Reading]:
        rows = [np.stack(each)] if each else (row.numpy() for row in stack.rows())
        for index, row in enumerate(rows):
            name = str(found.file) if each else f"{found.file}[{index}]"
            yield Reading(name, partial(read, name, row))

    return PictureSource(found.source, readers, (found.source,), notes)


def _is_one(shape: tuple[int, ...]) -> bool:
    """Tell whether an array, of which this is the shape behind the first axis, is one picture."""
    return len(shape) == 1 or (len(shape) == 2 and shape[-1] in (1, 3, 4))


def _planes(values: NDArray[Any]) -> NDArray[np.float32]:
    """Return the sample of an array as (channel, y, x), of at most eight channels."""
    if values.ndim == 2:
        values = values[None]
    if values.ndim != 3:
        raise InputError(
            f"an array of samples of shape {values.shape} holds no pictures: expected "
            "(N, C, H, W), (N, H, W, C), (N, H, W) or (H, W)"
        )
    if values.shape[-1] in (1, 3, 4) and min(values.shape[:2]) >= 16:
        values = np.moveaxis(values, -1, 0)
    count = len(values)
    values = values[:3] if count == 4 else values
    if count > MOST_CHANNELS:
        values = values[np.linspace(0, count - 1, MOST_CHANNELS).astype(int)]
    return np.ascontiguousarray(values, np.float32)


def _levels(first: NDArray[np.float32], dtype: str) -> tuple[np.float32, np.float32, str]:
    """Return what makes values grey levels of 255: a factor, an offset, and how that was told."""
    finite = first[np.isfinite(first)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    if dtype == "uint16":
        return np.float32(255 / 65535), np.float32(0), "in 0..65535"
    if dtype == "uint8" or (low >= 0 and 1.5 < high <= 255):
        return np.float32(1), np.float32(0), "in 0..255"
    if low >= 0 and high <= 1.5:
        return np.float32(255), np.float32(0), "in 0..1"
    if low >= -1.5 and high <= 1.5:
        return np.float32(127.5), np.float32(127.5), "in -1..1"
    span = max(high - low, 1e-30)
    text = f"scaled from {low:.3g}..{high:.3g}, the range of the first, to 0..255"
    return np.float32(255 / span), np.float32(-low * 255 / span), text
