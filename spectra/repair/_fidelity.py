"""How true an output stays to another: peak signal-to-noise ratio over the other's range."""

from __future__ import annotations

from collections.abc import Iterable
from math import inf, log10
from typing import TYPE_CHECKING

import torch

from spectra.capture import forward, quiet
from spectra.errors import ModelError

if TYPE_CHECKING:
    from torch import Tensor, nn

    from spectra.capture import Discovery


def psnr_db(output: Tensor, reference: Tensor) -> float:
    """Return the peak signal-to-noise ratio; the peak is the reference's range.

    Infinite where there is no difference, minus infinity where the reference is constant.
    """
    from skimage.metrics import peak_signal_noise_ratio

    span = float(reference.max() - reference.min())
    if output.equal(reference):
        return inf
    if span == 0:
        return -inf
    pair = (values.double().numpy(force=True) for values in (reference, output))
    return float(peak_signal_noise_ratio(*pair, data_range=span))


def difference(
    old: nn.Module, new: nn.Module, batches: Iterable[Tensor], found: Discovery, *, seed: int
) -> tuple[float, float]:
    """Return the PSNR and the largest difference of two models' outputs, over the old one's range.

    Parameters
    ----------
    old, new : Module
        Left as they are.
    batches : iterable of Tensor
        What both run on.
    found : Discovery
        The old model's, which says what its output is.
    seed : int
        Seed for models that draw random numbers.

    Raises
    ------
    ModelError
        If the outputs differ in size.
    """
    outputs: tuple[list[Tensor], list[Tensor]] = ([], [])
    for x in batches:
        for model, made in zip((old, new), outputs, strict=True):
            with quiet(model, seed=seed):
                y = forward(model, x, found=found)
                made.append((torch.view_as_real(y) if y.is_complex() else y).cpu())
    shapes = {tuple(y.shape[1:]) for made in outputs for y in made}
    if len(shapes) > 1:
        sizes = ", ".join(map(str, sorted(shapes)))
        raise ModelError(f"the model's output changes its size ({sizes}): it cannot be compared")
    reference, changed = (torch.cat(made).double() for made in outputs)
    span = float(reference.max() - reference.min()) or 1.0
    return psnr_db(changed, reference), float((changed - reference).abs().max()) / span


class RunningErrors:
    """Squared differences of outputs that come in batches, and the old outputs' range."""

    def __init__(self) -> None:
        self._sums = {"old": 0.0, "cleaned": 0.0, "grid": 0.0}
        self._count = 0
        self._low, self._high = inf, -inf

    def add(self, old: Tensor, new: Tensor, cleaned: Tensor) -> None:
        """Add a batch: outputs before, after, and before without their grid-locked part."""
        pairs = {"old": (new, old), "cleaned": (new, cleaned), "grid": (cleaned, old)}
        for name, (a, b) in pairs.items():
            self._sums[name] += float((a.double() - b.double()).square().sum())
        self._count += old.numel()
        self._low = min(self._low, float(old.min()))
        self._high = max(self._high, float(old.max()))

    def psnr_db(self, name: str) -> float | None:
        """Return the peak signal-to-noise ratio of one pair; None for no difference."""
        error = self._sums[name] / self._count
        return 10 * log10((self._high - self._low) ** 2 / error) if error > 0 else None
