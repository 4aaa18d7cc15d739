"""The mean over a window in the place of the mean over a picture (TLC)."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional


class LocalMean(nn.Module):
    """Replace every pixel by the mean of the window around it, clamped at the border [1]_.

    A network that was trained on small crops saw the mean of a crop. The mean of a whole picture
    is another statistic, and a window of 1.5 times the crop restores what it was trained with.
    Where the map is no larger than the window, the result is the mean of the map.

    Parameters
    ----------
    window : int
        Side of the window in pixels of the map.

    References
    ----------
    .. [1] X. Chu et al., *Improving image restoration by revisiting global information
       aggregation*, ECCV 2022.

    Examples
    --------
    >>> import torch
    >>> LocalMean(3)(torch.arange(5.0).reshape(1, 1, 1, 5)).flatten()
    tensor([1., 1., 2., 3., 3.])
    """

    def __init__(self, window: int) -> None:
        super().__init__()
        self.window = window

    def forward(self, x: Tensor) -> Tensor:
        """Return the means, (B, C, 1, 1) of a small map and (B, C, H, W) of a larger one."""
        height, width = x.shape[-2:]
        if height <= self.window and width <= self.window:
            return functional.adaptive_avg_pool2d(x, 1)
        means = _running_mean(x, -1, min(self.window, width))
        means = _running_mean(means, -2, min(self.window, height))
        missing = (width - means.shape[-1], height - means.shape[-2])
        around = [side for n in missing for side in (n // 2, n - n // 2)]
        return functional.pad(means, around, mode="replicate")

    def extra_repr(self) -> str:
        """Return the argument."""
        return f"{self.window}"


def _running_mean(x: Tensor, axis: int, window: int) -> Tensor:
    """Return the means of all whole windows along an axis.

    Sums of many pixels are differences of larger sums, which single precision would drown.
    """
    sums = functional.pad(x.double().movedim(axis, -1).cumsum(-1), (1, 0))
    means = (sums[..., window:] - sums[..., :-window]) / window
    return means.movedim(-1, axis).to(x.dtype)
