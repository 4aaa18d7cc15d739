"""What attacks do to a network: how good it still is, and how far its output moves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import torch
from torch import Tensor, nn

from spectra import capture
from spectra.attack import AttackSpec
from spectra.data import Sample
from spectra.study._adversarial import against, attacked
from spectra.study._batches import stacked
from spectra.study._evaluate import on_device_of
from spectra.study._task import Task
from spectra.study._team import ALONE, Team

BATCH = 8  # samples attacked at a time


def under_attack(
    task: Task,
    model: nn.Module,
    attacks: Sequence[str],
    *,
    at_once: int = BATCH,
    team: Team = ALONE,
) -> dict[str, dict[str, dict[str, float]]]:
    """Return the metrics of a model under each attack.

    Parameters
    ----------
    task : Task
        Samples to test on that are attacked at once have one size.
    model : Module
        Runs in evaluation mode, and is left in the mode it has.
    attacks : sequence of str
        As `spectra.attack.AttackSpec` reads them; one that names no loss raises the task's own.
    at_once : int
        Samples attacked at a time.
    team : Team
        Whose processes each look at a part of the samples; by default this one at all.

    Returns
    -------
    dict
        For each attack, by its text: ``quality``, the task's metrics of attacked outputs against
        the targets, and ``kept``, the same against what the model makes of clean inputs.
    """
    specs = {text: given(against(task, text)) for text in attacks}
    quality = {text: task.metrics() for text in attacks}
    kept = {text: task.metrics() for text in attacks}
    with capture.quiet(model), torch.no_grad():
        for first, samples in _batches(task, at_once, team):
            batch = on_device_of(model, stacked(samples))
            clean = task.output(model, batch.input)
            for longest in _longest(specs):
                changed = _iterates(task, model, batch, specs, longest=longest, first=first)
                for text, inputs in changed.items():
                    outputs = task.output(model, inputs)
                    for output, before, sample in zip(outputs, clean, samples, strict=True):
                        quality[text].add(output, sample)
                        kept[text].add(output, sample._replace(target=as_target(task, before)))
    return {
        text: {
            "quality": team.joined(quality[text]).values(),
            "kept": team.joined(kept[text]).values(),
        }
        for text in attacks
    }


def families(specs: dict[str, AttackSpec]) -> list[list[str]]:
    """Return attacks in groups that one run finds: the longest, and those that it passes.

    Examples
    --------
    >>> texts = ["pgd:steps=5", "segpgd:steps=3", "pgd:steps=20", "segpgd:steps=9"]
    >>> families({text: AttackSpec.parse(text) for text in texts})
    [['segpgd:steps=3'], ['pgd:steps=5', 'pgd:steps=20'], ['segpgd:steps=9']]
    """
    return [
        [text for text, spec in specs.items() if text == longest or _passes(specs[longest], spec)]
        for longest in _longest(specs)
    ]


def given(spec: AttackSpec | None) -> AttackSpec:
    """Return an attack that is there."""
    assert spec is not None
    return spec


def _longest(specs: dict[str, AttackSpec]) -> list[str]:
    """Return the attacks that no other one passes on its way."""
    return [
        text
        for text, spec in specs.items()
        if not any(_passes(other, spec) for other in specs.values() if other != spec)
    ]


def _passes(longer: AttackSpec, spec: AttackSpec) -> bool:
    """Whether one attack has the other's result on its way: the same but for more steps."""
    many = ("pgd", "cospgd")  # the weights of SegPGD depend on how many steps there will be
    if spec.method not in many or longer.method not in many or spec.keep == "best":
        return False
    assert longer.steps is not None
    assert spec.steps is not None
    return longer.steps >= spec.steps and replace(longer, steps=spec.steps) == spec


def _iterates(
    task: Task,
    model: nn.Module,
    batch: Sample,
    specs: dict[str, AttackSpec],
    *,
    longest: str,
    first: int,
) -> dict[str, Tensor]:
    """Return the inputs of one attack, and of those that it passes on its way."""
    passed = {
        text: spec.steps for text, spec in specs.items() if _passes(specs[longest], spec)
    } or {longest: specs[longest].steps}
    found: dict[str, Tensor] = {}

    def watch(step: int, inputs: Tensor) -> None:
        found.update({text: inputs for text, steps in passed.items() if steps == step})

    spec, count = specs[longest], len(batch.input)
    attacked(task, model, batch, spec, first=first, count=count, watch=watch)
    return found


def as_target(task: Task, output: Tensor) -> Tensor:
    """Return an output of one sample as a target: a picture in 0..1, labels, or disparities."""
    output = output.detach().cpu()
    if task.name == "segmentation":
        return output.argmax(0)
    return output.clamp(0, 1) if task.name == "restoration" else output.reshape(output.shape[-2:])


def _batches(task: Task, at_once: int, team: Team) -> Iterator[tuple[int, list[Sample]]]:
    """Yield a process's samples to test on, some at a time, with the number of the first."""
    own = team.part(len(task.test))
    for first in own[::at_once]:
        yield first, [task.test[n] for n in range(first, min(first + at_once, own.stop))]
