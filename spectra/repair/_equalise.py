"""The least change of weights that makes all phases of an upsampling kernel equally loud."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product
from typing import Any

import torch
from torch import Tensor

from spectra.errors import ConversionError

Index = tuple[Any, ...]

NO_TAP = "its kernel is smaller than its stride: a phase has no tap"


@torch.no_grad()
def phase_levels(
    weight: Tensor, mean: Tensor, factor: Sequence[int], padding: Sequence[int], groups: int
) -> Tensor:
    """Return what a constant input becomes at each phase, (out, *factor), float64, without bias.

    ``y_o(p) = sum_i mu_i D_p[i, o]``, D_p the sum of the taps of phase p.
    """
    taps, mu = _in_groups(weight, mean, groups)
    levels = [
        torch.einsum("gi,gio->go", mu, taps[place].flatten(3).sum(3)).flatten()
        for place in _phases(factor, padding)
    ]
    return torch.stack(levels, 1).reshape(-1, *factor)


@torch.no_grad()
def equalised_taps(
    weight: Tensor,
    bias: Tensor | None,
    mean: Tensor,
    levels: Tensor,
    *,
    factor: Sequence[int],
    padding: Sequence[int],
    groups: int,
) -> tuple[Tensor, Tensor | None]:
    """Return weight and bias of a transposed convolution whose ``levels`` become all equal.

    Parameters
    ----------
    weight, bias, factor, padding, groups
        Parameters and arguments of the transposed convolution.
    mean : Tensor, shape (in,)
        Mean of each input channel.
    levels : Tensor, shape (out, *factor)
        What `phase_levels` returns; with a parallel path, the sum of both.

    Raises
    ------
    ConversionError
        If a phase has no tap.
    """
    taps, mu = _in_groups(weight, mean, groups)
    places = list(_phases(factor, padding))
    counts = torch.tensor([taps[place].flatten(3).shape[3] for place in places])
    if not counts.all():
        raise ConversionError(NO_TAP)
    own = weight.shape[1]
    power = mu.square().sum(1).repeat_interleave(own)[:, None]  # M of each output channel
    deviation = levels.flatten(1).mean(1, keepdim=True) - levels.flatten(1)
    share = 1 / (counts.to(power) * torch.where(power > 0, power, 1))
    shift = torch.zeros_like(power)
    if bias is not None:
        shift = (deviation * share).sum(1, keepdim=True) / (1 + share.sum(1, keepdim=True))
    added = (deviation - shift) * share
    changed = taps.clone()
    for place, of_phase in zip(places, added.T, strict=True):
        change = torch.einsum("gi,go->gio", mu, of_phase.reshape(groups, own))
        changed[place] += change.reshape(*change.shape, *[1] * len(factor))
    shifted = None if bias is None else (bias.double() + shift[:, 0]).to(bias.dtype)
    return changed.reshape(weight.shape).to(weight.dtype), shifted


@torch.no_grad()
def equalised_phases(
    weight: Tensor, bias: Tensor | None, mean: Tensor, *, volume: int, groups: int
) -> tuple[Tensor, Tensor | None]:
    """Return weight and bias of a convolution before a pixel shuffle, its phases equally loud.

    ``volume`` is the number of phases; each has weights and a bias of its own.
    """
    rows = weight.double().flatten(2)
    outputs, _, taps = rows.shape
    mu = mean.double().reshape(groups, -1).repeat_interleave(outputs // groups, 0)
    level = (rows.sum(2) * mu).sum(1) + (0 if bias is None else bias.double())
    phases = level.reshape(-1, volume)
    deviation = (phases.mean(1, keepdim=True) - phases).flatten()
    norm = taps * mu.square().sum(1) + (0 if bias is None else 1)
    step = deviation / torch.where(norm > 0, norm, 1)
    changed = (rows + (step[:, None] * mu)[..., None]).reshape(weight.shape).to(weight.dtype)
    return changed, None if bias is None else (bias.double() + step).to(bias.dtype)


def _in_groups(weight: Tensor, mean: Tensor, groups: int) -> tuple[Tensor, Tensor]:
    """Return taps as (group, in, out, *size) and means as (group, in), float64."""
    taps = weight.double().reshape(groups, -1, *weight.shape[1:])
    return taps, mean.double().reshape(groups, -1)


def _phases(factor: Sequence[int], padding: Sequence[int]) -> Iterator[Index]:
    """Yield, for each phase in C order, where its taps are in a weight."""
    for phase in product(*map(range, factor)):
        # Tap n lands at output pixel n - padding, so phase q has the taps q + padding modulo s.
        first = ((q + p) % s for q, p, s in zip(phase, padding, factor, strict=True))
        yield ..., *(slice(n, None, s) for n, s in zip(first, factor, strict=True))
