"""All inputs once more, attacked: what that does to the output, to its grid and at each step."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from spectra import explain, gather, score, severity
from spectra.attack import AttackSpec, attacked_inputs, check_attackable, effect, is_always_one
from spectra.errors import ParameterError
from spectra.inputs import check_reading, open_targets

if TYPE_CHECKING:
    import xarray as xr
    from torch import nn

    from spectra._options import Options, Progress
    from spectra.capture import Discovery
    from spectra.gather import Passed
    from spectra.inputs import Inputs, Targets
    from spectra.score import Scores

LESS = 4  # as many inputs at a time with gradients as without, divided by this


@dataclass(frozen=True, eq=False)
class Attacked:
    """What attacked inputs left, beside what clean ones did.

    Attributes
    ----------
    row : AttackRow
        The answer in numbers.
    tables : DataTree
        Spectra as of clean inputs, without running sums; group ``change`` of the output's change,
        and group ``pictures`` of one input and its output.
    """

    row: explain.AttackRow
    tables: xr.DataTree


@dataclass(frozen=True)
class Attacking:
    """An attack that can be run: what it is, on what, and what outputs should have been."""

    spec: AttackSpec
    inputs: Inputs
    targets: Targets | None


def plan_attack(
    model: nn.Module, found: Discovery, inputs: Inputs | None, options: Options
) -> Attacking | None:
    """Return the attack that was asked for, refused before anything long runs if it cannot be run.

    Raises
    ------
    ParameterError
        If there is nothing to attack: no input, or an output without pixels.
    InputError
        If targets do not fit.
    ModelError
        If no gradient comes through the model.
    """
    if options.attack is None:
        return None
    if inputs is None:
        raise ParameterError(f"attack={options.attack!r} without inputs: give what is attacked")
    spec = AttackSpec.parse(options.attack)
    if found.layout is None:
        raise ParameterError(
            f"attack={str(spec)!r} needs an output with pixels: this model's is no map "
            f"({found.reading.reason})"
        )
    targets = None
    if options.targets is not None:
        targets = open_targets(
            options.targets,
            inputs,
            shape=found.output_shape,
            labels=spec.loss == "cross_entropy",
            span=_span(options),
        )
    elif spec.targeted:
        raise ParameterError(
            f"attack={str(spec)!r} draws outputs towards targets: expected targets beside it"
        )
    target = next(targets.batches(1)) if targets else None
    check_attackable(model, found, inputs, target, spec=spec)
    return Attacking(spec, inputs, targets)


def attack_inputs(
    model: nn.Module,
    passed: Passed,
    scores: Scores,
    attacking: Attacking | None,
    *,
    options: Options,
    progress: Progress,
) -> Attacked | None:
    """Run all inputs once more, attacked; None where no attack was asked for.

    Parameters
    ----------
    model : Module
        Left as it came.
    passed : Passed
        What clean inputs left on their way through it.
    scores : Scores
        The scores of that run.
    attacking : Attacking or None
        The attack, the clean inputs and their targets.
    options : Options
        How inputs run.
    progress : callable
        Called with (stage, done, total).
    """
    if attacking is None:
        return None
    spec, inputs, targets = attacking.spec, attacking.inputs, attacking.targets
    found, seed, plain = passed.found, options.seed, replace(options, layers=())
    batch = max(gather.batch_size(found, options.batch) // LESS, 1)
    under_attack = attacked_inputs(
        model, found, inputs, spec, targets=targets, batch=batch, progress=progress
    )
    with under_attack as changed:
        again = gather.run(model, found, changed, plain, progress=progress)
        again = gather.without_fixed_content(model, again, changed, plain, progress=progress)
        scored = score.run(again, changed, seed=seed, progress=progress, clean=scores)
        judged = severity.run(again, scored, changed, seed=seed, progress=progress)
        moved = effect(
            model,
            passed,
            inputs,
            changed,
            spec=spec,
            targets=targets,
            limits=_limits(passed, scores, inputs, options),
            batch=batch,
            seed=seed,
            progress=progress,
        )
    change, measured = score.score_place(moved.change, seed=seed)
    row = explain.attack_row(
        spec,
        found,
        inputs,
        targets,
        before=scores,
        after=scored,
        change=change,
        severity=judged.graded,
        effect=moved,
        weight_is_one=is_always_one(spec, found.output_shape[0]),
    )
    tables = score.tables(again, scored, sums=False)
    tables["change"] = score.table_of(
        moved.change, measured, sums=False, name="change", kind="difference"
    )
    tables["pictures"] = moved.shown
    return Attacked(row, tables)


def _span(options: Options) -> tuple[float, float]:
    """Return black and white of pictures as targets: those of the inputs before normalisation."""
    return check_reading(**options.reading).range or (0.0, 1.0)


def _limits(
    passed: Passed, scores: Scores, inputs: Inputs, options: Options
) -> tuple[float, float] | None:
    """Return black and white of outputs that are of the inputs' kind; None of all others."""
    found = passed.found
    alike = found.output_shape[:1] == found.control_shape[:1]
    told = options.mean is None and options.std is None  # else outputs may be of either range
    limits = scores.limits if inputs.kind == "images" else inputs.range
    return limits if alike and told else None
