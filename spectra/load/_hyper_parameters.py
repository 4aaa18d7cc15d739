"""Hyper-parameters that a checkpoint keeps beside its weights, as far as they are plain values."""

import math
from argparse import Namespace
from collections.abc import Mapping
from typing import Any

_KEYS = ("hyper_parameters", "hparams")
_DEEPEST = 3


def hyper_parameters(content: object) -> dict[str, Any]:
    """Return the plain hyper-parameters in a (Lightning) checkpoint, by name.

    Examples
    --------
    >>> hyper_parameters({"hyper_parameters": {"width": 8, "loss": object()}, "state_dict": {}})
    {'width': 8}
    """
    if not isinstance(content, Mapping):
        return {}
    held = next((content[key] for key in _KEYS if key in content), None)
    values = vars(held) if isinstance(held, Namespace) else held
    if not isinstance(values, Mapping):
        return {}
    return {
        name: value
        for name, value in values.items()
        if isinstance(name, str) and name.isidentifier() and _is_plain(value)
    }


def _is_plain(value: object, depth: int = 0) -> bool:
    if isinstance(value, float):
        return math.isfinite(value)
    if value is None or type(value) in (bool, int, str):
        return True
    if depth == _DEEPEST:
        return False
    if type(value) in (list, tuple):
        return all(_is_plain(item, depth + 1) for item in value)  # type: ignore[attr-defined]
    if type(value) is dict:
        return all(type(key) is str and _is_plain(item, depth + 1) for key, item in value.items())
    return False
