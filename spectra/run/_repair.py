"""Repair a swapped model on some inputs, and judge the repair on others."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from math import log10

import torch
from torch import Tensor, nn

from spectra import load, remedy, repair, score, spectrum
from spectra._evidence import add_maps
from spectra._options import Options, Progress
from spectra.capture import discover, forward, quiet
from spectra.errors import ParameterError
from spectra.report import Repair

FIDELITY_DB = 40.0  # to the old output without its grid, below which a repair is no success
LEAST = 4  # inputs: two to repair from, two to judge by


def split(inputs: load.Inputs | None) -> tuple[load.Inputs, load.Inputs]:
    """Return every second input, to repair from, and the others, to judge by.

    Neighbours in a folder are often alike; taking turns gives both halves some of each kind.

    Raises
    ------
    ParameterError
        If there are fewer than four.
    """
    used = 0 if inputs is None else inputs.used
    if inputs is None or used < LEAST:
        message = (
            f"a repair needs at least {LEAST} inputs, half to repair from and half to judge by, "
            f"got {used}; from 32 on no picture has to be cut for the test"
        )
        raise ParameterError(message)
    return _every_second(inputs, 0), _every_second(inputs, 1)


def repaired(
    model: nn.Module,
    swapped: nn.Module,
    plan: remedy.Plan,
    *,
    passes: int,
    inputs: load.Inputs,
    held_out: load.Inputs,
    options: Options,
    progress: Progress | None = None,
) -> tuple[nn.Module, Repair]:
    """Return a repaired copy of a swapped model and how it does on the inputs held out.

    Parameters
    ----------
    model, swapped : Module
        Before and after the swap; left as they are.
    plan : Plan
    passes : int
        See `spectra.repair.repair`.
    inputs, held_out : Inputs
        As of `split`.
    options : Options
    progress : callable, optional
    """
    started = time.perf_counter()
    batch = options.batch or repair.BATCH

    def on_pass(done: int, total: int) -> None:
        if progress is not None:
            progress("repair", done, total)

    result = repair.repair(
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
    seconds = time.perf_counter() - started
    record = _judged(model, result, held_out, options)
    return result.model, replace(record, inputs=inputs.used, seconds=seconds)


def _judged(
    model: nn.Module,
    result: repair.Repaired,
    held_out: load.Inputs,
    options: Options,
) -> Repair:
    """Measure the repair on the inputs held out, in one pass through both models."""
    example = next(iter(held_out.batches(1)))
    found = discover(model, example, method=options.call, output=options.output)
    shape = found.output_shape
    errors = _Errors()
    statistics = [
        spectrum.MapStatistics(spectrum.plan_maps(shape, *result.periods, count=held_out.used))
        for _ in "12"
    ]
    done = 0
    for x in held_out.batches(options.batch or repair.BATCH):
        outputs = []
        for net, sums in zip((model, result.model), statistics, strict=True):
            with quiet(net, seed=options.seed):
                outputs.append(forward(net, x, found=found))
            add_maps(sums, outputs[-1].cpu(), first=done, inputs=len(x))
        old, new = outputs
        errors.add(old, new, result.without_grid(old))
        done += len(x)
    change = score.locked_change(*map(spectrum.to_dataset, statistics))
    cleaned = errors.psnr_db("cleaned")
    failures = _failures(cleaned, change)
    return Repair(
        passes=result.passes,
        inputs=0,
        held_out=held_out.used,
        seconds=0.0,
        psnr_db=errors.psnr_db("old"),
        cleaned_psnr_db=cleaned,
        grid_psnr_db=errors.psnr_db("grid"),
        change_db=None if isinstance(change, str) else change.db,
        change_ci95_db=None if isinstance(change, str) else change.ci95_db,
        change_upper_db=None if isinstance(change, str) else change.upper_db,
        success=not failures,
        failures=failures,
    )


def _failures(cleaned_db: float | None, change: score.Change | str) -> tuple[str, ...]:
    """Return why a repair is no success; nothing where it is one."""
    failures = []
    if cleaned_db is not None and not cleaned_db >= FIDELITY_DB:
        failures.append(
            f"the output changes by more than the grid: {cleaned_db:.1f} dB to the old one without "
            f"its grid, {FIDELITY_DB:.0f} dB needed"
        )
    if isinstance(change, str):
        failures.append(f"the alias of the output cannot be compared: {change}")
    elif change.upper_db is None:
        failures.append("the output has no alias beyond its uncertainty to begin with")
    elif change.rose:
        failures.append("the alias of the output rose")
    elif not change.fell:
        failures.append("the alias of the output did not fall by more than its uncertainty")
    return tuple(failures)


class _Errors:
    """Adds up squared differences of outputs, and the old outputs' range."""

    def __init__(self) -> None:
        self._sums = {"old": 0.0, "cleaned": 0.0, "grid": 0.0}
        self._count = 0
        self._low, self._high = float("inf"), float("-inf")

    def add(self, old: Tensor, new: Tensor, cleaned: Tensor) -> None:
        """Add a batch."""
        pairs = {"old": (new, old), "cleaned": (new, cleaned), "grid": (cleaned, old)}
        for name, (a, b) in pairs.items():
            self._sums[name] += float((a.double() - b.double()).square().sum())
        self._count += old.numel()
        self._low = min(self._low, float(old.min()))
        self._high = max(self._high, float(old.max()))

    def psnr_db(self, name: str) -> float | None:
        """Return the peak signal-to-noise ratio; None for no difference."""
        error = self._sums[name] / self._count
        return 10 * log10((self._high - self._low) ** 2 / error) if error > 0 else None


def _every_second(inputs: load.Inputs, first: int) -> load.Inputs:
    def samples() -> Iterator[Tensor]:
        return islice(inputs.samples(), first, inputs.used, 2)

    count = len(range(first, inputs.used, 2))
    return replace(inputs, count=count, used=count, samples=samples)
