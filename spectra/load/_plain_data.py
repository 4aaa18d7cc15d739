"""What a checkpoint may hold beside tensors: plain data, rebuilt without trusting the file."""

import argparse
import collections
import pathlib
import pickle
import re
from contextlib import AbstractContextManager
from typing import Any

import numpy as np
import torch

_PLAIN = re.compile(
    r"[<>=|]?(?:b1|[iu][1248]|f(?:2|4|8|16)|c(?:8|16|32)|[?bhilqpBHILQPefdgFDG]|[SU]\d{1,5})"
)
_CORES = ("core", "_core")  # numpy before and since version 2


class _Dtype:
    """Stands for ``numpy.dtype``; takes numbers and texts, and of its state the byte order.

    NumPy restores a dtype's flags and fields as the file says, even where they contradict the
    type: an array of numbers that claims to hold objects is then freed as if it did.
    """

    def __init__(self, code: object, *_: object) -> None:
        if not isinstance(code, str) or not _PLAIN.fullmatch(code):
            raise pickle.UnpicklingError(f"a NumPy dtype of other than numbers or texts: {code!r}")
        self.numpy = np.dtype(code)

    def __setstate__(self, state: tuple[object, ...]) -> None:
        if state[1] in ("<", ">"):
            self.numpy = self.numpy.newbyteorder(state[1])


class _Array(np.ndarray[Any, Any]):
    """Stands for ``numpy.ndarray``; takes raw bytes as long as its shape and dtype say."""

    def __setstate__(self, state: Any) -> None:
        shape, dtype, fortran, raw = state[-4:]
        if not isinstance(dtype, _Dtype) or not isinstance(raw, bytes):
            raise pickle.UnpicklingError("a NumPy array of other than raw numbers or texts")
        super().__setstate__((1, tuple(shape), dtype.numpy, bool(fortran), raw))  # type: ignore[arg-type]


class _ArrayType:
    """Stands for the name ``numpy.ndarray`` where a pickle passes it on."""


def _reconstruct(*_: object) -> _Array:
    """Return an empty array that its state will fill."""
    return np.ndarray.__new__(_Array, (0,), "b")


def _scalar(dtype: _Dtype, raw: bytes) -> object:
    """Return the number that ``raw`` holds."""
    return np.frombuffer(raw, dtype.numpy)[0]


ALLOWED: dict[str, Any] = {
    "argparse.Namespace": argparse.Namespace,
    "collections.defaultdict": collections.defaultdict,
    "numpy.dtype": _Dtype,
    "numpy.ndarray": _ArrayType,
    **{f"numpy.{core}.multiarray.scalar": _scalar for core in _CORES},
    **{f"numpy.{core}.multiarray._reconstruct": _reconstruct for core in _CORES},
    **{
        f"{module}.{pure}{flavour}Path": getattr(pathlib, f"Pure{flavour}Path")
        for flavour in ("Posix", "Windows")
        for module in ("pathlib", "pathlib._local")
        for pure in ("", "Pure")
    },
    "spectra.load._plain_data._Array": _Array,  # so that its state may be set
}


def plain_data_allowed() -> AbstractContextManager[Any]:
    """Return a context in which weights-only loading also takes plain data."""
    allowed: list[Any] = [(stand_in, name) for name, stand_in in ALLOWED.items()]
    return torch.serialization.safe_globals(allowed)


def is_data(name: str) -> bool:
    """Tell whether weights-only loading takes the global ``name``."""
    tensors = r"torch\.(\w*Storage|Tensor|Size|device|\w+\d+|_utils\._rebuild\w+|_tensor\.\w+)"
    tensors += r"|torch\.nn\.parameter\.\w+|collections\.\w+|_codecs\.encode"
    return name in ALLOWED or bool(re.fullmatch(tensors, name))
