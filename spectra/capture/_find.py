"""The steps that were asked for, with the periods of their grids in the output."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from spectra._names import near
from spectra._reasons import HOLDS_NAN
from spectra.capture._discover import discover
from spectra.capture._example import example_input
from spectra.capture._periods import follow_periods
from spectra.errors import NothingToAnalyseError, ParameterError

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor, nn

    from spectra._options import Options, Progress
    from spectra.capture._steps import Discovery, Step
    from spectra.inputs import Inputs

TRIED = 8  # inputs that are looked at for one whose output holds no NaN


def list_steps(model: nn.Module, example: Tensor, options: Options) -> Discovery:
    """Return the steps that were asked for, from one forward pass.

    Parameters
    ----------
    model : Module
        Left as it came.
    example : Tensor, shape (1, C, *spatial)
        One input.
    options : Options
        Which method is called, which tensor is the output, which steps are asked for.

    Raises
    ------
    NothingToAnalyseError
        If the model has steps, and none of them was asked for.
    """
    found = discover(model, example, method=options.call, output=options.output)
    chosen = _chosen(found, options.steps)
    if found.steps and not chosen.steps:
        raise NothingToAnalyseError(_nothing_found(found, options.steps))
    return chosen


def find_steps(
    model: nn.Module, example: Tensor, options: Options, *, progress: Progress
) -> Discovery:
    """Return the steps that were asked for, and follow the grids of all steps to the output.

    Parameters
    ----------
    model : Module
        Left as it came.
    example : Tensor, shape (1, C, *spatial)
        One input.
    options : Options
        Which method is called, which tensor is the output, which steps are asked for.
    progress : callable
        Called with ("find steps", done, total).

    Raises
    ------
    NothingToAnalyseError
        If the model has no upsampling step that was asked for.
    """
    progress("find steps", 0, 1)
    found = discover(model, example, method=options.call, output=options.output)
    if not _chosen(found, options.steps).steps:
        raise NothingToAnalyseError(_nothing_found(found, options.steps))
    chosen = _chosen(follow_periods(model, found, example), options.steps)
    progress("find steps", 1, 1)
    return chosen


def look_at_inputs(
    model: nn.Module,
    inputs: Inputs | None,
    look: Callable[[nn.Module, Tensor], Discovery],
    *,
    crop: int | None = None,
) -> tuple[Tensor, Discovery]:
    """Return one input on the model's device, and what it shows of the model's steps.

    It is the first input; where its output holds NaN, the first of a few whose output does not.

    Parameters
    ----------
    model : Module
        A model.
    inputs : Inputs or None
        What it will run on; without, an input is guessed from the first layer.
    look : callable
        Finds the steps of a model with an input.
    crop : int, optional
        Side of the guessed input, in pixels.

    Raises
    ------
    InputError
        If there are no inputs, and no layer tells how many channels it takes.
    """
    example = example_input(model, inputs, crop=crop)
    found = look(model, example)
    if inputs is None or HOLDS_NAN not in found.period_reasons:
        return example, found
    for other in islice(inputs.batches(1), 1, TRIED):
        shown = look(model, other.to(example.device))
        if HOLDS_NAN not in shown.period_reasons:
            return other.to(example.device), shown
    return example, found


def select_steps(found: Discovery, pattern: str) -> list[Step]:
    """Return the steps whose name or label matches a shell pattern, in order of execution.

    Parameters
    ----------
    found : Discovery
        All steps of a model.
    pattern : str
        What names the steps that are wanted, ``"*"`` all of them.

    Raises
    ------
    ParameterError
        If none matches; the nearest names are listed.
    NothingToAnalyseError
        If the model has no step at all.
    """
    if not found.steps:
        raise NothingToAnalyseError("the model has no upsampling step that depends on its input")
    chosen = [step for step in found.steps if step.matches(pattern)]
    if not chosen:
        names = [step.label for step in found.steps]
        close = near(pattern.strip("*."), names, cutoff=0.3) or names[:8]
        listed = ", ".join(map(repr, close))
        message = f"steps={pattern!r} matches no upsampling step: the nearest are {listed}"
        raise ParameterError(message)
    return chosen


def _chosen(found: Discovery, pattern: str | None) -> Discovery:
    """Return the discovery with the steps that a pattern means; all without one."""
    return found if pattern is None else found.select(lambda step: step.matches(pattern))


def _nothing_found(found: Discovery, pattern: str | None) -> str:
    """Say that there is no step, or none of the name that was asked for."""
    if found.steps:
        names = ", ".join(repr(step.label) for step in found.steps)
        return f"steps={pattern!r} matches no upsampling step: the model's are {names}"
    grown = "".join(
        f"; {g.name or '(model)'} grows {g.input_shape} to {g.output_shape} by other means"
        for g in found.growth
    )
    return (
        "the model has no upsampling step (transposed convolution, shuffle, interpolation, "
        f"repeat, ...) that depends on its input{grown}"
    )
