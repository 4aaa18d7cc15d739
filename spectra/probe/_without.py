"""Measure what a step does by taking its grid away: the rest of the model runs on without it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from math import inf
from typing import TYPE_CHECKING

from torch import nn

from spectra import score
from spectra.capture import Discovery
from spectra.probe._coefficients import LEAST_INPUTS
from spectra.probe._compared import Compared
from spectra.probe._locked_part import REACH, LockedPart
from spectra.probe._passes import FORWARDS, MOST_INPUTS, Passes
from spectra.probe._removed import Removals, Without

if TYPE_CHECKING:
    from spectra._options import Progress
    from spectra.gather import Passed
    from spectra.inputs import Inputs
    from spectra.score import Scores

QUARTERS = 2  # steps of which a quarter is taken away as well
QUARTER = 0.25
NOTHING = score.LockedChange(0.0, (0.0, 0.0), 0.0)
NO_BUDGET = f"not measured: {FORWARDS} forward passes were enough for louder steps only"


def without(
    model: nn.Module,
    passed: Passed,
    scores: Scores,
    inputs: Inputs | None,
    *,
    batch: int | None = None,
    seed: int,
    progress: Progress,
) -> Removals:
    """Take the grid-locked part of each step's map away and see what the output loses.

    One pass finds the part of every step; one more for each step takes it away, those of most
    locked energy at the output first. Then one for each set of steps that share a period takes
    all their parts away, and two at most take a quarter away of those of them without which the
    output has more. All is at most ten forward passes of at most 16 inputs. What is taken out of an
    input was found on the others, and normalisations keep the statistics of the first pass.

    Parameters
    ----------
    model : Module
        Left as it came.
    passed : Passed
        What the inputs left on their way through it.
    scores : Scores
        The scores of the run: which steps come first, and which peaks the inputs already had.
    inputs : Inputs or None
        The inputs, of which the first 16 run.
    batch : int, optional
        Inputs that run at a time; as many as fit by default.
    seed : int
        Seed of the model's random numbers, the same in every pass, and of the test.
    progress : callable
        Called with ("without", done, total).
    """
    reasons = _obstacles(passed, scores, inputs)
    if inputs is None or None not in reasons:
        return Removals(tuple(Without(reason=reason) for reason in reasons))
    some = replace(inputs, used=min(len(inputs), MOST_INPUTS))
    passes = Passes(model, passed.found, some, batch=batch, seed=seed, progress=progress)
    parts = {
        index: _part(passed.found, index, count=len(some), seed=seed)
        for index, reason in enumerate(reasons)
        if reason is None
    }
    before = passes.first(parts, passes.known(passed, scores, parts))
    compared = None if isinstance(before, str) else Compared(before, passed.found, scores)
    if compared is None or compared.obstacle:
        why = before if compared is None else compared.obstacle
        return Removals(tuple(Without(reason=reason or str(why)) for reason in reasons))
    for index in [index for index, part in parts.items() if not part.done]:
        del parts[index]
        reasons[index] = "its maps are complex"
    clean = [index for index, part in parts.items() if not part.found]
    order = sorted(set(parts) - set(clean), key=partial(_loudness, scores), reverse=True)
    chosen, sets = _within_budget(order, _sharing(passed.found, order))

    records = [Without(reason=reason or NO_BUDGET) for reason in reasons]
    for index in clean:
        records[index] = Without(NOTHING, NOTHING, clean=True)
    for index in chosen:
        after, taken = passes.alone(index, parts[index])
        record = compared.step(index, after)
        records[index] = replace(record, taken=None if isinstance(taken, str) else taken)
    joint = tuple(
        compared.together(steps, period, passes.again({i: parts[i] for i in steps}))
        for period, steps in sets.items()
    )
    shared = {index for steps in sets.values() for index in steps}
    rose = [i for i in chosen if i in shared and _rose(records[i])]  # where a quarter tells more
    for index in sorted(rose, key=lambda i: _size(records[i]), reverse=True)[:QUARTERS]:
        after = passes.again({index: parts[index]}, share=QUARTER)
        quarter = compared.step(index, after).at_period
        records[index] = replace(records[index], quarter=quarter)
    return Removals(
        steps=tuple(records),
        together=joint,
        inputs=len(some),
        forwards=passes.run,
        renormalised=passes.renormalised,
    )


def _obstacles(passed: Passed, scores: Scores, inputs: Inputs | None) -> list[str | None]:
    """Return why each step cannot be taken away, if so."""
    used = 0 if inputs is None else len(inputs)
    if used < LEAST_INPUTS:
        few = "no inputs" if inputs is None else f"too few: {used} inputs, {LEAST_INPUTS} needed"
        return [few] * len(passed.found.steps)
    if scores.output.verdict not in ("present", "suspect"):
        unscored = f"the output was not scored: {scores.output.reason}"
        why = "the output shows no grid" if scores.output.verdict == "none" else unscored
        return [why] * len(passed.found.steps)
    reasons = []
    for index, step in enumerate(passed.found.steps):
        plan = passed.steps[index].plan
        known = passed.found.scored_periods[index]
        if not step.factor:
            reasons.append(step.reason)
        elif not plan.views:
            reasons.append(plan.reason)
        elif known is None:
            reasons.append(passed.found.period_reasons[index])
        else:
            reasons.append(None)
    return reasons


def _part(found: Discovery, index: int, *, count: int, seed: int) -> LockedPart:
    """Return an estimate to be made of one step's map; a finer one at the output's own size."""
    step = found.steps[index]
    finest = step.output_shape[1:] == found.output_shape[1:] and len(step.factor) == 2
    reach = REACH[len(step.factor)] + (1 if finest else 0)
    return LockedPart(step.factor, count=count, reach=reach, seed=seed)


def _loudness(scores: Scores, index: int) -> tuple[float, float]:
    """Return what a step has at the output, and in its own map, to compare it by."""
    step = scores.steps[index]
    there, own = step.at_output.told_dbc, step.own.asr_dbc
    return (-inf if there is None else there, -inf if own is None else own)


def _rose(record: Without) -> bool:
    """Whether the output has more at a step's period without it."""
    return record.at_period is not None and record.at_period.rose


def _size(record: Without) -> float:
    """Return by how much the output changed at a step's period without it."""
    change = record.at_period
    if change is None:
        return -inf
    return inf if change.db is None else abs(change.db)


def _sharing(found: Discovery, steps: Sequence[int]) -> dict[tuple[int, ...], tuple[int, ...]]:
    """Return the sets of some steps that share a scored period."""
    sets = defaultdict(list)
    for index in sorted(steps):
        period = found.scored_periods[index]
        if period is not None and max(period) > 1:
            sets[period].append(index)
    return {period: tuple(members) for period, members in sets.items() if len(members) > 1}


def _within_budget(
    order: Sequence[int], sets: Mapping[tuple[int, ...], tuple[int, ...]]
) -> tuple[list[int], dict[tuple[int, ...], tuple[int, ...]]]:
    """Return the steps taken away one by one, and the sets taken away at once."""
    chosen: list[int] = []
    kept: dict[tuple[int, ...], tuple[int, ...]] = {}
    for index in order:
        more = [*chosen, index]
        joint = {p: members for p, members in sets.items() if set(members) & set(more)}
        shared = {i for members in joint.values() for i in members}.intersection(more)
        if 1 + len(more) + len(joint) + min(len(shared), QUARTERS) > FORWARDS:
            break
        chosen, kept = more, joint
    return chosen, kept
