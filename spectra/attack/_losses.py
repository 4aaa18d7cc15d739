"""What an attack raises: the loss of each pixel between a model's output and a target."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, get_args

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - torch's own name for it

from spectra._text import suggestion
from spectra.attack._spec import LossName
from spectra.errors import InputError, ParameterError
from spectra.inputs import IGNORED

if TYPE_CHECKING:
    PixelLoss = Callable[[Tensor, Tensor], Tensor]

CHARBONNIER = 1e-3  # where the Charbonnier loss turns from square to linear
PSNR_FLOOR = 1e-8  # added to the mean squared error, so that equal pictures have a finite PSNR


def per_pixel_loss(name: LossName) -> PixelLoss:
    """Return a loss between outputs and targets that keeps one value for each pixel.

    Parameters
    ----------
    name : str
        * ``l1``, ``l2``: absolute and squared difference, mean over the channels;
        * ``charbonnier``: ``sqrt(difference^2 + 1e-6)``, mean over the channels;
        * ``psnr``: minus the PSNR of the picture in dB for values in 0..1, shared out among its
          pixels by their squared error, so that the mean over them has its value and gradient;
        * ``cross_entropy``: of classes, nats; pixels labelled 255 count 0;
        * ``epe``: length of the difference vector over the channels, the end-point error of a flow
          and the absolute error of a disparity.

    Returns
    -------
    callable
        ``loss(output, target)``. Outputs are of shape (B, C, *spatial), targets of the same shape
        and for ``cross_entropy`` of integers (B, *spatial); the loss is of shape (B, *spatial).
        Outputs of disparities may lack the channel axis where targets do, too.

    Raises
    ------
    ParameterError
        If there is no such loss.

    Examples
    --------
    >>> import torch
    >>> per_pixel_loss("epe")(torch.zeros(1, 2, 1, 1), torch.tensor([3.0, 4.0]).view(1, 2, 1, 1))
    tensor([[[5.]]])
    """
    if name not in _LOSSES:
        raise ParameterError(f"loss={name!r}: {suggestion(str(name), get_args(LossName))}")
    return _LOSSES[name]


def _difference(output: Tensor, target: Tensor) -> Tensor:
    """Return output minus target, as (B, C, *spatial)."""
    if output.shape != target.shape:
        raise InputError(
            f"the target is {tuple(target.shape)} and the output {tuple(output.shape)}: expected "
            "the same shape"
        )
    if not target.is_floating_point():
        raise InputError(
            f"the target holds {str(target.dtype).removeprefix('torch.')} values: expected floats, "
            "or loss=cross_entropy for labels"
        )
    difference = output - target
    return difference[:, None] if difference.ndim == 3 else difference


def _l1(output: Tensor, target: Tensor) -> Tensor:
    return _difference(output, target).abs().mean(1)


def _l2(output: Tensor, target: Tensor) -> Tensor:
    return _difference(output, target).square().mean(1)


def _charbonnier(output: Tensor, target: Tensor) -> Tensor:
    return (_difference(output, target).square() + CHARBONNIER**2).sqrt().mean(1)


def _psnr(output: Tensor, target: Tensor) -> Tensor:
    squared = _difference(output, target).square().mean(1)
    error = squared.detach().flatten(1).mean(1) + PSNR_FLOOR
    error = error.reshape(-1, *[1] * (squared.ndim - 1))
    # the first order of 10 log10 around the picture's error: exact in value and gradient
    share = (squared + PSNR_FLOOR) / error - 1
    return 10 * (error.log() + share) / torch.log(error.new_tensor(10.0))


def _cross_entropy(output: Tensor, target: Tensor) -> Tensor:
    check_labels(output, target)
    return F.cross_entropy(output, target.long(), ignore_index=IGNORED, reduction="none")


def _epe(output: Tensor, target: Tensor) -> Tensor:
    difference = _difference(output, target)
    if difference.shape[1] == 1:  # the root of a square has no gradient at 0
        return difference.abs().squeeze(1)
    length: Tensor = torch.linalg.vector_norm(difference, dim=1)
    return length


_LOSSES: dict[str, PixelLoss] = {
    "l1": _l1,
    "l2": _l2,
    "charbonnier": _charbonnier,
    "psnr": _psnr,
    "cross_entropy": _cross_entropy,
    "epe": _epe,
}


def check_labels(output: Tensor, labels: Tensor) -> None:
    """Raise unless ``labels`` (B, *spatial) name classes of ``output`` (B, K, *spatial)."""
    if labels.is_floating_point() or labels.is_complex() or labels.dtype == torch.bool:
        raise InputError(
            f"loss=cross_entropy with a target of {str(labels.dtype).removeprefix('torch.')} "
            "values: expected integer labels (B, *spatial); loss=l1 compares values"
        )
    if output.ndim < 3:
        raise InputError(f"an output of {tuple(output.shape)}: expected classes (B, K, *spatial)")
    if labels.shape != (len(output), *output.shape[2:]):
        expected = (len(output), *output.shape[2:])
        raise InputError(f"the labels are {tuple(labels.shape)}: expected {expected}")
    classes = output.shape[1]
    found = labels[labels != IGNORED]
    if len(found) and not (int(found.min()) >= 0 and int(found.max()) < classes):
        raise InputError(
            f"labels from {int(found.min())} to {int(found.max())} for an output of {classes} "
            f"channels: expected 0 to {classes - 1}, and {IGNORED} where a pixel has no class"
        )
