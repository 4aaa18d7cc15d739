"""Argument checks shared by all stages."""

from collections.abc import Sequence
from operator import index
from typing import Any, SupportsIndex

from spectra.errors import ParameterError

MOST = 2**31 - 1  # that libraries count to
PerAxis = SupportsIndex | Sequence[SupportsIndex]


def along_axes(values: Any, axes: int) -> tuple[Any, ...]:
    """Return an argument of an operation for each axis: one number stands for all of them.

    Examples
    --------
    >>> along_axes(2, 3), along_axes([2], 2), along_axes((1, 2), 2)
    ((2, 2, 2), (2, 2), (1, 2))
    """
    each = tuple(values) if isinstance(values, Sequence) else (values,)
    return each * axes if len(each) == 1 else each


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
    if not 1 <= number <= MOST or isinstance(value, bool):
        expected = "an integer >= 1" if number < 1 else f"at most {MOST}"
        raise ParameterError(f"{name}={value!r} is not a count: expected {expected}")
    return number


def per_axis(name: str, values: PerAxis, axes: int, *, least: int | None = None) -> tuple[int, ...]:
    """Return ``values`` as one integer an axis; ``name`` is used in the error."""
    given = values if isinstance(values, Sequence) else (values,) * axes
    try:
        numbers = tuple(index(value) for value in given)
    except TypeError:
        numbers = ()
    if len(numbers) != axes or (least is not None and min(numbers) < least):
        bound = "" if least is None else f" of at least {least}"
        expected = f"an integer{bound}" + (f", or {axes} of them" if axes > 1 else "")
        raise ParameterError(f"{name}={values!r}: expected {expected}")
    return numbers
