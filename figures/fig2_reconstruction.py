"""Figure 2 of the paper: linear against sinc reconstruction of the same samples.

    python figures/fig2_reconstruction.py [--out FILE.png]

A smooth signal is sampled and reconstructed by both. Above, the signals; below, the spectra: what
linear interpolation leaves of the replicas, and takes from the signal. Same script, same bytes.
"""

import argparse
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from spectra.kernel import interpolator

FACTOR = 8
TONES = ((0.06, 1.0, 0.3), (0.19, 0.7, 1.1), (0.37, 0.6, 2.0))  # cycles/sample, amplitude, angle
METHODS = {
    "linear": ("linear_aligned", "#D55E00", "--"),
    "sinc": ("ideal", "#0072B2", "-"),
}


def signal(t: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return a sum of tones below half a cycle a sample, at any time ``t`` in samples."""
    tones = [a * np.cos(2 * np.pi * f * t + angle) for f, a, angle in TONES]
    return np.sum(tones, axis=0)


def reconstruct(samples: NDArray[np.float64], name: str) -> NDArray[np.float64]:
    """Return the samples at ``FACTOR`` times the rate."""
    kernel = interpolator(name, FACTOR, axes=1)  # type: ignore[arg-type]
    stuffed = np.zeros(len(samples) * FACTOR)
    stuffed[::FACTOR] = samples
    full = np.convolve(stuffed, kernel.weight[0, 0])
    start = kernel.padding[0]
    return full[start : start + len(stuffed)]


def draw(periods: int = 400) -> Figure:
    """Return the figure of ``periods`` samples, of which the middle is shown."""
    samples = signal(np.arange(periods, dtype=float))
    figure = Figure(figsize=(7.2, 5.0), layout="constrained")
    above, below = figure.subplots(2, 1)
    _draw_signals(samples, above)
    _draw_responses(below)
    return figure


def _draw_signals(samples: NDArray[np.float64], ax: Axes) -> None:
    middle = len(samples) // 2
    shown = slice(middle * FACTOR, (middle + 16) * FACTOR)
    t = np.arange(len(samples) * FACTOR) / FACTOR
    ax.plot(t[shown], signal(t[shown]), color="0.6", linewidth=3, label="signal")
    for label, (name, colour, style) in METHODS.items():
        values = reconstruct(samples, name)
        ax.plot(t[shown], values[shown], style, color=colour, label=label, linewidth=1.2)
    n = np.arange(middle, middle + 16)
    ax.plot(n, samples[n], "ko", markersize=4, label="samples")
    ax.set(xlabel="samples", ylabel="value", xlim=(middle, middle + 15.9))
    ax.legend(frameon=False, ncol=4, fontsize=8, loc="upper right")
    ax.set_ylim(top=3.2)


def _draw_responses(ax: Axes) -> None:
    f = np.linspace(0, 0.5, 1025)
    for label, (name, colour, style) in METHODS.items():
        kernel = interpolator(name, FACTOR, axes=1)  # type: ignore[arg-type]
        gain = np.abs(kernel.response(f))[:, 0, 0] / FACTOR
        ax.plot(f * FACTOR, gain, style, color=colour, label=label, linewidth=1.2)
    for tone, amplitude, _ in TONES:
        for m in range(FACTOR // 2 + 1):
            for place in {m - tone, m + tone} if m else {tone}:
                if 0 <= place <= FACTOR / 2:
                    style = "-" if m == 0 else ":"
                    ax.vlines(place, 0, amplitude, color="0.4", linewidth=1.0, linestyle=style)
    ax.set_xlabel("frequency (cycles/sample); replicas of each tone around 1, 2, ...")
    ax.set(ylabel="gain", xlim=(0, FACTOR / 2), ylim=(0, 1.15))
    ax.legend(frameon=False, fontsize=8)


def main() -> None:
    """Write the figure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("fig2_reconstruction.png"))
    arguments = parser.parse_args()
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    draw().savefig(arguments.out, dpi=150, metadata={"Software": None})


if __name__ == "__main__":
    main()
