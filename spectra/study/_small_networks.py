"""The three networks that Figures 1 and 5 of the paper compare, small enough for minutes."""

from __future__ import annotations

from pathlib import Path

from spectra.study._cell import folder_of, training_of
from spectra.study._task import Task
from spectra.study._train import Progress, Trained, train
from spectra.study._variants import build, network_of

NETWORK, SHOWN = "nafnet", ("shuffle1", "tc3", "lctc11")


def small_networks(
    folder: str | Path,
    *,
    seed: int = 0,
    steps: int | None = None,
    task: Task | None = None,
    progress: Progress | None = None,
) -> dict[str, Trained]:
    """Return three small NAFNets that differ in nothing but what they upsample with.

    They are those of the study's main comparison: pixel shuffle 1x1, transposed 3x3 and LCTC 11+3
    of one seed. What a folder of the study holds already is read and not trained again.

    Parameters
    ----------
    folder : path
        Of the study: each network has a folder of its own in it.
    seed : int
        Which of the study's.
    steps : int, optional
        Updates of each; by default the study's number, about a minute for each network.
    task : Task, optional
        What they are trained for, if not the study's.
    progress : callable, optional
        Called with ``(what, done, total)`` after each step; ``what`` names the network.

    Returns
    -------
    dict of str to Trained
        By their labels in the study.

    Raises
    ------
    ParameterError
        If the folder holds networks that were trained otherwise.
    """
    of = network_of(NETWORK)
    task = task or of.task()
    trained = {}
    for variant in SHOWN:
        label = of.variants[variant].label
        trained[label] = train(
            task,
            build(NETWORK, variant, seed),
            folder_of(Path(folder), NETWORK, variant, seed),
            training=training_of(NETWORK, variant, seed, steps=steps),
            progress=progress and _named(progress, label),
        )
    return trained


def _named(progress: Progress, label: str) -> Progress:
    return lambda what, done, total: progress(f"{what} {label}", done, total)
