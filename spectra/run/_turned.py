"""Pictures turned and mirrored: the same content at other phases of a grid."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from torch import Tensor

QUARTERS = 4


def turned(x: Tensor) -> list[Tensor]:
    """Return pictures mirrored, and turned by quarters where they are square, without themselves.

    Parameters
    ----------
    x : Tensor, shape (B, C, row, column)
    """
    quarters = range(QUARTERS) if x.shape[2] == x.shape[3] else (0, 2)
    upright = [torch.rot90(x, k, (2, 3)) for k in quarters]
    return [*upright[1:], *(each.flip(3) for each in upright)]
