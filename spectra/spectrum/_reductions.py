"""What tiles and lines are reduced to before they are summed."""

import torch
from torch import Tensor

CLIP = 3.0  # of a line's amplitude over its background, so that no block dominates


def map_mean(level: Tensor, blocks: int) -> Tensor:
    """Return the mean of all tiles of a map, shape (block, channel, 1)."""
    of_map = level.view(-1, blocks, *level.shape[1:]).mean((1, 3), keepdim=True)
    return of_map.expand(-1, blocks, -1, -1).reshape(*level.shape[:2], 1)


def tile_mean(values: Tensor) -> Tensor:
    """Return the mean over the tiles of a block, the last dimension."""
    return values.mean(-1) if values.shape[-1] > 1 else values[..., 0]


def bins_last(values: Tensor) -> Tensor:
    """Return values (bin, ..., block, channel) as sums have them: (block, channel, bin, ...)."""
    return values.movedim((-2, -1), (0, 1))


def squared(values: Tensor) -> Tensor:
    """Return squared magnitudes."""
    parts: Tensor = torch.view_as_real(values).square()
    return parts[..., 0] + parts[..., 1]


def line_contrast(line: Tensor, beside_power: Tensor) -> Tensor:
    """Return lines over the local background, their amplitude clipped.

    Parameters
    ----------
    line : Tensor, complex, shape (point, ...)
    beside_power : Tensor, shape (point, neighbour, ...)
    """
    background = beside_power.mean(1).sqrt()
    contrast = line / torch.where(background > 0, background, torch.inf)
    amplitude = contrast.abs()
    return torch.where(amplitude > CLIP, contrast * (CLIP / amplitude), contrast)
