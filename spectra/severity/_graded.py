"""The severity of one run's output."""

from __future__ import annotations

from dataclasses import replace
from math import lcm
from typing import TYPE_CHECKING

import torch

from spectra.probe import LockedPart
from spectra.severity._grades import Yardsticks, grade_periods, grade_pictures, or_by_yardstick
from spectra.severity._visibility import Visibility, picture_visibility
from spectra.severity._yardsticks import yardsticks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

    from spectra._options import Progress
    from spectra.gather import Passed
    from spectra.inputs import Inputs
    from spectra.score import Scores
    from spectra.severity._grades import Graded

JUDGED = 8  # pictures that are judged: those with most grid-locked energy
LEAST = 11  # pictures without which no grid-locked part can be told from chance
LARGEST = 512  # pixels of a side that is judged, in the middle of larger pictures
MAPS = (1, 3)  # channels of a picture
UNSEEN = Visibility(v1=0.0, v2=0.0, v4=0.0)


def run(
    passed: Passed, scores: Scores, inputs: Inputs | None, *, seed: int, progress: Progress
) -> Graded:
    """Say how severe the grid of the output is.

    Pictures are judged by what is seen of their grid-locked part; all else, and pictures whose grid
    is one of colour, beside plain enlargements of the same outputs.

    Parameters
    ----------
    passed : Passed
        What the inputs left on their way through the model.
    scores : Scores
        The scores of the run.
    inputs : Inputs or None
        The inputs, whose range tells black and white of pictures.
    seed : int
        Seed of the tests for a grid-locked part, and of wrong phases.
    progress : callable
        Called with ("severity", done, total).
    """
    progress("severity", 0, 1)
    periods = [view.period for view in passed.output.plan.views]
    outputs, shown = (None, 0) if passed.few is None else (passed.few.outputs, passed.few.shown)
    rows: tuple[Yardsticks, ...] = ()
    found = scores.output.verdict in ("present", "suspect")
    if outputs is not None and found:
        rows = tuple(
            replace(row, own_dbc=_own_dbc(scores, row.period))
            for row in yardsticks(outputs, *periods, plan=passed.output.plan, inputs=shown)
        )
    pictures = None if inputs is None or outputs is None else _pictures(passed, scores, inputs)
    if pictures is not None and rows and len(pictures) >= LEAST:
        seen = _seen(pictures, periods, seed=seed)
        rolled = _seen(_rolled(pictures, periods, seed=seed), periods, seed=seed)
        graded = or_by_yardstick(
            grade_pictures(list(seen.values()), list(rolled.values()), yardsticks=rows)
        )
        if graded.picture is not None:
            graded = replace(graded, picture=list(seen)[graded.picture])
    else:
        graded = grade_periods(scores.output.verdict, rows, reason=scores.output.reason)
    progress("severity", 1, 1)
    return graded


def _own_dbc(scores: Scores, period: tuple[int, ...]) -> float | None:
    """Return the output's locked energy at one period's own points."""
    measured = scores.measured["output"]
    return None if measured is None else measured.lattice.locked_dbc(period)


def _pictures(passed: Passed, scores: Scores, inputs: Inputs) -> Tensor | None:
    """Return the outputs with black at 0 and white at 1; None where they are no pictures."""
    shape, few = passed.found.output_shape, passed.few
    usual = len(shape) == 3 and shape[0] in MAPS and not scores.far_off
    if inputs.kind != "images" or inputs.range is None or not usual:
        return None
    assert few is not None
    assert few.outputs is not None
    low, high = inputs.range
    cut = few.outputs.detach().float().cpu()
    for axis, (side, step) in enumerate(zip(shape[1:], passed.output.plan.period, strict=True), 2):
        kept = min(side, LARGEST) // step * step
        cut = cut.narrow(axis, (side - kept) // 2 // step * step, kept)
    return (cut - low) / (high - low)


def _seen(
    pictures: Tensor, periods: Sequence[tuple[int, ...]], *, seed: int
) -> dict[int, Visibility]:
    """Return how visible the grid-locked part of pictures is, of those where it has most energy.

    Pictures in which nothing is locked have nothing to be seen.
    """
    part = LockedPart(*periods, count=len(pictures), seed=seed)
    for _ in part.periods:
        part.add(pictures)
        part.fit()
    locked = part.locked(pictures, range(len(pictures)))
    energy = locked.square().mean((1, 2, 3))
    most = energy.topk(min(JUDGED, len(pictures))).indices.tolist()
    return {
        index: picture_visibility(
            pictures[index].numpy(), (pictures[index] - locked[index]).numpy()
        )
        if float(energy[index]) > 0
        else UNSEEN
        for index in most
    }


def _rolled(pictures: Tensor, periods: Sequence[tuple[int, ...]], *, seed: int) -> Tensor:
    """Return each picture rolled by pixels of its own: no grid is at one phase in all of them."""
    generator = torch.Generator().manual_seed(seed)
    steps = [lcm(*axis) for axis in zip(*periods, strict=True)]
    rolls = [torch.randint(step, (len(pictures),), generator=generator).tolist() for step in steps]
    return torch.stack([p.roll(by, (1, 2)) for p, *by in zip(pictures, *rolls, strict=True)])
