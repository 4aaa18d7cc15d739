"""What a model is given beside its inputs: numbers and texts as they are, tensors from files."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spectra._files import (
    DESCRIPTION,
    check_packed,
    check_readable,
    check_size,
    open_regular,
    open_zip,
    recognise,
)
from spectra._text import brief, listed
from spectra.errors import InputError, SpectraError

if TYPE_CHECKING:
    from torch import Tensor

SUFFIXES = frozenset({".npy", ".npz", ".pt", ".pth", ".safetensors"})
EXPECTED = "a number, a text, or a file of one tensor (.npy, .npz, .pt, .safetensors)"


def check_constants(values: Mapping[str, object]) -> None:
    """Raise InputError where a file is named that is not there; imports neither torch nor NumPy.

    Parameters
    ----------
    values : mapping
        What `read_constants` takes.
    """
    for value in values.values():
        if (named := _file_named(value)) is not None:
            check_readable(named[0], EXPECTED, InputError)


def read_constants(values: Mapping[str, object]) -> dict[str, object]:
    """Return what a method is given beside its inputs, files of tensors read.

    Parameters
    ----------
    values : mapping
        By parameter: numbers, texts, tensors, arrays; a text that names a file of one tensor, as
        ``"prompt.pt"`` or ``"prompts.safetensors?key=first"``.

    Raises
    ------
    InputError
        If a file is missing, damaged, holds code, or several tensors and no key.
    """
    return {name: _read(value) for name, value in values.items()}


def _file_named(value: object) -> tuple[Path, str | None] | None:
    """Return the file that a text names, and which of its tensors; None for other values."""
    if not isinstance(value, str | Path):
        return None
    file, _, key = str(value).partition("?key=")
    path = Path(file)
    return (path, key or None) if path.suffix.lower() in SUFFIXES or path.is_file() else None


def _read(value: object) -> object:
    """Return a value, from its file if it names one."""
    named = _file_named(value)
    if named is not None:
        return _tensor_in(*named)
    import numpy as np
    import torch

    return torch.from_numpy(value.copy()) if isinstance(value, np.ndarray) else value


def _tensor_in(path: Path, key: str | None) -> Tensor:
    """Return the tensor in a file, without running anything that the file may hold."""
    check_readable(path, EXPECTED, InputError)
    check_size(path, InputError)
    try:
        tensors = _tensors_in(path)
    except SpectraError as error:
        raise InputError(str(error)) from error
    except Exception as error:
        raise InputError(
            f"{path} cannot be read ({brief(error)}): expected {EXPECTED}, undamaged"
        ) from error
    held = listed((f"{name} {tuple(value.shape)}" for name, value in tensors.items()), 12)
    if key is not None and key not in tensors:
        raise InputError(f"{path} holds no tensor {key!r}: it holds {held}")
    if key is None and len(tensors) != 1:
        raise InputError(f"{path} holds {held}: expected one; choose with '{path}?key=NAME'")
    tensor: Tensor = tensors[key] if key is not None else next(iter(tensors.values()))
    return tensor.float() if tensor.is_floating_point() else tensor


def _tensors_in(path: Path) -> dict[str, Any]:
    """Return all tensors in a file, by name."""
    import numpy as np
    import torch

    from spectra.inputs._npy_header import read_header
    from spectra.load import check_dense, open_torch

    found = recognise(path)
    if found == "npy":
        with open_regular(path) as file:
            read_header(file)
        return {"": torch.from_numpy(np.load(path, allow_pickle=False))}
    if found == "npz":
        with open_zip(path) as archive:
            for member in archive.namelist():
                with archive.open(member) as file:
                    shape, _, dtype = read_header(file)
                check_packed(math.prod(shape) * dtype.itemsize, path.stat().st_size, str(path))
        with np.load(path, allow_pickle=False) as arrays:
            return {name: torch.from_numpy(arrays[name]) for name in arrays.files}
    if found == "safetensors":
        from safetensors.torch import load_file

        return dict(load_file(path, device="cpu"))
    if found not in ("torch_zip", "torch_legacy"):
        raise InputError(f"{path} is {DESCRIPTION[found]}: expected {EXPECTED}")
    content = open_torch(path)
    named = content if isinstance(content, Mapping) else {"": content}
    tensors = {str(n): value for n, value in named.items() if isinstance(value, torch.Tensor)}
    check_dense(tensors, str(path))
    return tensors
