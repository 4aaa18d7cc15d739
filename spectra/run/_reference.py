"""A converted model held against the file that it was converted from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import torch

from spectra import capture
from spectra._text import brief
from spectra.errors import ModelError

if TYPE_CHECKING:
    from torch import Tensor

    from spectra.capture import Discovery
    from spectra.load import LoadedModel

AGREES = 1e-4  # of the output's range: what rounding in another order may leave in a deep network
DIFFERS = 1e-2  # from here on another network is measured


def compared(loaded: LoadedModel, example: Tensor, found: Discovery) -> LoadedModel:
    """Return the model with a note on how far its output is that of its reference.

    Parameters
    ----------
    loaded : LoadedModel
        A model; one without a reference comes back as it is.
    example : Tensor, shape (1, C, *spatial)
        The input on which both run.
    found : Discovery
        Which of several tensors is the output.

    Raises
    ------
    ModelError
        If they differ by more than a hundredth of the output's range.
    """
    if loaded.reference is None:
        return loaded
    example = _as_exported(example, loaded.input_shape)
    given, named = capture.current_arguments().of(example)
    values = [value for value in (*given, *named.values()) if isinstance(value, torch.Tensor)]
    try:
        expected = loaded.reference(values)[found.output]
    except Exception as error:
        text = f"not compared with onnxruntime, which does not run it: {brief(error)}"
        return replace(loaded, notes=(*loaded.notes, text))
    with capture.quiet(loaded.model):
        output = capture.forward(loaded.model, example, found=found)
    expected = found.reading.as_maps(expected, example.shape[2:], found.input_shape[1:])
    share = _difference(output, expected)
    told = f"{share:.2g} of the output's range"
    if not share <= DIFFERS:
        raise ModelError(
            f"{loaded.source} gives another output in PyTorch than in onnxruntime: they differ by "
            f"{told}, so that another network would be measured; give the checkpoint that it was "
            "exported from with --arch"
        )
    if share > AGREES:
        text = f"converted to PyTorch it differs from onnxruntime by {told}: {AGREES:g} is usual"
    else:
        text = f"converted to PyTorch; onnxruntime gives the same output but for {told}"
    return replace(loaded, notes=(*loaded.notes, text))


def _as_exported(example: Tensor, shape: Sequence[int | None] | None) -> Tensor:
    """Return the part of an input that a graph of fixed size takes."""
    if shape is None or len(shape) != example.ndim:
        return example
    pairs = zip(example.shape[2:], shape[2:], strict=True)
    sides = [n if side is None else min(n, side) for n, side in pairs]
    for axis, side in enumerate(sides, start=2):
        example = example.narrow(axis, (example.shape[axis] - side) // 2, side)
    return example


def _difference(output: Tensor, expected: Tensor) -> float:
    """Return the largest difference of two outputs, as a share of the range of the second."""
    if output.shape != expected.shape:
        return float("inf")
    ours, theirs = output.detach().double().cpu(), expected.double()
    span = float(theirs.max() - theirs.min()) or float(theirs.abs().max()) or 1.0
    return float((ours - theirs).abs().max()) / span
