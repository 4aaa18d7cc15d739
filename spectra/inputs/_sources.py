"""From anything that names or holds inputs to ``Inputs``."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, SupportsIndex

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from spectra._factories import resolve
from spectra._process import borrowed_process
from spectra.errors import InputError
from spectra.inputs._array_files import file_stack
from spectra.inputs._arrays import array_stack, open_stack, tensor_stack
from spectra.inputs._field_query import typed
from spectra.inputs._images import open_images
from spectra.inputs._inputs import Inputs
from spectra.inputs._many_images import HEAD, open_many
from spectra.inputs._named import (
    ArrayFile,
    NamedInputs,
    Pictures,
    PythonName,
    is_named,
    name_inputs,
)
from spectra.inputs._once import Once
from spectra.inputs._prepare import Preparation, check_reading
from spectra.inputs._random import open_random
from spectra.inputs._random_spec import RandomSpec
from spectra.inputs._signal_files import SignalFiles, signal_stack
from spectra.inputs._sound_files import Sounds
from spectra.inputs._sounds import open_sounds
from spectra.inputs._streams import open_stream
from spectra.inputs._tiff import count_pages
from spectra.inputs._volume_files import VolumeFiles
from spectra.inputs._volumes import volume_stack
from spectra.inputs._xarray import field_stack, is_field
from spectra.load import Wanted

Source = str | Path | Tensor | NDArray[Any] | Iterable[Any] | Callable[[], Any]


@borrowed_process()
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
    lazy: bool = False,
    bgr: bool = False,
    wanted: Wanted | None = None,
    layout: str | None = None,
    once: Once | None = None,
) -> Inputs:
    """Open ``source`` as equal samples for a model.

    Everything is looked at once, one sample at a time, so that what cannot be used is dropped
    and counted before a model runs; memory does not grow with the size of the samples.

    Parameters
    ----------
    source : str, Path, Tensor, ndarray, iterable or callable
        * a folder (not its subfolders), a glob, a file or a list of files: pictures of 8 or
          16 bits, gray, RGB or with alpha, of any sizes, or sound (wav, flac) of one sample
          rate, or NumPy files of one signal (C, T) each;
        * an array (N, C, L), (N, C, H, W), (N, C, D, H, W) or vectors (N, C): in memory, or a
          file ``.npy``, ``.npz``, ``.pt``, with ``?key=NAME`` if it holds several;
        * named dimensions: an xarray Dataset or DataArray, a file of netCDF or a zarr store, with
          ``?variables=t2m,u10&samples=time&channels=level`` where something is to be chosen;
        * volumes: NIfTI, or a folder, glob or list of ``.npy``, NIfTI or multi-page TIFF
          (``?volume``);
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
        Seed of random inputs and shuffling loaders.
    lazy : bool
        Of more than 1024 pictures, look at the first 1024 only, which fix size and colour; the
        others are looked at when their turn comes, and what cannot be used is dropped then.
    bgr : bool
        Give the three channels of a picture in the order blue, green, red, as OpenCV reads them.
    wanted : Wanted, optional
        What the model has to be given, by which the parts of a loader's items are told apart;
        without it an item is one thing.
    layout : {"NCT", "NTC", "NT", "CT", "TC"}, optional
        Of arrays of signals: the order of samples, channels and time. ``"NT"`` are waveforms,
        ``"CT"`` and ``"TC"`` one signal. Default: ``"NCT"``, and two axes are vectors.
    once : Once, optional
        Keeps what is decoded while a run lasts; by default the inputs have one of their own.

    Raises
    ------
    InputError
        In one line: what the source is and what was expected.
    NothingToAnalyseError
        If there is nothing in it that can be used.
    ParameterError
        If an option has no meaning.
    """
    how = check_reading(
        range=range,
        mean=mean,
        std=std,
        gray=gray,
        multiple=multiple,
        crop=crop,
        num=num,
        seed=seed,
        bgr=bgr,
        layout=layout,
    )
    if isinstance(source, Tensor):
        return open_stack(tensor_stack(source), "tensor", how)
    if is_named(source):
        return _open_named(name_inputs(source), how, wanted, lazy=lazy, once=once or Once())
    if is_field(source):
        return open_stack(field_stack(source), type(source).__name__, how)
    if hasattr(source, "__array__") and not isinstance(source, type):
        return open_stack(array_stack(np.asarray(source)), "array", how)
    name = getattr(source, "__name__", type(source).__name__)
    return open_stream(source, name, how, wanted)


def _open_named(
    named: NamedInputs, how: Preparation, wanted: Wanted | None, *, lazy: bool, once: Once
) -> Inputs:
    """Open what a text or a list of paths names."""
    match named:
        case RandomSpec():
            return open_random(named, how)
        case Pictures():
            notes = tuple(_notes(named))
            paths, source = named.files, named.source
            most = len(paths) if how.num is None else min(len(paths), how.num)
            if lazy and most > HEAD:
                return open_many(paths, source, how, most=most, notes=notes, once=once)
            return open_images(paths, source, how, notes, once=once)
        case Sounds():
            return open_sounds(named, how, once)
        case SignalFiles():
            each = f"N{(how.layout or 'CT')[-2:]}"
            return open_stack(signal_stack(named, each), named.source, replace(how, layout=each))
        case ArrayFile():
            stack = file_stack(named.file, named.format, named.query, named.source)
            return open_stack(stack, named.source, how, once=once)
        case VolumeFiles():
            return open_stack(volume_stack(named, how), named.source, how, once=once)
        case PythonName():
            return _open_object(named.spec, how, wanted)


def _notes(named: Pictures) -> Iterator[str]:
    """Yield what of some files is not read as pictures."""
    if named.skipped:
        yield f"{named.skipped} other files skipped"
    if (pages := count_pages(named.files[0])) > 1:
        first, volume = named.files[0].name, typed(named.source, named.files, "volume")
        yield f"the first of {pages} pages of {first}; for volumes type {volume}"


def _open_object(spec: str, how: Preparation, wanted: Wanted | None) -> Inputs:
    """Open the function or data in a module that ``spec`` names."""
    found = resolve(spec, error=InputError)
    if isinstance(found, Tensor):
        return open_stack(tensor_stack(found), spec, how)
    if isinstance(found, np.ndarray):
        return open_stack(array_stack(found), spec, how)
    if is_field(found):
        return open_stack(field_stack(found, spec), spec, how)
    return open_stream(found, spec, how, wanted)
