"""Argument checks shared by all stages."""

from operator import index
from typing import SupportsIndex

from spectra.errors import ParameterError


def check_factor(factor: SupportsIndex) -> int:
    """Return ``factor`` as an upsampling factor, an integer of at least 2."""
    try:
        value = index(factor)
    except TypeError:
        value = 0
    if value < 2 or isinstance(factor, bool):
        message = f"factor={factor!r} is not an upsampling factor: expected an integer >= 2"
        raise ParameterError(message)
    return value


def check_positive(name: str, value: SupportsIndex) -> int:
    """Return ``value`` as an integer of at least 1; ``name`` is used in the error."""
    try:
        number = index(value)
    except TypeError:
        number = 0
    if number < 1 or isinstance(value, bool):
        raise ParameterError(f"{name}={value!r} is not a count: expected an integer >= 1")
    return number
