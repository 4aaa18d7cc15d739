"""Swaps a model's upsampling steps and measures what that changes.

What `spectra.swap` and the ``spectra swap`` command call.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from spectra import remedy as remedies
from spectra._evidence import example_input
from spectra._options import Options

if TYPE_CHECKING:
    from torch import Tensor, nn

__all__ = ["swap"]


def swap(
    model: nn.Module,
    remedy: str = "lctc7",
    *,
    layers: str = "*",
    init: remedies.Start = "keep",
    example: Tensor | None = None,
    method: str = "forward",
    partial: bool = False,
) -> tuple[nn.Module, remedies.Plan]:
    """Return a copy of a model with other upsampling layers, and the plan of what was put where.

    `spectra.remedy.swap`, which says more, with an example input that may be left out.

    Parameters
    ----------
    model : Module
        Left as it is.
    remedy : str
        ``lctc7``, ``lctc11+3``, ``nearest+conv3``, ...
    layers : str
        Pattern of the steps' names.
    init : {"keep", "sinc", "icnr", "default"}
        "keep" computes what the model computes.
    example : Tensor, shape (B, C, *spatial), optional
        One input; by default guessed from the model's first layer.
    method : str
        Of the model, to call.
    partial : bool
        Leave steps that cannot be swapped, instead of raising.

    Examples
    --------
    >>> import torch
    >>> net = torch.nn.Sequential(torch.nn.ConvTranspose2d(3, 3, 2, stride=2))
    >>> swapped, plan = swap(net, "lctc7")
    >>> swapped[0].kernel_size
    (7, 7)
    """
    if example is None:
        example = example_input(model, None, Options(call=method))
    return remedies.swap(
        model, remedy, example=example, layers=layers, init=init, method=method, partial=partial
    )
