"""From anything that names or holds inputs to ``Inputs``."""

import glob
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, SupportsIndex

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from spectra.errors import InputError, NothingToAnalyseError
from spectra.load._array_files import ARRAY_FORMATS, file_stack
from spectra.load._arrays import array_stack, open_stack, tensor_stack
from spectra.load._factories import is_spec, resolve
from spectra.load._formats import DESCRIPTION, check_readable, recognise
from spectra.load._images import find_pictures, looks_like_picture, open_images
from spectra.load._inputs import Inputs
from spectra.load._prepare import Options, check_options
from spectra.load._random import PREFIX, open_random
from spectra.load._streams import open_stream
from spectra.load._text import listed

EXPECTED = (
    "a folder, glob or file of pictures, an array (.npy, .npz, .pt, .nc), "
    "'random:latent?shape=...', or a function such as 'file.py:make'"
)
Source = str | Path | Tensor | NDArray[Any] | Iterable[Any] | Callable[[], Any]


def open_inputs(
    source: Source,
    *,
    range: str | Sequence[float] | None = None,  # noqa: A002
    mean: float | Sequence[float] | None = None,
    std: float | Sequence[float] | None = None,
    gray: bool = False,
    multiple: SupportsIndex | None = None,
    crop: SupportsIndex | None = None,
    num: SupportsIndex | None = 64,
    seed: int = 0,
) -> Inputs:
    """Open ``source`` as equal samples for a model.

    Everything is looked at once, one sample at a time, so that what cannot be used is dropped
    and counted before a model runs; memory does not grow with the number of samples.

    Parameters
    ----------
    source : str, Path, Tensor, ndarray, iterable or callable
        * a folder (not its subfolders), a glob, a file or a list of files: pictures of 8 or
          16 bits, gray, RGB or with alpha, of any sizes;
        * an array (N, C, L), (N, C, H, W), (N, C, D, H, W) or vectors (N, C): in memory, or a
          file ``.npy``, ``.npz``, ``.pt`` or netCDF, with ``?key=NAME`` if it holds several;
        * ``random:latent?shape=512,4,4&n=16&seed=0&dist=normal`` or ``random:image?...``, where
          ``shape`` is that of one sample without the sample axis;
        * a loader, dataset, generator or function (also as ``pkg.mod:name`` or
          ``file.py:name``) that gives tensors with a leading sample axis.
    range : str or pair of float, optional
        Range that the model takes, such as ``"-1..1"``. Pictures are scaled to it (default
        0..1); of arrays it says what they hold, and nothing is scaled.
    mean, std : float or sequence of float, optional
        Subtracted and divided by after scaling; one value or one for a channel.
    gray : bool
        Turn RGB to gray by Rec. 601 luma.
    multiple : int, optional
        Sizes are rounded down to multiples of it. Default for pictures: 32, or 8 (1) if the
        smallest has a side below 64 (16); for arrays 1.
    crop : int, optional
        Side of the centre crop; smaller pictures are dropped. Default for pictures: what the
        smallest allows, at most 512; for arrays all.
    num : int, optional
        Use the first so many samples in sorted order; None for all.
    seed : int
        For random inputs and shuffling loaders.

    Raises
    ------
    InputError
        In one line: what the source is and what was expected.
    NothingToAnalyseError
        If there is nothing in it that can be used.
    ParameterError
        If an option has no meaning.
    """
    options = check_options(
        range=range, mean=mean, std=std, gray=gray, multiple=multiple, crop=crop, num=num, seed=seed
    )
    if isinstance(source, Tensor):
        return open_stack(tensor_stack(source), "tensor", options)
    if isinstance(source, str | Path):
        return _open_name(str(source), options)
    if (
        isinstance(source, list | tuple)
        and source
        and all(isinstance(p, str | Path) for p in source)
    ):
        return _open_paths([Path(path) for path in source], f"{len(source)} files", options)
    if hasattr(source, "__array__") and not isinstance(source, type):
        return open_stack(array_stack(np.asarray(source)), "array", options)
    name = getattr(source, "__name__", type(source).__name__)
    return open_stream(source, name, options)


def _open_name(source: str, options: Options) -> Inputs:
    """Open what a text names: a random input, a path, a glob or a function."""
    if source.startswith(PREFIX):
        return open_random(source, options)
    path = Path(source)
    if path.is_dir():
        return _open_folder(path, source, options)
    if path.exists():
        return _open_file(path, None, source, options)
    file, _, query = source.partition("?key=")
    if query and Path(file).is_file():
        return _open_file(Path(file), query, file, options)
    if glob.has_magic(source):
        paths = sorted(Path(found) for found in glob.glob(source, recursive=True))
        files = [found for found in paths if found.is_file()]
        if not files:
            raise NothingToAnalyseError(f"{source} matches no file: expected {EXPECTED}")
        return _open_paths(files, source, options)
    if is_spec(source):
        return _open_named(source, options)
    check_readable(path, EXPECTED, InputError)
    raise InputError(f"{source} is neither a file nor a folder: expected {EXPECTED}")


def _open_named(source: str, options: Options) -> Inputs:
    """Open the function or data in a module that ``source`` names."""
    found = resolve(source, error=InputError)
    if isinstance(found, Tensor):
        return open_stack(tensor_stack(found), source, options)
    if isinstance(found, np.ndarray):
        return open_stack(array_stack(found), source, options)
    return open_stream(found, source, options)


def _open_folder(folder: Path, source: str, options: Options) -> Inputs:
    pictures, others = find_pictures(folder)
    if not pictures:
        held = (
            f"it holds {listed((file.name for file in others), 3)}"
            if others
            else "it holds no file"
        )
        raise NothingToAnalyseError(
            f"{source} is a folder without pictures ({held}; subfolders are not searched): "
            f"expected {EXPECTED}"
        )
    notes = (f"{len(others)} other files skipped",) if others else ()
    return open_images(pictures, source, options, notes)


def _open_paths(paths: list[Path], source: str, options: Options) -> Inputs:
    """Open several files, which must be pictures, or one of any kind."""
    if len(paths) == 1:
        return _open_name(str(paths[0]), options)
    for path in paths:
        check_readable(path, "a picture", InputError)
    if not any(map(looks_like_picture, paths)):
        kinds = {DESCRIPTION[recognise(path)] for path in paths}
        raise NothingToAnalyseError(
            f"{source} holds no picture but {listed(sorted(kinds), 3)}: expected pictures, or "
            "one array file"
        )
    return open_images(paths, source, options)


def _open_file(path: Path, key: str | None, source: str, options: Options) -> Inputs:
    check_readable(path, EXPECTED, InputError)
    found = recognise(path)
    if found in ARRAY_FORMATS:
        return open_stack(file_stack(path, found, key, source), source, options)
    if looks_like_picture(path):
        return open_images([path], source, options)
    raise InputError(f"{path} is {DESCRIPTION[found]}: expected {EXPECTED}")
