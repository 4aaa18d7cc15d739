"""The loss that STTR was trained with: where the match lies, not only how far off it is.

The disparity is that of the best match and its two neighbours, so that the error of the disparity
does not reach the weight of a true match elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor
from torch.nn import functional

from spectra.data import Sample
from spectra.models._disparity import SCALE

TINY = 1e-6  # added to probabilities before their logarithm, as published


def matching_losses(matched: Mapping[str, Tensor], batch: Sample) -> Tensor:
    """Return the loss of each pair, the sum of four means [1]_.

    They are: minus the logarithm of the weight that the plan gives to the true match, and to no
    match where there is none; the smooth absolute error of the coarse disparity, and of the final
    one; the binary cross-entropy of the occlusion. The published code also takes the weight of no
    match at pixels of the right view that are occluded, which samples here do not hold.

    Parameters
    ----------
    matched : mapping of str to Tensor
        ``disparity``, ``coarse`` and ``occlusion``, (B, 1, y, x), and ``plan``, (B, y / 4,
        x / 4 + 1, x / 4 + 1), as in `spectra.models._disparity.Matched`.
    batch : Sample
        Its target, and where that counts.

    Returns
    -------
    Tensor, shape (B,)

    References
    ----------
    .. [1] Z. Li et al., *Revisiting stereo depth estimation from a sequence-to-sequence
       perspective with transformers*, ICCV 2021, sec. 3.5.
    """
    target, counted, hidden = batch.target, batch.counted, batch.occluded
    sparse = (..., slice(None, None, SCALE), slice(None, None, SCALE))
    seen, lost = counted[sparse], hidden[sparse]
    true = _weight_of_match(matched["plan"], target[sparse])
    none = matched["plan"][..., :-1, -1]
    disparity, coarse, occlusion = (
        matched[name][:, 0] for name in ("disparity", "coarse", "occlusion")
    )
    return (
        _mean(_surprise(torch.where(seen, true, none)), seen | lost)
        + _mean(_error(coarse[sparse], target[sparse]), seen)
        + _mean(_error(disparity, target), counted)
        + _mean(_surprise(torch.where(counted, 1 - occlusion, occlusion)), counted | hidden)
    )


def _weight_of_match(plan: Tensor, disparity: Tensor) -> Tensor:
    """Return the plan's weight at the true match of each pixel, linear between two pixels."""
    width = disparity.shape[-1]
    place = torch.arange(width).to(disparity) - disparity / SCALE
    place = place.clamp(0, width - 1)[..., None]
    left = place.floor().long()
    right = (left + 1).clamp(max=width - 1)
    weights = plan[..., :-1, :-1]
    between = torch.lerp(weights.gather(-1, left), weights.gather(-1, right), place - left)
    return between[..., 0]


def _surprise(probability: Tensor) -> Tensor:
    return -(probability + TINY).log()


def _error(found: Tensor, target: Tensor) -> Tensor:
    return functional.smooth_l1_loss(found, target, reduction="none")


def _mean(values: Tensor, where: Tensor) -> Tensor:
    """Return the mean of each pair's values at places, 0 where there is none."""
    return torch.where(where, values, 0).sum((1, 2)) / where.sum((1, 2)).clamp(min=1)
