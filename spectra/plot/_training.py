"""A training as curves: its loss, and metrics of what it was not trained on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from matplotlib.figure import Figure

from spectra.plot._styles import inches, ink, shade, small

Curve = Sequence[tuple[int, float]]
METRICS = {
    "psnr": "PSNR (dB)",
    "ssim": "SSIM",
    "miou": "mIoU",
    "macc": "mAcc",
    "allacc": "allAcc",
    "epe": "EPE (px)",
    "3px": "off by > 3 px (%)",
}


def training_figure(
    losses: Curve, metrics: Mapping[str, Curve], *, title: str, loss: str
) -> Figure:
    """Draw the loss of a training, and below it each metric of the samples to test on.

    Parameters
    ----------
    losses : sequence of (int, float)
        Steps and losses.
    metrics : mapping of str to sequence of (int, float)
        Steps and values of each, by its short name.
    title : str
        What was trained.
    loss : str
        Name of the loss.

    Returns
    -------
    Figure
        One panel above the other, with one axis of steps.
    """
    panels: list[tuple[str, Curve, str]] = [(f"loss ({loss})", losses, "")]
    panels += [(METRICS.get(name, name), curve, "o") for name, curve in metrics.items()]
    height = inches(0.6 + 1.3 * len(panels))
    figure = Figure(figsize=(inches(6.4), height), layout="constrained")
    axes = figure.subplots(len(panels), 1, sharex=True, squeeze=False)[:, 0]
    for ax, (label, curve, marker) in zip(axes, panels, strict=True):
        steps, values = zip(*curve, strict=True) if curve else ((), ())
        ax.plot(steps, values, color=ink(), linewidth=1.0, marker=marker, markersize=3)
        ax.set_ylabel(label, fontsize=small())
        ax.tick_params(labelsize=small())
        ax.grid(color=shade(0.1), linewidth=0.6)
    axes[-1].set_xlabel("step", fontsize=small())
    figure.suptitle(title, fontsize=small())
    return figure
