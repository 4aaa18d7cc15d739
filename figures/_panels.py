"""Panels of pictures: one with a red box that is enlarged in its corner, and how good it is."""

from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from numpy.typing import ArrayLike, NDArray
from skimage.metrics import peak_signal_noise_ratio
from torch import Tensor

from spectra.errors import ParameterError
from spectra.study import Restored

RED = "#D62728"
SMALL = 7  # points
ENLARGED = 0.45  # of the panel's shorter side that the enlarged box takes


class Box(NamedTuple):
    """A square of a picture, in pixels from its top left corner."""

    left: int
    top: int
    side: int

    @classmethod
    def parse(cls, text: str) -> "Box":
        """Return the box that ``LEFT,TOP,SIDE`` names."""
        try:
            box = cls(*(int(part) for part in text.split(",")))
        except (ValueError, TypeError):
            raise ParameterError(f"--box {text!r}: expected LEFT,TOP,SIDE in pixels") from None
        if min(box.left, box.top) < 0 or box.side < 1:
            raise ParameterError(f"--box {text!r}: expected a square within the picture")
        return box

    @classmethod
    def central(cls, height: int, width: int) -> "Box":
        """Return a square in the middle of a picture, a fifth of its shorter side."""
        side = max(min(height, width) // 5, 1)
        return cls((width - side) // 2, (height - side) // 2, side)

    def scaled(self, ratio: float) -> "Box":
        """Return the same part of a picture that has ``ratio`` times as many pixels a side."""
        return Box(*(round(ratio * length) for length in self))

    def middle(self, most: int) -> "Box":
        """Return the middle of the box, at most so many pixels a side."""
        left_out = max(self.side - most, 0)
        return Box(self.left + left_out // 2, self.top + left_out // 2, self.side - left_out)

    def of(self, picture: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return what of a picture (y, x, ...) is in the box."""
        height, width = picture.shape[:2]
        if self.left + self.side > width or self.top + self.side > height:
            raise ParameterError(
                f"--box {','.join(map(str, self))}: expected a square within the picture of "
                f"{width}x{height} pixels"
            )
        return picture[self.top : self.top + self.side, self.left : self.left + self.side]


def pixels(picture: ArrayLike) -> NDArray[np.float64]:
    """Return a picture (C, y, x) as matplotlib draws it: (y, x, 3) or (y, x), cut to 0..1."""
    values = np.clip(np.asarray(picture, float), 0, 1)
    if len(values) not in (1, 3):
        raise ParameterError(f"the output has {len(values)} channels: expected gray or RGB")
    return values[0] if len(values) == 1 else np.moveaxis(values, 0, -1)


def psnr(output: ArrayLike, target: ArrayLike) -> float:
    """Return the PSNR of a picture in dB, both cut to 0..1."""
    meant, made = pixels(target), pixels(output)
    return float(peak_signal_noise_ratio(meant, made, data_range=1))


def quality(made: Restored, target: Tensor | None, state: str) -> str:
    """Return the PSNR of an output in words, of its clean and attacked ``state``.

    Without a target the attacked output is compared with the clean one.
    """
    if target is not None:
        return f"{psnr(getattr(made, state), target):.2f} dB"
    return "" if state == "clean" else f"{psnr(made.attacked, made.clean):.2f} dB to clean"


def draw_picture(ax: Axes, picture: ArrayLike, box: Box | None, *, square: bool = False) -> None:
    """Draw a picture (C, y, x) with its box, enlarged in the lower right corner.

    Parameters
    ----------
    ax : Axes
    picture : array_like, shape (C, y, x)
        Gray or RGB in 0..1; what lies beyond is cut.
    box : Box or None
        What is enlarged; by default its middle.
    square : bool
        Show only the largest square, with the box as near to its middle as can be.
    """
    shown = pixels(picture)
    height, width = shown.shape[:2]
    box = box or Box.central(height, width)
    ax.imshow(shown, cmap="gray", vmin=0, vmax=1, interpolation="antialiased")
    corner = box.left - 0.5, box.top - 0.5
    frame = Rectangle(corner, box.side, box.side, fill=False, edgecolor=RED, linewidth=1.0)
    ax.add_patch(frame)
    ax.set(xticks=[], yticks=[])
    if square:
        side = min(height, width)
        left, top = (
            min(max(start + box.side // 2 - side // 2, 0), whole - side)
            for start, whole in ((box.left, width), (box.top, height))
        )
        ax.set(xlim=(left - 0.5, left + side - 0.5), ylim=(top + side - 0.5, top - 0.5))
        height = width = side
    tall, wide = (ENLARGED * min(height, width) / side for side in (height, width))
    inset = ax.inset_axes((1 - wide, 0, wide, tall), gid="enlarged")
    inset.imshow(box.of(shown), cmap="gray", vmin=0, vmax=1, interpolation="antialiased")
    inset.set(xticks=[], yticks=[])
    for spine in inset.spines.values():
        spine.set(color=RED, linewidth=1.0)
