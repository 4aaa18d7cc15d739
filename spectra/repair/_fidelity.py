"""How true an output stays to another: peak signal-to-noise ratio over the other's range."""

from __future__ import annotations

from math import inf, log10

from torch import Tensor


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
