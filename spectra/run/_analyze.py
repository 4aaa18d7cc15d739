"""Analyse a model: from it and its inputs to an answer, stage by stage."""

from __future__ import annotations

import time
from functools import partial
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
from spectra.run._attacked import attack_inputs, plan_attack
from spectra.run._begun import begun
from spectra.run._opened import silent
from spectra.run._rate import output_rate
from spectra.run._reference import compared
from spectra.run._shards import planned

if TYPE_CHECKING:
    from pathlib import Path


def analyze(
    model: load.LoadedModel | nn.Module | str | Path,
    inputs: Any = None,
    *,
    options: Options | None = None,
    progress: Progress | None = None,
    files: gather.PartFiles | None = None,
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
    files : PartFiles, optional
        Where sums of finished parts are found, and kept from then on once a minute: the same call
        goes on with them. They are left to the caller to `PartFiles.clear`.

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
    left_out = files.left_out() if files else None
    look = partial(capture.find_steps, options=options, progress=tell)
    lazy = options.attack is None
    with begun(model, inputs, options, look=look, lazy=lazy, left_out=left_out) as first:
        inputs, example, found = first.inputs, first.example, first.found
        loaded, net = first.loaded, first.loaded.model
        loaded = compared(loaded, example, found)
        attacking = plan_attack(net, found, inputs, options)
        found, files = planned(loaded, found, inputs, options, files=files)
        passed = gather.run(net, found, inputs, options, progress=tell, files=files)
        passed = gather.without_fixed_content(
            net, passed, inputs, options, progress=tell, files=files
        )
        inputs = passed.used_of(inputs)
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
            inputs=inputs,
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
    look = partial(capture.list_steps, options=options)
    with begun(model, inputs, options, look=look) as first:
        return first.found


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
        options={**loaded.options, **options.told},
        torch=torch.__version__,
        elapsed_s=time.perf_counter() - started,
        forward_s=forward_s,
        sample_rate=sample_rate,
    )
