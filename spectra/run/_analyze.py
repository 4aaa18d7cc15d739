"""Analyse a model: from it and its inputs to an answer, stage by stage."""

from __future__ import annotations

import time
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from spectra import _walk as walk
from spectra import (
    capture,
    explain,
    gather,
    load,
    probe,
    repair,
    report,
    score,
    severity,
    weights,
)
from spectra._options import Options, Progress
from spectra.run._arranged import fed
from spectra.run._attacked import attack_inputs, plan_attack
from spectra.run._opened import advised, borrowed, opened, silent
from spectra.run._rate import output_rate

if TYPE_CHECKING:
    from pathlib import Path


def analyze(
    model: load.LoadedModel | nn.Module | str | Path,
    inputs: Any = None,
    *,
    options: Options | None = None,
    progress: Progress | None = None,
) -> report.Result:
    """Find, score and explain the upsampling artifacts of a model.

    Parameters
    ----------
    model : LoadedModel, Module, str or Path
        A model, or what `spectra.load.load_model` makes one of.
    inputs : Inputs or anything `spectra.inputs.open_inputs` takes, optional
        Pictures, arrays, latents. Without any, only the data-free probes run.
    options : Options, optional
        What the user decides about the run.
    progress : callable, optional
        Called with (stage, done, total).

    Returns
    -------
    Result
        Its repr is the table that the command prints.

    Raises
    ------
    SpectraError
        One of its kinds, with one clear message; `NothingToAnalyseError` where the model has
        no upsampling step.

    Examples
    --------
    >>> import torch
    >>> decoder = torch.nn.ConvTranspose2d(3, 3, 3, stride=2, padding=1, output_padding=1)
    >>> pictures = torch.rand(16, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    >>> analyze(decoder, pictures).verdict
    'present'
    """
    started = time.perf_counter()
    options, tell = options or Options(), progress or silent
    with borrowed(model, options):
        loaded, inputs = opened(model, inputs, options)
        net = loaded.model
        with advised(loaded, inputs), fed(net, inputs), capture.quiet(net):
            example = capture.example_input(net, inputs, crop=options.crop)
            found = capture.find_steps(net, example, options, progress=tell)
            attacking = plan_attack(net, found, inputs, options)
            passed = gather.run(net, found, inputs, options, progress=tell)
            passed = gather.without_fixed_content(net, passed, inputs, options, progress=tell)
            scores = score.run(passed, inputs, seed=options.seed, progress=tell)
            probed = probe.run(
                net,
                passed,
                scores,
                inputs,
                seed=options.seed,
                blame=options.blame,
                constant=options.probe,
                trace=options.steps is None,
                batch=options.batch,
                progress=tell,
            )
            judged = severity.run(passed, scores, inputs, seed=options.seed, progress=tell)
            attacked = attack_inputs(net, passed, scores, attacking, options=options, progress=tell)
            kernels = weights.measures_of_steps(net, passed.found, progress=tell)
            portraits = weights.portraits_of_steps(net, passed.found)
            advised_on = inputs is not None and judged.graded.word not in ("none", "faint")
            offers = repair.Offer.of_steps(net, passed.found, example) if advised_on else ()
        run = _run_record(
            loaded,
            example,
            options=options,
            forward_s=passed.forward_s,
            started=started,
            sample_rate=output_rate(passed.found, inputs, options),
        )
        summary = explain.summarise(
            loaded,
            inputs,
            passed=passed,
            scores=scores,
            probed=probed,
            severity=judged.graded,
            kernels=kernels,
            offers=offers,
            attack=attacked.row if attacked else None,
            run=run,
        )
        tables = score.tables(passed, scores)
        return report.Result.of_run(
            summary,
            tables,
            passed=passed,
            judged=judged,
            portraits=portraits,
            attacked=attacked.tables if attacked else None,
            constant=probed.constant,
        )


def list_steps(
    model: load.LoadedModel | nn.Module | str | Path,
    inputs: Any = None,
    *,
    options: Options | None = None,
) -> capture.Discovery:
    """Return the upsampling steps of a model from one forward pass, without scoring them."""
    options = options or Options()
    with borrowed(model, options):
        loaded, inputs = opened(model, inputs, options)
        with advised(loaded, inputs), fed(loaded.model, inputs):
            example = capture.example_input(loaded.model, inputs, crop=options.crop)
            return capture.list_steps(loaded.model, example, options)


def _run_record(
    loaded: load.LoadedModel,
    example: torch.Tensor,
    *,
    options: Options,
    forward_s: float,
    started: float,
    sample_rate: float | None,
) -> explain.RunRecord:
    """Return how the analysis ran; its precision is that of the first weights, else the inputs'."""
    first = next(walk.parameters(loaded.model), example)
    return explain.RunRecord(
        device=str(example.device),
        dtype=str(first.dtype).removeprefix("torch."),
        threads=torch.get_num_threads(),
        seed=options.seed,
        options={**loaded.options, **asdict(options)},
        torch=torch.__version__,
        elapsed_s=time.perf_counter() - started,
        forward_s=forward_s,
        sample_rate=sample_rate,
    )
