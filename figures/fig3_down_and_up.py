"""Figure 3 of the paper: a picture down by 3x3 max pooling, and up again by each method.

    python figures/fig3_down_and_up.py [--out FILE.png]

Three rows. Interpolators that nobody trains; the best transposed kernel of each size, found by
least squares in closed form, whose grid is too faint to see; and the same sizes found by gradient
descent from a random start, cut short, where the paper's grid appears. Under each picture, its
grid: the RMS of the lines that the kernel makes of a constant 128, in grey levels. Same script,
same bytes.
"""

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np
import skimage.data
from matplotlib.figure import Figure
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from skimage.transform import downscale_local_mean

from spectra.kernel import Kernel, checkerboard, interpolator, same_size_padding, transposed_conv

Picture = NDArray[np.float64]
LEVELS = 255
TRAINING = ("coffee", "rocket", "astronaut")
SHOWN = "camera"
SIZES = (2, 3, 5, 7, 11)
NAMED = ("nearest", "bilinear", "bicubic", "lanczos3")
STEPS, RATE, BATCH, PATCH = 60, 0.02, 8, 24  # of gradient descent (Adam)


def gray(name: str) -> Picture:
    """Return a photograph of scikit-image, gray in 0..1, with even sides."""
    picture = np.asarray(getattr(skimage.data, name)(), float)
    picture = picture if picture.ndim == 2 else picture @ [0.299, 0.587, 0.114]
    picture = downscale_local_mean(picture, (2, 2))
    return picture[: picture.shape[0] // 2 * 2, : picture.shape[1] // 2 * 2] / LEVELS


def pooled(picture: Picture) -> Picture:
    """Return the picture after 3x3 max pooling of stride 2, padding 1."""
    padded = np.pad(picture, 1, constant_values=-np.inf)
    return sliding_window_view(padded, (3, 3))[::2, ::2].max((2, 3))


def enlarged(small: Picture, kernel: Kernel) -> Picture:
    """Return what a transposed convolution of stride 2 makes of a picture, borders replicated."""
    margin = max(kernel.size)
    padded = np.pad(small, margin, mode="edge")
    stuffed = np.zeros([2 * n for n in padded.shape])
    stuffed[::2, ::2] = padded
    result = np.zeros_like(stuffed)
    for n in np.ndindex(*kernel.size):
        shift = tuple(int(p[i]) for p, i in zip(kernel.positions, n, strict=True))
        result += kernel.weight[0, 0][n] * np.roll(stuffed, shift, (0, 1))
    inside = tuple(slice(2 * margin, 2 * margin + 2 * n) for n in small.shape)
    return result[inside]


def samples_under(size: int, small: Picture) -> tuple[NDArray[np.float64], Kernel]:
    """Return, for each output pixel, the input sample under each tap, 0 where there is none."""
    padding, extra = same_size_padding(size, 2)
    ones = np.ones((1, 1, size, size))
    kernel = transposed_conv(ones, stride=2, padding=padding, output_padding=extra)
    margin = size
    padded = np.pad(small, margin, mode="edge")
    stuffed = np.zeros([2 * n for n in padded.shape])
    stuffed[::2, ::2] = padded
    columns = []
    for n in np.ndindex(size, size):
        shift = tuple(int(p[i]) for p, i in zip(kernel.positions, n, strict=True))
        moved = np.roll(stuffed, shift, (0, 1))
        columns.append(moved[2 * margin : -2 * margin or None, 2 * margin : -2 * margin or None])
    return np.stack([column.ravel() for column in columns], axis=1), kernel


def with_taps(kernel: Kernel, taps: NDArray[np.float64]) -> Kernel:
    """Return a kernel like ``kernel`` with other taps."""
    return replace(kernel, weight=taps.reshape(1, 1, *kernel.size))


def least_squares_kernel(size: int, pictures: list[Picture]) -> Kernel:
    """Return the kernel of least squared error on the pictures: each phase is a regression."""
    normal: NDArray[np.float64] = np.zeros((size**2, size**2))
    right: NDArray[np.float64] = np.zeros(size**2)
    for picture in pictures:
        columns, kernel = samples_under(size, pooled(picture))
        normal += columns.T @ columns
        right += columns.T @ picture.ravel()
    return with_taps(kernel, np.linalg.solve(normal + 1e-9 * np.eye(size**2), right))


def descended_kernel(size: int, pictures: list[Picture], steps: int = STEPS) -> Kernel:
    """Return the kernel that a short gradient descent finds, as a layer in a network is trained."""
    random = np.random.default_rng(size)
    taps = random.uniform(-1, 1, size**2) / size  # as a transposed convolution starts
    first, second = np.zeros_like(taps), np.zeros_like(taps)
    _, kernel = samples_under(size, np.zeros((2, 2)))
    for step in range(1, steps + 1):
        gradient = np.zeros_like(taps)
        for _ in range(BATCH):
            picture = pictures[random.integers(len(pictures))]
            y, x = (2 * random.integers(0, (n - PATCH) // 2) for n in picture.shape)
            patch = picture[y : y + PATCH, x : x + PATCH]
            columns, _ = samples_under(size, pooled(patch))
            gradient += columns.T @ (columns @ taps - patch.ravel()) / patch.size / BATCH
        first, second = 0.9 * first + 0.1 * gradient, 0.999 * second + 0.001 * gradient**2
        taps -= RATE * (first / (1 - 0.9**step)) / (np.sqrt(second / (1 - 0.999**step)) + 1e-8)
    return with_taps(kernel, taps)


def grid_levels(kernel: Kernel) -> float:
    """Return the RMS of the grid that a constant 128 becomes, in grey levels of 255."""
    board = checkerboard(kernel)
    return float(128 * board.rms[0] / board.amplitude[0, 0, 0])


def draw(side: int = 48, steps: int = STEPS, sizes: tuple[int, ...] = SIZES) -> Figure:
    """Return the figure: a detail of ``side`` pixels of the picture, each method a panel."""
    picture, training = gray(SHOWN), [gray(name) for name in TRAINING]
    small = pooled(picture)
    rows: list[list[tuple[str, Kernel | None]]] = [
        [("original", None), *((name, interpolator(name)) for name in NAMED)],  # type: ignore[arg-type]
        [(f"{k}x{k}, best", least_squares_kernel(k, training)) for k in sizes],
        [(f"{k}x{k}, trained", descended_kernel(k, training, steps)) for k in sizes],
    ]
    columns = max(map(len, rows))
    figure = Figure(figsize=(1.75 * columns, 6.7), layout="constrained")
    figure.get_layout_engine().set(h_pad=0.1)  # type: ignore[union-attr]
    panels = figure.subplots(len(rows), columns, squeeze=False)
    top, left = picture.shape[0] // 5, picture.shape[1] // 2 - side // 4
    detail = np.s_[top : top + side, left : left + side]
    for row, line in zip(rows, panels, strict=True):
        for ax in line[len(row) :]:
            ax.set_visible(False)
        for (title, kernel), ax in zip(row, line, strict=False):
            shown = picture if kernel is None else enlarged(small, kernel)
            ax.imshow(shown[detail], cmap="gray", vmin=0, vmax=1, interpolation="nearest")
            ax.set_title(title, fontsize=8)
            ax.set(xticks=[], yticks=[])
            if kernel is not None:
                error = np.mean((shown - picture) ** 2)
                ax.set_xlabel(
                    f"grid {grid_levels(kernel):.2f}/255\n{-10 * np.log10(error):.1f} dB",
                    fontsize=7,
                )
    figure.supxlabel(
        "After 3x3 max pooling. Row 1: interpolators. Row 2: least-squares optimal kernels, in "
        f"closed form.\nRow 3: gradient descent, {steps} steps from a random start. "
        "Grid: RMS of the lines that a flat 128 becomes.",
        fontsize=7,
    )
    return figure


def main() -> None:
    """Write the figure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("fig3_down_and_up.png"))
    arguments = parser.parse_args()
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    draw().savefig(arguments.out, dpi=150, metadata={"Software": None})


if __name__ == "__main__":
    main()
