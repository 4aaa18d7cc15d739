"""What decides the weights of a training, as text: a folder of another training is refused."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from typing import Any

from torch import nn

from spectra.data import SampleSet
from spectra.study._adversarial import against
from spectra.study._task import Task
from spectra.study._training import Training

ASIDE = {"workers", "checkpoint_every", "keep_evaluated", "at_once"}  # decide no weight
LATER = ("betas", "hold", "least_rate", "faster", "stages", "precision", "mean", "std", "matching")


def settings(task: Task, model: nn.Module, training: Training) -> dict[str, Any]:
    """Return what decides the weights and the history of a training, as plain values.

    What was added later is left out where it is as by default, so that folders of before are known.
    """
    made = {**asdict(training), "mean": task.mean, "std": task.std, "matching": task.matching}
    usual = {**asdict(Training()), "mean": (), "std": (), "matching": False}
    aside = ASIDE | {name for name in LATER if made[name] == usual[name]}
    attack = against(task, training.adversarial)
    shapes = [(name, tuple(value.shape)) for name, value in model.state_dict().items()]
    architecture = hashlib.sha256(f"{model!r} {shapes}".encode()).hexdigest()
    text = json.dumps(
        {
            "model": f"{type(model).__name__} {architecture[:16]}",
            "train": _about(task.train),
            "augmentation": str(task.train.augmentation).replace(", transpose=False", ""),
            "test": _about(task.test),
            "loss": task.loss,
            **{name: value for name, value in made.items() if name not in aside},
            "adversarial": None if attack is None else str(attack),
        }
    )
    plain: dict[str, Any] = json.loads(text)  # a file holds lists where there were tuples
    return plain


def _about(samples: SampleSet) -> str:
    """Return what tells a set from others of its name."""
    return f"{samples.source}, {len(samples)} samples, {samples.fingerprint}"
