"""What is left of a picture where its neighbours do not explain it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

Residual = Literal["cross", "laplacian", "signed"]
RESIDUALS: tuple[Residual, ...] = ("cross", "laplacian", "signed")


def log_residuals(plane: NDArray[np.float32]) -> dict[Residual, NDArray[np.float32]]:
    """Return the logarithm of how far each pixel is from what its neighbours say, in three ways.

    An upsampling makes some pixels of a period more predictable than others; each of the first
    two residuals is blind to some of them. The cross difference does not see a Bayer mosaic whose
    green pixels form a quincunx, the Laplacian does not see an enlargement by 2 about half-pixel
    centres, whose two phases mirror each other. With its sign the Laplacian sees a pattern in
    brightness that is fainter than the grain.

    Parameters
    ----------
    plane : ndarray of float32, shape (y, x)
        One channel in grey levels of 255.

    Returns
    -------
    dict of str to ndarray of float32
        ``"cross"``: ``log(1 + |I(y, x) + I(y+1, x+1) - I(y, x+1) - I(y+1, x)|)``, one pixel less
        along each axis. ``"laplacian"``: ``log(1 + |4 I - (its four neighbours)|)``, two pixels
        less. ``"signed"``: the same with the sign of what is left. The logarithm keeps single
        strong edges from deciding.

    Examples
    --------
    >>> log_residuals(np.diag(np.float32([0, 0, 3])))["laplacian"]
    array([[0.]], dtype=float32)
    """
    along = plane[:, 1:] - plane[:, :-1]
    cross = along[1:] - along[:-1]
    laplacian = plane[1:-1, 1:-1] * np.float32(4)
    for neighbour in (plane[:-2, 1:-1], plane[2:, 1:-1], plane[1:-1, :-2], plane[1:-1, 2:]):
        laplacian -= neighbour
    size = _log(np.abs(laplacian))
    return {
        "cross": _log(np.abs(cross, out=cross)),
        "laplacian": size,
        "signed": np.copysign(size, laplacian, out=laplacian),
    }


def _log(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return ``log(1 + values)`` in their place; ``log1p`` takes three times as long."""
    values += 1
    return np.log(values, out=values)


def origin(which: Residual) -> int:
    """Return the picture's row and column at which a residual begins."""
    return 0 if which == "cross" else 1


def is_of_grain(which: Residual) -> bool:
    """Return whether a residual is one of grain, whose size has a period, and not of brightness."""
    return which != "signed"
