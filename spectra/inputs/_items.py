"""Which values of a loader's item a model is given, and under which names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from spectra._text import listed
from spectra.errors import InputError
from spectra.inputs._arrays import check_dtype, check_values
from spectra.load import LABELS

if TYPE_CHECKING:
    from spectra.load import Wanted

INPUT_NAMES = ("image", "images", "input", "inputs", "x", "pixel_values", "data", "lq", "sample")
Value = Tensor | np.ndarray[Any, Any] | float
_VALUES = (Tensor, np.ndarray, np.generic, int, float)


def chosen(item: object, wanted: Wanted | None, source: str) -> dict[str, Any]:
    """Return what of a loader's item the model is given, by parameter.

    A single thing has no name. A tuple is given to the required parameters in order, where there
    are several; what comes after them, and all but the first where there is one, is taken for
    labels. Of a dict those parts are given that have the names of parameters, but for labels that
    the model does without.

    Parameters
    ----------
    item : object
        What a loader, dataset or function gave.
    wanted : Wanted or None
        What the model has to be given; None where there is no model yet.
    source : str
        What gave it, for errors.

    Raises
    ------
    InputError
        If a dict has no name for something that the model needs.
    """
    if isinstance(item, tuple) and hasattr(item, "_asdict"):
        item = item._asdict()
    if isinstance(item, Mapping):
        return _by_name(item, wanted, source)
    if not isinstance(item, tuple | list) or not item:
        return {"": item}
    if isinstance(item[0], tuple | list | Mapping):  # ((left, right), disparity)
        return chosen(item[0], wanted, source)
    needed = wanted.required if wanted else ()
    if len(needed) < 2 or len(item) < 2:
        return {"": item[0]}
    return dict(zip(needed, item, strict=False))


def left_out(item: object, given: Mapping[str, Any]) -> int:
    """Return how many maps of a tuple are not given to the model."""
    if not isinstance(item, tuple | list) or not item or not isinstance(item[0], _VALUES):
        return 0
    return sum(getattr(value, "ndim", 0) > 2 for value in item[len(given) :])


def _by_name(item: Mapping[Any, Any], wanted: Wanted | None, source: str) -> dict[str, Any]:
    """Return those parts of a dict that have names of parameters."""
    values = {str(name): value for name, value in item.items() if isinstance(value, _VALUES)}
    usual = [name for name in INPUT_NAMES if name in values]
    required = wanted.required if wanted else ()
    named = {
        name: values[name]
        for name in (wanted.names if wanted else ())
        if name in values and (name in required or name not in LABELS)
    }
    free = [name for name in required if name not in named]
    if len(required) < 2 and (free or not named):
        tensors = [name for name in (*usual, *values) if isinstance(values[name], Tensor)]
        tensors = [name for name in tensors if name not in named]
        if not tensors:
            raise InputError(f"{source} gave a dict of {listed(item)}: expected a tensor in it")
        return {free[0]: values[tensors[0]], **named} if named else {"": values[tensors[0]]}
    left = [name for name in usual if name not in named]
    if len(free) == 1 and left:
        named[free.pop()] = values[left[0]]
    if free and wanted is not None:
        raise InputError(
            f"{source} gave a dict of {listed(item)}: expected the names of what {wanted.where} "
            f"needs, {listed(required, 12)}; name them so in the loader, or give constants with "
            f"--call-arg {free[0]}=VALUE"
        )
    return {name: named[name] for name in wanted.names if name in named} if wanted else named


def as_tensors(values: Mapping[str, Any], source: str, *, single: bool) -> dict[str, Tensor]:
    """Return values as tensors on the CPU with a leading sample axis.

    Parameters
    ----------
    values : mapping
        What is given to the model, by parameter; the axis of samples is missing where each item
        is one sample.
    source : str
        What gave it, for errors.
    single : bool
        Whether each item is one sample.

    Raises
    ------
    InputError
        If something is no tensor, or parts hold different numbers of samples.
    """
    found = {name: _tensor(value, name, source) for name, value in values.items()}
    if single:
        return {name: value[None] for name, value in found.items()}
    counts = {name: len(value) for name, value in found.items() if value.ndim}
    if len(set(counts.values())) > 1:
        told = ", ".join(f"{count} of {name}" for name, count in counts.items())
        raise InputError(
            f"{source} gave {told} in one item: expected a first axis of as many samples in each"
        )
    count = next(iter(counts.values()), 1)
    return {n: value if value.ndim else value.expand(count) for n, value in found.items()}


def _tensor(value: object, name: str, source: str) -> Tensor:
    """Return one of several things that a model takes as a tensor."""
    if isinstance(value, Tensor):
        check_values(value, f"what {source} gave as {name}")
        tensor = value.detach().cpu()
    elif isinstance(value, _VALUES):
        tensor = torch.as_tensor(np.array(value))
    else:
        raise InputError(f"{source} gave a {type(value).__name__} as {name}: expected a tensor")
    if tensor.is_complex():
        check_dtype(str(tensor.dtype), f"{name} of {source}")
    return tensor.float() if tensor.is_floating_point() else tensor
