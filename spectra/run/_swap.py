"""Swap a model's upsampling steps and measure what that changes."""

from __future__ import annotations

import time
from collections.abc import Iterator
from math import isfinite
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from spectra import _walk as walk
from spectra import load
from spectra import remedy as remedies
from spectra import repair as repairs
from spectra._options import Options, Progress
from spectra.capture import discover, example_input, forward, quiet
from spectra.errors import ModelError
from spectra.explain import StepRow, Summary
from spectra.inputs import Inputs
from spectra.remedy import merged
from spectra.report import Cost, Trial, TrialStep
from spectra.run._analyze import analyze
from spectra.run._opened import opened

RUNS = 5  # forward passes of which the median is the time
COMPARED = 16  # inputs on which the outputs are compared


def swap(
    model: nn.Module,
    remedy: str = "lctc7",
    *,
    steps: str = "*",
    init: remedies.Start = "keep",
    example: Tensor | None = None,
    method: str = "forward",
    partial: bool = False,
) -> tuple[nn.Module, remedies.Plan]:
    """Return a copy of a model with other upsampling layers, and the plan of what was put where.

    `spectra.remedy.swap`, which says more, with an example input that may be left out.

    Parameters
    ----------
    model : Module
        Left as it is.
    remedy : str
        ``lctc7``, ``lctc11+3``, ``nearest+conv3``, ...
    steps : str
        Pattern of the names of the steps to swap.
    init : {"keep", "sinc", "icnr", "default"}
        "keep" computes what the model computes.
    example : Tensor, shape (B, C, *spatial), optional
        One input; by default guessed from the model's first layer.
    method : str
        Of the model, to call.
    partial : bool
        Leave steps that cannot be swapped, instead of raising.

    Examples
    --------
    >>> import torch
    >>> net = torch.nn.Sequential(torch.nn.ConvTranspose2d(3, 3, 2, stride=2))
    >>> swapped, plan = swap(net, "lctc7")
    >>> swapped[0].kernel_size
    (7, 7)
    """
    if example is None:
        example = example_input(model)
    return remedies.swap(
        model, remedy, example=example, steps=steps, init=init, method=method, partial=partial
    )


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
        As of `swap`. Steps that cannot be swapped are listed in ``plan.refused``.
    repair : int, optional
        Passes of `spectra.repair.repair` over every second input; all else is then measured
        on the other inputs.
    options : Options, optional
        As of `spectra.analyze`.
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
    loaded, held_out = opened(model, inputs, options)
    if repair is not None:
        learned, held_out = repairs.split(held_out)
    example = example_input(loaded.model, held_out, crop=options.crop)
    if held_out is None:
        generator = torch.Generator().manual_seed(options.seed)
        example = torch.rand(example.shape, generator=generator).to(example)
    new, plan = swap(
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
    fast = merged(new)
    before, after = _costs(loaded.model, fast, example, options.call)
    psnr, difference = _compared(loaded.model, new, held_out, example, options)
    first = second = None
    if held_out is not None:
        first = _analyzed(loaded, "before", held_out, options, progress)
        second = _analyzed(fast, "after", held_out, options, progress)
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
        max_difference=difference,
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

    batch = options.batch or repairs.BATCH
    repaired = repairs.repair(
        model,
        swapped,
        plan,
        torch.cat(list(inputs.batches(batch))),
        passes=passes,
        batch=batch,
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
        batch=batch,
        seed=options.seed,
    )
    return repaired.model, judgement


def _costs(old: nn.Module, new: nn.Module, example: Tensor, method: str) -> tuple[Cost, Cost]:
    """Measure both in turns, so that what else the machine does meets both."""
    pair = (old, new)
    flops = []
    times: tuple[list[float], list[float]] = ([], [])
    for model in pair:
        counter = FlopCounterMode(display=False)
        with quiet(model), counter:
            forward(model, example, method=method)
        flops.append(counter.get_total_flops())
    for _ in range(RUNS):
        for model, seconds in zip(pair, times, strict=True):
            with quiet(model):
                start = time.perf_counter()
                forward(model, example, method=method)
                if example.is_cuda:
                    torch.cuda.synchronize()
                seconds.append(time.perf_counter() - start)
    first, second = (
        Cost(sum(p.numel() for p in walk.parameters(model)), n, 1e3 * sorted(seconds)[RUNS // 2])
        for model, n, seconds in zip(pair, flops, times, strict=True)
    )
    return first, second


def _compared(
    old: nn.Module, new: nn.Module, inputs: Inputs | None, example: Tensor, options: Options
) -> tuple[float, float]:
    """Return the PSNR and the largest difference of both outputs, over the old one's range.

    Raises
    ------
    ModelError
        If they differ in size.
    """
    outputs: tuple[list[Tensor], list[Tensor]] = ([], [])
    found = discover(old, example, method=options.call, output=options.output)
    for x in _some(inputs, example):
        for model, made in zip((old, new), outputs, strict=True):
            with quiet(model, seed=options.seed):
                y = forward(model, x, found=found)
                made.append((torch.view_as_real(y) if y.is_complex() else y).cpu())
    shapes = {tuple(y.shape[1:]) for made in outputs for y in made}
    if len(shapes) > 1:
        sizes = ", ".join(map(str, sorted(shapes)))
        raise ModelError(f"the model's output changes its size ({sizes}): it cannot be compared")
    reference, changed = (torch.cat(made).double() for made in outputs)
    span = float(reference.max() - reference.min()) or 1.0
    return repairs.psnr_db(changed, reference), float((changed - reference).abs().max()) / span


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

    return analyze(model, inputs, options=options, progress=tell).summary


def _step(entry: remedies.Replacement, before: Summary | None, after: Summary | None) -> TrialStep:
    new = entry.remedy
    if entry.kernel_size:
        small = f" + {_times(entry.small)}" if entry.small else ""
        new = f"LCTC {_times(entry.kernel_size)}{small}"
    groups = f", {entry.groups} groups" if entry.groups > 1 else ""
    old = [row for row in before.steps if row.label == entry.label] if before else []
    now = [row for row in after.steps if _inside(row, entry.path)] if after else []
    return TrialStep(
        entry.label,
        entry.kind,
        new + groups,
        old[0].score if old else None,
        now[-1].score if now else None,
    )


def _inside(row: StepRow, path: str) -> bool:
    return row.name == path or row.name.startswith(f"{path}." if path else "")


def _times(values: tuple[int, ...]) -> str:
    return "x".join(map(str, values))
