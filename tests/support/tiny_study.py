"""A network of the study that is trained and measured in seconds."""

from dataclasses import replace

from spectra.data import restoration_photographs
from spectra.study import Training, restoration
from spectra.study._tiles import tiled
from spectra.study._variants import NETWORKS


def tiny_task():
    """Return the task of the study with four small tiles to test on."""
    return restoration(test=tiled(restoration_photographs("test"), side=32, each=2))


def tiny_network():
    """Return the study's NAFNet with four updates, tested on four tiles."""
    return replace(
        NETWORKS["nafnet"],
        task=tiny_task,
        training=Training(steps=4, batch=2, learning_rate=3e-3, evaluate_every=2),
        attacks=("pgd",),
        seeds=2,
    )
