"""How good a model is at a task, clean or attacked."""

from __future__ import annotations

import torch
from torch import nn

from spectra import capture
from spectra.attack import AttackSpec
from spectra.data import Sample
from spectra.errors import ModelError
from spectra.study._adversarial import attacked
from spectra.study._batches import stacked
from spectra.study._task import Task
from spectra.study._team import ALONE, Team


def evaluate(
    task: Task, model: nn.Module, *, attack: AttackSpec | str | None = None
) -> dict[str, float]:
    """Return the metrics of a model over the samples to test on, one sample at a time.

    Parameters
    ----------
    task : Task
    model : Module
        Runs in evaluation mode, on the device of its weights, and is left in the mode it has.
    attack : AttackSpec or str, optional
        Attack every input first.

    Returns
    -------
    dict of str to float
        ``psnr`` and ``ssim``; ``miou``, ``macc`` and ``allacc``; or ``epe`` and ``3px``.

    Raises
    ------
    InputError
        If an output does not fit its target.
    ModelError
        If the model fails.

    Examples
    --------
    >>> from spectra.study import restoration
    >>> {name: round(value, 2) for name, value in evaluate(restoration(), nn.Identity()).items()}
    {'psnr': 28.83, 'ssim': 0.87}
    """
    return evaluated(task, model, attack=attack, team=ALONE)


def evaluated(
    task: Task, model: nn.Module, *, attack: AttackSpec | str | None = None, team: Team
) -> dict[str, float]:
    """Return the same, found by a team each of whose processes looks at a part of the samples."""
    attack = AttackSpec.parse(attack) if isinstance(attack, str) else attack
    metrics = task.metrics()
    with capture.quiet(model), torch.no_grad():
        for number in team.part(len(task.test)):
            sample = task.test[number]
            batch = on_device_of(model, stacked([sample]))
            x = batch.input
            if attack is not None:
                x = attacked(task, model, batch, attack, first=number, count=1)
            output = task.output(model, x)
            if not bool(output.isfinite().all()):
                raise ModelError(
                    f"the output for {sample.name} holds NaN or infinite values: expected "
                    "finite ones"
                )
            metrics.add(output[0], sample)
    return team.joined(metrics).values()


def on_device_of(model: nn.Module, batch: Sample) -> Sample:
    """Return a batch on the device of the model's weights."""
    device = next((p.device for p in model.parameters()), torch.device("cpu"))
    return batch.each(lambda part: part.to(device, non_blocking=True))
