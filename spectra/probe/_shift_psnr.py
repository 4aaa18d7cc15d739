"""How alike outputs stay when the scene moves, in the PSNR that papers on equivariance quote."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import log10
from typing import Literal

import torch
from torch import Tensor, nn

from spectra.capture import Discovery, forward, quiet
from spectra.errors import ParameterError
from spectra.probe._grid_dependence import moved_scene

Recipe = Literal["stylegan3_eqt", "afldm2025"]


@dataclass(frozen=True)
class ShiftPsnr:
    """PSNR between outputs of a moved scene, moved back, and that of the scene where it was.

    Attributes
    ----------
    stylegan3_eqt_db : float or None
        ``20 log10(range) - 10 log10(mean square)``, the mean over all pairs, channels and pixels,
        where the range is the stated one, 2 for outputs in -1..1 [1]_; None with a ``reason``.
    afldm2025_db : float or None
        The mean over pairs of ``10 log10(range^2 / mean square)``, where the range is from the
        least to the largest value of the two outputs themselves [2]_.
    pairs : int
        Pairs of outputs; those that are equal have no PSNR of the second kind and are left out.
    reason : str or None
        Why there is no number.

    References
    ----------
    .. [1] T. Karras et al., "Alias-Free Generative Adversarial Networks", NeurIPS 2021, EQ-T.
    .. [2] Y. Zhou et al., "Alias-Free Latent Diffusion Models", CVPR 2025, shift PSNR.
    """

    stylegan3_eqt_db: float | None
    afldm2025_db: float | None
    pairs: int
    reason: str | None = None


def shift_psnr(
    model: nn.Module,
    inputs: Tensor,
    *,
    total_stride: Sequence[int],
    scale: Sequence[Fraction | float],
    span: tuple[float, float] = (-1.0, 1.0),
    offsets: int = 16,
    seed: int = 0,
    found: Discovery | None = None,
) -> ShiftPsnr:
    """Measure how alike a model's outputs stay when the scene moves under its grid.

    The scene is moved and the output moved back as of the grid dependence: crops at whole pixels
    for a model that reduces its input, Fourier shifts by a fraction of an input pixel for one
    that only enlarges. Both conventions come from the same pairs.

    Parameters
    ----------
    model : torch.nn.Module
        Left as it came.
    inputs : Tensor, shape (B, C, *spatial)
        Pictures or latents larger than what the model needs.
    total_stride, scale, offsets, seed, found
        See `spectra.probe._grid_dependence.grid_dependence`.
    span : tuple of float
        Values between which outputs lie by convention: the papers' are in -1..1.

    Raises
    ------
    ParameterError
        If ``span`` is no range.
    """
    low, high = span
    if not high > low:
        raise ParameterError(f"span={span!r} is no range: expected two numbers, the first smaller")
    moved = moved_scene(inputs, total_stride, scale=scale, offsets=offsets, seed=seed)
    if isinstance(moved, str):
        return ShiftPsnr(None, None, 0, moved)
    shift, (first, *others) = moved
    squares: list[float] = []
    each: list[float] = []
    with quiet(model, seed=seed):
        still = shift.aligned(forward(model, shift.view(first), found=found), first).double()
    for offset in others:
        with quiet(model, seed=seed):
            output = forward(model, shift.view(offset), found=found)
        now = shift.aligned(output, offset).double()
        for one, other in zip(still, now, strict=True):
            square = float((one - other).square().mean())
            squares.append(square)
            if square > 0:
                values = torch.stack([one, other])
                each.append(10 * log10(float(values.max() - values.min()) ** 2 / square))
    mean = sum(squares) / len(squares)
    if mean == 0:
        return ShiftPsnr(None, None, len(squares), "the outputs are equal at all offsets")
    return ShiftPsnr(20 * log10(high - low) - 10 * log10(mean), sum(each) / len(each), len(squares))
