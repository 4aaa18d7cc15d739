"""Swap a model's upsampling steps and measure what that changes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from math import isfinite
from typing import Any

import torch
from torch import Tensor, nn

from spectra import load
from spectra import remedy as remedies
from spectra import repair as repairs
from spectra._names import times
from spectra._options import Options, Progress
from spectra._process import borrowed_process
from spectra.capture import discover, example_input
from spectra.explain import StepRow, Summary
from spectra.inputs import Inputs
from spectra.report import Trial, TrialStep
from spectra.run._analyze import analyze
from spectra.run._calling import calling
from spectra.run._opened import opened

COMPARED = 16  # inputs on which the outputs are compared


@borrowed_process()
def try_swap(
    model: load.LoadedModel | nn.Module,
    inputs: Any = None,
    remedy: str = "lctc7",
    *,
    steps: str = "*",
    init: remedies.Start = "keep",
    repair: int | None = None,
    options: Options | None = None,
    progress: Progress | None = None,
) -> Trial:
    """Swap and measure what that changes: cost, alias at the steps and the output, the output.

    Parameters
    ----------
    model : LoadedModel or Module
        Left as it is.
    inputs : anything `spectra.inputs.open_inputs` takes, optional
        Without any, cost and output are compared on a random input, and alias is not measured.
    remedy, steps, init
        See `swap`. Steps that cannot be swapped are listed in ``plan.refused``.
    repair : int, optional
        Passes of `spectra.repair.repair` over every second input; all else is then measured
        on the other inputs.
    options : Options, optional
        See `spectra.analyze`.
    progress : callable, optional
        Called with (stage, done, total).

    Returns
    -------
    Trial

    Raises
    ------
    ParameterError
        If a repair is asked for with fewer than four inputs.

    Examples
    --------
    >>> trial = try_swap(nn.ConvTranspose2d(3, 3, 2, stride=2))
    >>> trial.changes, trial.after.parameters
    (False, 444)
    """
    options = options or Options()
    remedies.parse_remedy(remedy)
    loaded, opened_inputs = opened(model, inputs, options)
    with calling(loaded, opened_inputs, options):
        return _tried(
            loaded,
            opened_inputs,
            remedy,
            steps=steps,
            init=init,
            repair=repair,
            options=options,
            progress=progress,
        )


def _tried(
    loaded: load.LoadedModel,
    held_out: Inputs | None,
    remedy: str,
    *,
    steps: str,
    init: remedies.Start,
    repair: int | None,
    options: Options,
    progress: Progress | None,
) -> Trial:
    """Return what a swap changes; arguments are those of `try_swap`."""
    if repair is not None:
        learned, held_out = repairs.split(held_out)
    example = example_input(loaded.model, held_out, crop=options.crop)
    if held_out is None:
        generator = torch.Generator().manual_seed(options.seed)
        example = torch.rand(example.shape, generator=generator).to(example)
    new, plan = remedies.swap(
        loaded.model,
        remedy,
        steps=steps,
        init=init,
        example=example,
        method=options.call,
        partial=True,
    )
    judgement = None
    if repair is not None:
        assert held_out is not None
        new, judgement = _repaired(
            loaded.model,
            new,
            plan,
            passes=repair,
            inputs=learned,
            held_out=held_out,
            options=options,
            progress=progress,
        )
    fast = remedies.merged(new)
    before, after = remedies.costs(loaded.model, fast, example, method=options.call)
    found = discover(loaded.model, example, method=options.call, output=options.output)
    psnr, most = repairs.difference(
        loaded.model, new, _some(held_out, example), found, seed=options.seed
    )
    first = second = None
    if held_out is not None:
        first = _analyzed(loaded, "before", inputs=held_out, options=options, progress=progress)
        second = _analyzed(fast, "after", inputs=held_out, options=options, progress=progress)
    return Trial(
        source=loaded.source,
        inputs="a random input" if held_out is None else held_out.source,
        used=0 if held_out is None else held_out.used,
        compared=0 if held_out is None else min(held_out.used, COMPARED),
        plan=plan,
        before=before,
        after=after,
        steps=tuple(_step(entry, first, second) for entry in plan.replaced),
        output_before=first.output.score if first else None,
        output_after=second.output.score if second else None,
        psnr_db=psnr if isfinite(psnr) else None,
        max_difference=most,
        repair=judgement,
        model=new,
    )


def _repaired(
    model: nn.Module,
    swapped: nn.Module,
    plan: remedies.Plan,
    *,
    passes: int,
    inputs: Inputs,
    held_out: Inputs,
    options: Options,
    progress: Progress | None,
) -> tuple[nn.Module, repairs.Judgement]:
    """Return a repaired copy of a swapped model, and how it does on the inputs held out."""

    def on_pass(done: int, total: int) -> None:
        if progress is not None:
            progress("repair", done, total)

    repaired = repairs.repair(
        model,
        swapped,
        plan,
        next(inputs.batches(len(inputs))),
        passes=passes,
        batch=options.batch,
        seed=options.seed,
        output=options.output,
        on_pass=on_pass,
    )
    judgement = repairs.judge(
        model,
        repaired,
        held_out,
        method=options.call,
        output=options.output,
        batch=options.batch,
        seed=options.seed,
    )
    return repaired.model, judgement


def _some(inputs: Inputs | None, example: Tensor) -> Iterator[Tensor]:
    if inputs is None:
        yield example
        return
    for index, x in enumerate(inputs.batches(1)):
        if index == COMPARED:
            return
        yield x.to(example.device)


def _analyzed(
    model: load.LoadedModel | nn.Module,
    name: str,
    inputs: Inputs,
    options: Options,
    progress: Progress | None,
) -> Summary:
    def tell(stage: str, done: int, total: int) -> None:
        if progress is not None:
            progress(f"{name}: {stage}", done, total)

    options = replace(options, blame=False)  # a trial asks for energies, not for the step to blame
    return analyze(model, inputs, options=options, progress=tell).summary


def _step(entry: remedies.Replacement, before: Summary | None, after: Summary | None) -> TrialStep:
    new = entry.remedy
    if entry.kernel_size:
        small = f" + {times(entry.small)}" if entry.small else ""
        new = f"LCTC {times(entry.kernel_size)}{small}"
    groups = f", {entry.groups} groups" if entry.groups > 1 else ""
    old = [row for row in before.steps if row.label == entry.label] if before else []
    now = [row for row in after.steps if _inside(row, entry.path)] if after else []
    return TrialStep(
        entry.label,
        old=entry.kind,
        new=new + groups,
        before=old[0].score if old else None,
        after=now[-1].score if now else None,
    )


def _inside(row: StepRow, path: str) -> bool:
    return row.name == path or row.name.startswith(f"{path}." if path else "")
