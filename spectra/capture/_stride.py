"""By how much a model reduces its input, read off the sizes of its maps."""

from collections.abc import Sequence
from itertools import pairwise
from math import ceil, log2, prod


def total_stride(size: tuple[int, ...], entering: Sequence[tuple[int, ...]]) -> tuple[int, ...]:
    """Return the stride from a model's input to the smallest map that enters a step.

    Parameters
    ----------
    size : tuple of int
        Size of the model's input.
    entering : sequence of tuple of int
        Sizes of the maps that enter the steps, which a U-Net has at every level.

    Returns
    -------
    tuple of int
        One per axis, 1 where nothing is reduced.

    Examples
    --------
    >>> total_stride((3000,), [(12,), (47,), (188,), (750,)])  # 4 x 4 x 4 x 4, rounded up
    (256,)
    """
    maps = [m for m in entering if len(m) == len(size)]
    return tuple(_along(n, {m[axis] for m in maps}) for axis, n in enumerate(size))


def _along(size: int, entering: set[int]) -> int:
    """Multiply the strides from level to level, or take the whole ratio at once."""
    levels = sorted({size, *(n for n in entering if n < size)}, reverse=True)
    steps = [_fitting(large, small) for large, small in pairwise(levels)]
    if all(steps):
        return prod(map(_likeliest, steps))
    return _likeliest(_fitting(levels[0], levels[-1])) or 2 ** round(log2(levels[0] / levels[-1]))


def _fitting(large: int, small: int) -> list[int]:
    """Return the strides that take one size to another, rounding down or up."""
    near = range(max(2, large // (small + 1)), ceil(large / max(small - 1, 1)) + 1)
    fits = [t for t in near if small in (large // t, ceil(large / t))]
    return [large // small] if large % small == 0 else fits


def _likeliest(strides: Sequence[int]) -> int:
    """Return the power of two among some strides, else the first; 0 where there is none."""
    return next((t for t in strides if t & (t - 1) == 0), next(iter(strides), 0))
