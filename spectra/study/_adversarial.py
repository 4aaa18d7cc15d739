"""Adversarial training: half of every batch is attacked, as the network is at that step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import torch
from torch import Tensor, nn

from spectra.attack import AttackSpec, attack
from spectra.attack._attack import Watch
from spectra.data import Sample
from spectra.study._batches import part_of
from spectra.study._task import Task


def half_attacked(
    task: Task,
    model: nn.Module,
    batch: Sample,
    spec: AttackSpec,
    *,
    first: int,
    half: int,
    at_once: int,
    output: Callable[[Tensor], Tensor],
) -> Tensor:
    """Return the inputs of a batch, the first of them attacked.

    Parameters
    ----------
    task : Task
    model : Module
    batch : Sample
        Samples with a leading axis, on the model's device; in random order, so that the first
        half is a random one.
    spec : AttackSpec
    first : int
        Number of the first sample, which decides random starts.
    half : int
        How many are attacked.
    at_once : int
        Most samples that pass through the model together.
    output : callable
        Returns the model's output for inputs.

    Returns
    -------
    Tensor, shape (B, C, y, x)
    """
    changed = [
        attacked(
            task,
            model,
            part_of(batch, begin, half),
            spec,
            first=first + begin,
            count=at_once,
            output=output,
        )
        for begin in range(0, half, at_once)
    ]
    return torch.cat((*changed, batch.input[half:]))


def attacked(
    task: Task,
    model: nn.Module,
    batch: Sample,
    spec: AttackSpec,
    *,
    first: int,
    count: int,
    output: Callable[[Tensor], Tensor] | None = None,
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
        forward=output or (lambda x: task.output(model, x)),
        watch=watch,
    )


def against(task: Task, attack: AttackSpec | str | None) -> AttackSpec | None:
    """Return an attack; where a text does not say what it raises, that is the task's own loss."""
    if not isinstance(attack, str):
        return attack
    if "loss=" in attack:
        return AttackSpec.parse(attack)
    return replace(AttackSpec.parse(attack), loss=task.loss)
