"""Which axis of an array of signals is time, where that is not the last."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING

from spectra.errors import InputError, ParameterError

if TYPE_CHECKING:
    from torch import Tensor

    from spectra.inputs._arrays import Stack

LAYOUTS = {
    "NCT": "samples, channels, time",
    "NTC": "samples, time, channels",
    "NT": "samples, time: one channel",
    "CT": "channels, time: one sample",
    "TC": "time, channels: one sample",
}


def check_layout(layout: str | None) -> str | None:
    """Return ``layout`` in capitals; raise ParameterError for one that is none."""
    if layout is None:
        return None
    if str(layout).upper() not in LAYOUTS:
        known = ", ".join(f"{name} ({words})" for name, words in LAYOUTS.items())
        raise ParameterError(f"layout={layout!r} is no order of axes: expected {known}")
    return str(layout).upper()


def laid_out(stack: Stack, layout: str | None, source: str) -> Stack:
    """Return an array of signals as samples (channel, time).

    Parameters
    ----------
    stack : Stack
        The array as samples along its first axis.
    layout : {"NCT", "NTC", "NT", "CT", "TC"} or None
        What its axes are; None leaves it as it is.
    source : str
        What it is called in an error.

    Raises
    ------
    InputError
        If the array has another number of axes.
    """
    if layout is None:
        return stack
    if len(layout) == 2:
        stack = _with_third_axis(stack, source, layout)
    if len(stack.shape) != 2:
        raise InputError(
            f"{source} has {len(stack.shape) + 1} axes: expected {len(layout)} for layout={layout}"
        )
    note = f"axes read as {LAYOUTS[layout]}"
    if not layout.endswith("TC"):
        return replace(stack, notes=(*stack.notes, note))

    def turned(first: int = 0) -> Iterator[Tensor]:
        for row in islice(stack.rows(), first, None):
            yield row.mT.contiguous()

    return replace(stack, shape=stack.shape[::-1], rows=turned, notes=(*stack.notes, note))


def _with_third_axis(stack: Stack, source: str, layout: str) -> Stack:
    """Return an array of two axes, read as vectors, as signals: one for each row, or one of all."""
    if len(stack.shape) != 1 or stack.count is None:
        raise InputError(
            f"{source} has {len(stack.shape) + 1} axes: expected {len(layout)} for layout={layout}"
        )

    if layout == "NT":

        def waves(first: int = 0) -> Iterator[Tensor]:
            for row in islice(stack.rows(), first, None):
                yield row[None]

        return replace(stack, shape=(1, *stack.shape), rows=waves)

    def rows(_first: int = 0) -> Iterator[Tensor]:
        import torch

        yield torch.stack(list(stack.rows()))

    return replace(stack, count=1, shape=(stack.count, *stack.shape), rows=rows)
