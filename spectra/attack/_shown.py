"""One input, clean and attacked, and what a model makes of both, as pictures to look at."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray
    from torch import Tensor

LARGEST = 256  # pixels of a side, in the middle of larger ones
COLOUR = (1, 3)  # channels that are shown as they are


def shown_pair(
    clean: Tensor,
    changed: Tensor,
    before: Tensor,
    after: Tensor,
    *,
    classes: bool,
    limits: tuple[float, float] | None,
) -> xr.Dataset:
    """Return the middle of an input and of its output, clean and attacked.

    Parameters
    ----------
    clean, changed : Tensor, shape (C, *spatial)
        The input.
    before, after : Tensor, shape (C, *spatial)
        What the model makes of it.
    classes : bool
        Whether outputs are of classes: the likeliest is shown.
    limits : tuple of float or None
        Black and white of outputs, where they are known.

    Returns
    -------
    Dataset
        ``clean`` and ``attacked`` over (channel, *axes) of the output, ``clean_input`` and
        ``attacked_input`` over those of the input. Of outputs that are neither gray nor RGB the
        loudest channel, named by the attribute ``channel``.
    """
    import xarray as xr

    inputs = [_middle(values.cpu().numpy()) for values in (clean, changed)]
    outputs = [values.float().cpu().numpy() for values in (before, after)]
    channel: int | None = None
    if classes:
        outputs = [values.argmax(0, keepdims=True).astype(np.float32) for values in outputs]
    elif len(outputs[0]) not in COLOUR:
        channel = int(outputs[0].reshape(len(outputs[0]), -1).var(1).argmax())
        outputs = [values[channel : channel + 1] for values in outputs]
    outputs = [_middle(values) for values in outputs]
    of_input, of_output = (
        _dims(values, kind) for values, kind in ((inputs[0], "in"), (outputs[0], "out"))
    )
    return xr.Dataset(
        {
            "clean_input": (of_input, inputs[0]),
            "attacked_input": (of_input, inputs[1]),
            "clean": (of_output, outputs[0]),
            "attacked": (of_output, outputs[1]),
        },
        attrs={"channel": channel, "classes": classes, "limits": limits and list(limits)},
    )


def _middle(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the middle of a map (C, *spatial)."""
    window = [
        slice(max(n - LARGEST, 0) // 2, max(n - LARGEST, 0) // 2 + LARGEST)
        for n in values.shape[1:]
    ]
    return values[(slice(None), *window)]


def _dims(values: NDArray[np.float32], kind: str) -> tuple[str, ...]:
    axes = ("z", "y", "x")[3 - (values.ndim - 1) :]
    return tuple(f"{name}_{kind}" for name in ("channel", *axes))
