"""The three networks that Figures 1 and 5 of the paper compare, small enough for minutes."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from spectra import models
from spectra.study._task import Task, restoration
from spectra.study._train import Progress, Trained, train
from spectra.study._training import Training

UPSAMPLERS = {
    "Pixel Shuffle": "published",
    "transposed conv 3x3": "tc3",
    "LCTC 11x11 + 3x3": "lctc11+3",
}
FOR_MINUTES = Training(steps=400, learning_rate=3e-3)


def small_networks(
    folder: str | Path,
    *,
    task: Task | None = None,
    training: Training = FOR_MINUTES,
    progress: Progress | None = None,
) -> dict[str, Trained]:
    """Return three small NAFNets that differ in nothing but what they upsample with.

    Each is `spectra.models.nafnet_small` with dense kernels, trained on one task from one seed.
    What a folder holds already is read and not trained again.

    Parameters
    ----------
    folder : path
        Each network has a folder of its own in it, named by its upsampler.
    task : Task, optional
        What they are trained for; by default `restoration`.
    training : Training
        About a minute for each network by default.
    progress : callable, optional
        Called with ``(what, done, total)`` after each step; ``what`` names the network.

    Returns
    -------
    dict of str to Trained
        ``Pixel Shuffle``, ``transposed conv 3x3`` and ``LCTC 11x11 + 3x3``.

    Raises
    ------
    ParameterError
        If the folder holds networks that were trained otherwise.
    """
    task = task or restoration()
    trained = {}
    for label, upsampler in UPSAMPLERS.items():
        trained[label] = train(
            task,
            partial(models.nafnet_small, upsampler=upsampler, grouped=False),
            Path(folder) / upsampler,
            training=training,
            progress=progress and _named(progress, label),
        )
    return trained


def _named(progress: Progress, label: str) -> Progress:
    return lambda what, done, total: progress(f"{what} {label}", done, total)
