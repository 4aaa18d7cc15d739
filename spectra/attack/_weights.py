"""How much each pixel's loss counts in a step: SegPGD's turns, and CosPGD's cosine."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - torch's own name for it

from spectra.attack._spec import AttackSpec
from spectra.errors import ParameterError
from spectra.inputs import IGNORED


def pixel_weights(spec: AttackSpec, output: Tensor, target: Tensor, *, step: int) -> Tensor | float:
    """Return what each pixel's loss is multiplied by, without a gradient.

    Parameters
    ----------
    spec : AttackSpec
    output : Tensor, shape (B, C, *spatial)
    target : Tensor
        Of the same shape, or labels (B, *spatial).
    step : int
        Number of the step, counted from 0.

    Returns
    -------
    Tensor, broadcastable to (B, *spatial), or 1.0

    Raises
    ------
    ParameterError
        If every weight is 0, as those of a targeted CosPGD with one channel are.
    """
    if spec.method == "segpgd":
        return _by_turns(spec, output, target, step)
    if spec.method == "cospgd":
        return _cosine(spec, output.detach(), target)
    return 1.0


def is_always_one(spec: AttackSpec, channels: int) -> bool:
    """Tell whether CosPGD's weight is 1 everywhere, so that it is PGD: softmax of one channel."""
    return spec.method == "cospgd" and spec.psi == "channels" and channels == 1


def _by_turns(spec: AttackSpec, output: Tensor, labels: Tensor, step: int) -> Tensor:
    """Return SegPGD's weights: rightly classified pixels first, then wrong ones as much."""
    assert spec.steps is not None
    later = step / (2 * spec.steps)
    right = output.argmax(1) == labels
    first = ~right if spec.targeted else right
    return torch.where(first, 1 - later, later).to(output.dtype)


def _cosine(spec: AttackSpec, output: Tensor, target: Tensor) -> Tensor:
    """Return CosPGD's weights: the cosine between what output and target become by psi."""
    output = output[:, None] if output.ndim == 3 else output
    if spec.targeted and is_always_one(spec, output.shape[1]):
        raise ParameterError(
            "attack=cospgd, targeted, with psi=channels, weights each pixel of a 1-channel output "
            "by 0 and changes nothing: expected psi=sigmoid or psi=rows, or method pgd"
        )
    ours = _psi(spec, output)
    theirs = _classes(spec, target, output) if spec.loss == "cross_entropy" else _psi(spec, target)
    axis = 2 if spec.psi == "rows" else 1
    cosine = F.cosine_similarity(ours, theirs, dim=axis)
    if axis == 2:  # one weight for a column, alike for its rows; the channels share it
        cosine = cosine.mean(1, keepdim=True)
    return 1 - cosine if spec.targeted else cosine


def _psi(spec: AttackSpec, values: Tensor) -> Tensor:
    """Return positive maps (B, C, *spatial) whose direction tells the values."""
    values = values[:, None] if values.ndim == 3 else values
    if spec.psi == "sigmoid":  # with its complement: a direction needs two numbers
        return torch.cat([values.sigmoid(), (-values).sigmoid()], 1)
    return values.softmax(2 if spec.psi == "rows" else 1)


def _classes(spec: AttackSpec, labels: Tensor, output: Tensor) -> Tensor:
    """Return labels (B, *spatial) as 0 and 1 of each class; pixels without one are all 0."""
    classes = output.shape[1]
    known = labels != IGNORED
    hot = F.one_hot(torch.where(known, labels, 0).long(), classes) * known[..., None]
    hot = hot.movedim(-1, 1).to(output.dtype)
    return torch.cat([hot, known[:, None].to(hot) - hot], 1) if spec.psi == "sigmoid" else hot
