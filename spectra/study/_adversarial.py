"""Adversarial training: half of every batch is attacked, as the network is at that step."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor, nn

from spectra.attack import AttackSpec, attack
from spectra.attack._attack import Watch
from spectra.data import Sample
from spectra.study._task import Task


def half_attacked(
    task: Task, model: nn.Module, batch: Sample, spec: AttackSpec, *, step: int
) -> Tensor:
    """Return the inputs of a batch, those of its first half attacked.

    Parameters
    ----------
    task : Task
    model : Module
    batch : Sample
        Samples with a leading axis of at least 2, on the model's device; in random order, so that
        the first half is a random one.
    spec : AttackSpec
    step : int
        Decides a random start.

    Returns
    -------
    Tensor, shape (B, C, y, x)
    """
    half = len(batch.input) // 2
    changed = attacked(task, model, batch, spec, first=step * half, count=half)
    return torch.cat((changed, batch.input[half:]))


def attacked(
    task: Task,
    model: nn.Module,
    batch: Sample,
    spec: AttackSpec,
    *,
    first: int,
    count: int,
    watch: Watch | None = None,
) -> Tensor:
    """Return the first ``count`` inputs of a batch, attacked where their targets count."""
    return attack(
        model,
        batch.input[:count],
        task.fitting(batch.target[:count]),
        spec,
        valid=batch.counted[:count],
        first=first,
        watch=watch,
    )


def against(task: Task, attack: AttackSpec | str | None) -> AttackSpec | None:
    """Return an attack; where a text does not say what it raises, that is the task's own loss."""
    if not isinstance(attack, str):
        return attack
    if "loss=" in attack:
        return AttackSpec.parse(attack)
    return replace(AttackSpec.parse(attack), loss=task.loss)
