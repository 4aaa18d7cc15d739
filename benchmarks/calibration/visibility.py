"""What a grid of x dBc looks like: ``python -m benchmarks.calibration.visibility --out FILE``.

Rows: a checkerboard of constant amplitude, and the replicas of nearest neighbours, each
added to photographs until the headline A is reached; and photographs enlarged four-fold as
they are, by the demonstration decoders and by nearest neighbours.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

import matplotlib as mpl
import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray
from safetensors.torch import load_file
from torch import nn

from benchmarks.calibration.pictures import crops
from benchmarks.calibration.trials import measured
from benchmarks.calibration.upsampling import ideal, interpolation
from spectra.demo import lctc, lctc_sinc, photographs, small, weights

Array = NDArray[np.float64]

HEADLINES = (0, 10, 20, 30, 40)
DECODERS = {"LCTC from a sinc": lctc_sinc, "LCTC": lctc, "3x3 transposed": small}
CAT, CORNER = 8, 96
SHOWN = 64
PICTURES, SIDE = 32, 96


def checkerboard() -> tuple[Array, Array, tuple[int, ...]]:
    """Return pictures and a grid of one amplitude in all of them."""
    clean = _pictures()
    y, x = np.indices(clean.shape[2:])
    return clean, np.broadcast_to((-1.0) ** (x + y), clean.shape), (2, 2)


def replicas() -> tuple[Array, Array, tuple[int, ...]]:
    """Return pictures and what nearest neighbours would add to their low half band."""
    clean = _pictures()
    low = clean[..., ::2, ::2] - clean.mean((2, 3), keepdims=True)
    return clean, interpolation("nearest", 2, 2, 1)(low) - ideal(low, 2), (2, 2)


def enlarged() -> dict[str, Array]:
    """Return the demonstration's photographs, gray, enlarged four-fold in several ways."""
    low = torch.from_numpy(photographs())
    ways: dict[str, nn.Module] = {
        "bicubic": nn.Upsample(scale_factor=4, mode="bicubic"),
        **{name: trained(factory) for name, factory in DECODERS.items()},
        "nearest": nn.Upsample(scale_factor=4),
    }
    with torch.no_grad():
        return {
            name: (255.0 * way(low).clamp(0, 1).mean(1, keepdim=True)).double().numpy()
            for name, way in ways.items()
        }


def trained(factory: Callable[[], nn.Module]) -> nn.Module:
    """Return a demonstration decoder with its weights."""
    decoder = factory()
    decoder.load_state_dict(load_file(weights(factory.__name__)))
    return decoder.eval()


def _pictures() -> Array:
    rng = np.random.default_rng(8)
    return crops(rng, ("chelsea", "rocket"), PICTURES, SIDE).astype(np.float64)


def dbc(headline: float) -> float:
    """Return the locked energy that has a headline."""
    return float(10 * np.log10((10 ** (headline / 10) - 1) * 1e-4))


def scaled(
    clean: Array, grid: Array, period: tuple[int, ...], headline: float
) -> tuple[float, float]:
    """Return the factor at which the grid reads a headline, and what it then reads.

    The energy is proportional to the factor's square while the grid is weak; a few secant
    steps do the rest.
    """
    if headline == 0:
        return 0.0, measured(clean, period, 0).a_db or 0.0
    wanted = dbc(headline)
    factor = clean.std() / grid.std() * 10 ** (wanted / 20)
    for _ in range(6):
        found = measured(clean + factor * grid, period, 0)
        if found.asr_dbc is None:
            return factor, 0.0
        factor *= 10 ** ((wanted - found.asr_dbc) / 20)
    return factor, measured(clean + factor * grid, period, 0).a_db or 0.0


def draw() -> Figure:
    """Return the figure."""
    rows = {
        "checkerboard\nadded": checkerboard(),
        "replicas of\nnearest added": replicas(),
    }
    figure = Figure(figsize=(2.1 * len(HEADLINES), 2.45 * 3), layout="constrained")
    axes = figure.subplots(3, len(HEADLINES))
    for line, (name, (clean, grid, period)) in zip(axes, rows.items(), strict=False):
        busiest = clean.std((1, 2, 3)).argmax()
        for ax, headline in zip(line, HEADLINES, strict=True):
            factor, reads = scaled(clean, grid, period, headline)
            show(ax, (clean + factor * grid)[busiest, 0])
            ax.set_title(
                f"{told(reads)}\n{float(f'{factor * grid.std():.2g}'):g} grey levels RMS",
                fontsize=9,
            )
        line[0].set_ylabel(name)
    for ax, (name, pictures) in zip(axes[2], enlarged().items(), strict=True):
        show(ax, pictures[CAT, 0, CORNER:, CORNER:])
        ax.set_title(f"{name}\n{told(measured(pictures, (4, 4), 0).a_db or 0.0)}", fontsize=9)
    axes[2, 0].set_ylabel("enlarged x4,\nas they are")
    return figure


def show(ax: Axes, picture: Array) -> None:
    """Draw the corner of a picture, every pixel a square."""
    ax.imshow(picture[:SHOWN, :SHOWN], cmap="gray", vmin=0, vmax=255, interpolation="nearest")
    ax.set(xticks=[], yticks=[])


def told(headline: float) -> str:
    """Return a headline with its energy."""
    return f"A = {headline:.0f} dB" + (f", {round(dbc(headline))} dBc" if headline else "")


def main() -> None:
    """Write the figure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("visibility.png"))
    mpl.rcParams["font.size"] = 9
    draw().savefig(parser.parse_args().out, dpi=130)


if __name__ == "__main__":
    main()
