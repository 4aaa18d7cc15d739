"""Opening a model file without running the code in it."""

import pickle
import pickletools
import traceback
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import torch
from torch import Tensor, nn

from spectra._files import (
    DESCRIPTION,
    Format,
    check_readable,
    check_size,
    is_zip,
    open_regular,
    recognise,
)
from spectra._text import brief, listed
from spectra.errors import LoadError
from spectra.load._plain_data import is_data, plain_data_allowed
from spectra.load._weight_files import PROGRAMS, check_weights

_NOTICES: tuple[type[Warning], ...] = (
    DeprecationWarning,
    FutureWarning,
    UserWarning,
    torch.serialization.SourceChangeWarning,
)


@dataclass(frozen=True)
class Opened:
    """What a file of a model gave: a whole module, or an object that holds weights somewhere.

    ``input_shape`` is what a torch.export program accepts, None for an axis of any length.
    """

    format: Format
    content: object
    input_shape: tuple[int | None, ...] | None = None


def open_checkpoint(path: Path, *, trust: bool = False) -> Opened:
    """Open the model file ``path`` on the CPU without executing anything in it.

    Parameters
    ----------
    path : Path
        A torch.save file of either kind, a safetensors file or, with ``trust``, a pickled
        module, a TorchScript or a torch.export program. Recognised by content.
    trust : bool
        Allow the file to run code. Nothing is ever retried with more trust than given.

    Raises
    ------
    LoadError
        If the file is missing, damaged, something else, or holds code that is not trusted.
    """
    check_readable(path, "a file of weights", LoadError)
    found = check_weights(path, trust=trust)
    check_size(path)
    if found in PROGRAMS:
        return _open_program(path, found)
    if found == "safetensors":
        return Opened(found, _open_safetensors(path))
    if found == "pickle":
        return Opened(found, _open_pickle(path, trust=trust))
    return Opened(found, open_torch(path, trust=trust))


def open_torch(path: Path, *, trust: bool = False, mmap: bool = False) -> object:
    """Return what ``torch.save`` wrote to ``path``, on the CPU; code runs only with ``trust``."""
    try:
        with open_regular(path) as file, plain_data_allowed(), _quiet():
            return torch.load(
                str(path) if mmap else file,
                map_location="cpu",
                weights_only=not trust,
                mmap=mmap or None,
            )
    except Exception as error:
        offending = () if trust else unsafe_globals(path)
        if offending:
            raise LoadError(_untrusted(path, offending)) from error
        say = _unopened if trust else _damaged
        raise LoadError(say(path, recognise(path), error)) from error


def _open_pickle(path: Path, *, trust: bool) -> object:
    """Return what a plain pickle holds, which only trust allows."""
    if not trust:
        raise LoadError(_untrusted(path, unsafe_globals(path) or ("anything it names",)))
    try:
        with open_regular(path) as file, _quiet():
            return pickle.load(file)
    except Exception as error:
        raise LoadError(_unopened(path, "pickle", error)) from error


def unsafe_globals(path: Path) -> tuple[str, ...]:
    """Return the names that the pickle in ``path`` would import and that are not plain data.

    The pickle is only read, never run.
    """
    try:
        if is_zip(path):
            with plain_data_allowed():
                found = torch.serialization.get_unsafe_globals_in_checkpoint(path)
        else:
            with open_regular(path) as file:
                found = list(_pickled_globals(file))
    except Exception:  # a damaged file has no list; the caller reports the damage
        return ()
    return tuple(sorted({name for name in found if not is_data(name)}))


def _pickled_globals(file: IO[bytes]) -> Iterator[str]:
    """Yield the globals of the pickles that follow each other in ``file``."""
    while file.peek(1) if hasattr(file, "peek") else True:
        strings: list[str] = []
        try:
            for opcode, argument, _ in pickletools.genops(file):
                if opcode.name in ("GLOBAL", "INST"):
                    yield str(argument).replace(" ", ".")
                elif opcode.name == "STACK_GLOBAL" and len(strings) >= 2:
                    yield ".".join(strings[-2:])
                elif isinstance(argument, str):
                    strings.append(argument)
        except Exception:  # the pickles end where the raw tensors begin
            return


def _untrusted(path: Path, offending: tuple[str, ...]) -> str:
    names = listed(offending)
    return (
        f"{path} needs Python code to open (it would import {names}): expected plain weights, "
        "because such a file can run anything; if you trust its author add --trust (trust=True), "
        "else ask for the state_dict"
    )


def _damaged(path: Path, found: Format, error: Exception) -> str:
    return (
        f"{path} looks like {DESCRIPTION[found]} but cannot be read ({brief(error)}): it is "
        "damaged, incomplete or of another torch version; download or save it again"
    )


def _unopened(path: Path, found: Format, error: Exception) -> str:
    """Say why a pickle did not open: a class that is not to be had here, or damage."""
    frames = traceback.extract_tb(error.__traceback__)
    importing = any(frame.name == "<module>" for frame in frames)
    if not importing and not isinstance(error, ImportError | AttributeError):
        return _damaged(path, found, error)
    return (
        f"{path} is a pickled module whose class is not importable here ({brief(error)}): "
        "expected its source code on PYTHONPATH; run from the folder that defines it, or save "
        "model.state_dict() there and give --arch"
    )


def _open_safetensors(path: Path) -> dict[str, Tensor]:
    from safetensors.torch import load_file

    try:
        return load_file(path, device="cpu")
    except Exception as error:
        raise LoadError(_damaged(path, "safetensors", error)) from error


def _open_program(path: Path, found: Format) -> Opened:
    """Return the module of a TorchScript or torch.export program, which runs code."""
    try:
        with _quiet():
            if found == "torchscript":
                return Opened(found, torch.jit.load(str(path), map_location="cpu"))  # type: ignore[no-untyped-call]
            return Opened(found, *_open_export(path))
    except Exception as error:
        raise LoadError(_damaged(path, found, error)) from error


def _open_export(path: Path) -> tuple[nn.Module, tuple[int | None, ...] | None]:
    """Open a torch.export program with its modules' names, as far as it kept them."""
    from torch.export import load, unflatten

    program = load(path)
    first = next(iter(program.graph_signature.user_inputs), None)
    nodes = program.graph.find_nodes(op="placeholder")
    value = next((node.meta.get("val") for node in nodes if node.name == first), None)
    shape: tuple[int | None, ...] | None = None
    if isinstance(value, Tensor):
        shape = tuple(length if isinstance(length, int) else None for length in value.shape)
    try:
        return unflatten(program), shape
    except Exception:  # a program without module structure is still a module
        return program.module(), shape


@contextmanager
def _quiet() -> Iterator[None]:
    """Silence torch's notices of deprecation, which the user cannot act upon."""
    with warnings.catch_warnings():
        for category in _NOTICES:
            warnings.simplefilter("ignore", category)
        yield
