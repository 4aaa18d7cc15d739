"""Judge a repair on inputs that it did not see."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice

from torch import Tensor, nn

from spectra import score, spectrum
from spectra._names import db_text
from spectra.capture import discover, forward, quiet
from spectra.errors import ParameterError
from spectra.inputs import Inputs
from spectra.repair._fidelity import RunningErrors
from spectra.repair._judgement import Judgement
from spectra.repair._repair import BATCH, Repaired

FIDELITY_DB = 40.0  # to the old output without its grid, below which a repair is no success
LEAST = 4  # inputs: two to repair from, two to judge by


def split(inputs: Inputs | None, *, least: int = LEAST) -> tuple[Inputs, Inputs]:
    """Return every second input, to repair from, and the others, to judge by.

    Neighbours in a folder are often alike; taking turns gives both halves some of each kind.

    Raises
    ------
    ParameterError
        If there are fewer than ``least``.
    """
    used = 0 if inputs is None else inputs.used
    if inputs is None or used < least:
        message = (
            f"a repair needs at least {least} inputs, half to repair from and half to judge by, "
            f"got {used}; from 32 on no picture has to be cut for the test"
        )
        raise ParameterError(message)
    return _every_second(inputs, 0), _every_second(inputs, 1)


def judge(
    model: nn.Module,
    repaired: Repaired,
    held_out: Inputs,
    *,
    method: str = "forward",
    output: str | int | None = None,
    batch: int | None = None,
    seed: int = 0,
) -> Judgement:
    """Measure a repair on the inputs held out, in one pass through both models.

    Parameters
    ----------
    model : Module
        The network as it was.
    repaired : Repaired
        What `repair` made of it, from other inputs.
    held_out : Inputs
        The second half that `split` gives.
    method : str
        Name of the model's method to call.
    output : str or int, optional
        Which of several tensors that the network returns is judged.
    batch : int
        Inputs that run at a time.
    seed : int
        Seed for networks that draw random numbers.

    Returns
    -------
    Judgement
        A success where the output stays within 40 dB of the old one without its grid, and its
        alias falls by more than its uncertainty.
    """
    found = discover(model, next(iter(held_out.batches(1))), method=method, output=output)
    plan = spectrum.plan_maps(found.output_shape, *repaired.periods, count=held_out.used)
    before, after = (spectrum.MapStatistics(plan, energy_only=True) for _ in range(2))
    errors = RunningErrors()
    done = 0
    for x in held_out.batches(batch or BATCH):
        outputs = []
        for net, statistics in ((model, before), (repaired.model, after)):
            with quiet(net, seed=seed):
                outputs.append(forward(net, x, found=found))
            statistics.add(outputs[-1].cpu(), first=done, inputs=len(x))
        old, new = outputs
        errors.add(old, new, repaired.without_grid(old))
        done += len(x)
    change = score.LockedChange.between(
        *(score.Lattice.of(sums.to_dataset()) for sums in (before, after))
    )
    cleaned = errors.psnr_db("cleaned")
    failures = _failures(cleaned, change)
    return Judgement(
        passes=repaired.passes,
        inputs=repaired.inputs,
        held_out=held_out.used,
        seconds=repaired.seconds,
        psnr_db=errors.psnr_db("old"),
        cleaned_psnr_db=cleaned,
        grid_psnr_db=errors.psnr_db("grid"),
        change_db=None if isinstance(change, str) else change.db,
        change_ci95_db=None if isinstance(change, str) else change.ci95_db,
        change_upper_db=None if isinstance(change, str) else change.upper_db,
        success=not failures,
        failures=failures,
    )


def _failures(cleaned_db: float | None, change: score.LockedChange | str) -> tuple[str, ...]:
    """Return why a repair is no success; nothing where it is one."""
    failures = []
    if cleaned_db is not None and not cleaned_db >= FIDELITY_DB:
        failures.append(
            f"the output changes by more than the grid: {db_text(cleaned_db)} dB to the old one "
            f"without its grid, {FIDELITY_DB:.0f} dB needed"
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


def _every_second(inputs: Inputs, first: int) -> Inputs:
    def samples(begin: int = 0) -> Iterator[Tensor]:
        at = first + 2 * begin
        if inputs.pick is None:
            return islice(inputs.samples(at), 0, None, 2)
        # numbers count what turns out to be of no use
        return islice(inputs.samples(), at, None, 2)

    count = len(range(first, inputs.used, 2))
    return replace(inputs, count=count, used=count, samples=samples, pick=None, head=0)
