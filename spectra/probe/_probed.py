"""All causal responses of one run: flat field, position on the grid, steps without their grid."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING

from spectra._hertz import is_signal
from spectra.probe._constant import LEAST_PERIODS, ConstantLines, common_period, constant_lines
from spectra.probe._constant_probe import parse_probe
from spectra.probe._flat_field import FlatField, flat_field
from spectra.probe._grid_dependence import GridDependence, grid_dependence
from spectra.probe._line_drop import LineDrop, line_drops
from spectra.probe._origin import Origin, first_module
from spectra.probe._removed import Removals, Without
from spectra.probe._without import without

if TYPE_CHECKING:
    from torch import nn

    from spectra._options import Progress
    from spectra.gather import Passed
    from spectra.inputs import Inputs
    from spectra.score import Scores

NOT_ASKED = "not asked for"
MID_GREY = 0.5  # level of the constant input where no inputs tell their mean
OFFSETS = 4  # positions on the grid at which each of the few inputs is seen


@dataclass(frozen=True)
class Probed:
    """What causal probes of one run show.

    Attributes
    ----------
    flat : FlatField
        Lines that a constant input leaves in each step and in the output.
    grid : GridDependence or None
        How much of the output depends on the inputs' position on the grid; None without inputs.
    line_drops : tuple of (LineDrop or None)
        How far the output's lines fall without the pattern of each step, in dB.
    removals : Removals
        What the output shows without the grid-locked part of each step's map.
    origin : Origin or None
        The first module that shows a grid of the output that no step has, where one does.
    constant : ConstantLines or None
        What the output of signals is under the constant that was asked for, where one was.
    """

    flat: FlatField
    grid: GridDependence | None
    line_drops: tuple[LineDrop | None, ...]
    removals: Removals
    origin: Origin | None = None
    constant: ConstantLines | None = None


def run(
    model: nn.Module,
    passed: Passed,
    scores: Scores,
    inputs: Inputs | None,
    *,
    seed: int,
    blame: bool,
    constant: str | None = None,
    trace: bool = True,
    batch: int | None = None,
    progress: Progress,
) -> Probed:
    """Measure the causal responses of a model.

    Parameters
    ----------
    model : Module
        Left as it came.
    passed : Passed
        What the inputs left on their way through it.
    scores : Scores
        Which steps have lines, and which frequencies of the output are theirs.
    inputs : Inputs or None
        The inputs, of which the first 16 run again without the grids of steps.
    seed : int
        Seed of the positions that are drawn, and of the model's random numbers.
    blame : bool
        Whether the grid of each step is taken away as well.
    constant : str, optional
        The constant that the model is shown, see `parse_probe`; the inputs' mean by default.
    trace : bool
        Whether a grid that no step has is traced to a module: not where only some steps are known.
    batch : int, optional
        Inputs that run at a time; as many as fit by default.
    progress : callable
        Called with (stage, done, total).
    """
    found = passed.found
    progress("flat field", 0, 1)
    shown = None if constant is None else parse_probe(constant)
    mean = MID_GREY if passed.level is None else passed.level
    flat = flat_field(
        model,
        found,
        found.input_shape,
        level=mean if shown is None else shown.value,
        period=_flat_period(passed, constant) if found.layout else None,
        least=1 if shown is None else _least_side(passed),
    )
    lines = None
    if shown is not None:
        lines = constant_lines(shown, flat.shown, found.periods, size=flat.size)
    progress("flat field", 1, 1)
    removals = Removals((Without(reason=NOT_ASKED),) * len(found.steps))
    if blame:
        removals = without(model, passed, scores, inputs, batch=batch, seed=seed, progress=progress)
    origin = None
    if trace:
        origin = first_module(
            model,
            passed,
            scores,
            inputs,
            removals=removals,
            batch=batch,
            seed=seed,
            progress=progress,
        )
    if passed.few is None:
        return Probed(flat, None, (None,) * len(found.steps), removals, constant=lines)
    progress("grid position", 0, 1)
    grid = grid_dependence(
        model,
        passed.few.inputs.clone(),
        total_stride=found.total_stride,
        scale=found.scale,
        found=found,
        offsets=OFFSETS,
        seed=seed,
    )
    progress("grid position", 1, 1)
    drops = line_drops(model, passed, scores)
    return Probed(flat, grid, line_drops=drops, removals=removals, origin=origin, constant=lines)


def _flat_period(passed: Passed, constant: str | None) -> tuple[int, ...]:
    """Return the period at which the output is looked at: of a probed signal that of all stages."""
    period = passed.output.plan.period
    whole = common_period(passed.found.periods)
    if constant is None or not whole or not is_signal(passed.found.output_shape):
        return period
    return (*period[:-1], whole)


def _least_side(passed: Passed) -> int:
    """Return how long an input of a signal has to be for an output of enough periods."""
    whole, scale = common_period(passed.found.periods), passed.found.scale
    return ceil(LEAST_PERIODS * whole / scale[-1]) if whole and len(scale) == 1 else 1
