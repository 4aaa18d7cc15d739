"""The severity of one run's output."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import lcm
from typing import TYPE_CHECKING

import numpy as np
import scipy
import torch

from spectra.severity._grades import NO_YARDSTICK, grade_periods, grade_pictures, or_by_yardstick
from spectra.severity._looked_at import LEAST, anything, locked_part, own_points, pictures_of
from spectra.severity._seen_lines import see_lines
from spectra.severity._visibility import Visibility, picture_visibility
from spectra.severity._where import Where, find_where
from spectra.severity._yardsticks import METHODS, WORDED, yardsticks

if TYPE_CHECKING:
    from collections.abc import Sequence

    import xarray as xr
    from torch import Tensor

    from spectra._options import Progress
    from spectra.gather import Passed
    from spectra.inputs import Inputs
    from spectra.score import Scores
    from spectra.severity._grades import Graded, Yardsticks
    from spectra.severity._looked_at import LookedAt

JUDGED = 8  # pictures that are judged: those with most grid-locked energy
SHOWN = 8  # other outputs in which a grid is looked for: those with most grid-locked energy
HALF_A_LEVEL = 0.5 / 255  # of white less black
AROUND = 13  # pixels of the square that makes a place
UNSEEN = Visibility(v1=0.0, v2=0.0, v4=0.0)


@dataclass(frozen=True, eq=False)
class Judged:
    """How severe the grid of the output is, and where it is.

    Attributes
    ----------
    graded : Graded
        The severity, in numbers.
    where : Where or None
        The output that shows the grid most; None where the test finds none, or no place has any.
    limits : tuple of float or None
        Black and white of the outputs, where they are pictures.
    """

    graded: Graded
    where: Where | None = None
    limits: tuple[float, float] | None = None


def run(
    passed: Passed,
    scores: Scores,
    inputs: Inputs | None,
    *,
    seed: int,
    progress: Progress,
    brief: bool = False,
) -> Judged:
    """Say how severe the grid of the output is, and where it is.

    Pictures are judged by what is seen of their grid: of its locked part and of local lines. All
    else, and pictures whose grid is one of colour, are judged beside plain enlargements of the same
    outputs.

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
    brief : bool
        Only what the word rests on: without the place of the grid, and without the yardstick of
        linear enlargement, which no word needs. It takes half the time.
    """
    progress("severity", 0, 1)
    rows = _yardsticks(passed, scores, WORDED if brief else METHODS)
    shown = pictures_of(passed, scores)
    locked: Tensor | None = None
    seen: list[int] = []
    if shown is not None and shown.periods and rows and len(shown.maps) >= LEAST:
        locked = locked_part(shown, seed=seed)
        graded, seen = _by_sight(shown, locked, rows=rows, seed=seed)
    else:
        graded = grade_periods(scores.output.verdict, rows, reason=scores.output.reason)
        unjudged = _unjudged(shown, scores, inputs)
        # Too few for sight are mostly too few for a number beside the yardsticks too.
        told = graded.reason if graded.reason != NO_YARDSTICK else unjudged or graded.reason
        graded = replace(graded, unjudged=unjudged, reason=told)
    limits, where = None if shown is None else shown.unit, None
    if rows and not brief:
        shown = shown or anything(passed, scores)
        where = None if shown is None else _where(shown, locked, seen[:SHOWN], seed=seed)
    progress("severity", 1, 1)
    return Judged(replace(graded, where=where.spot if where else None), where, limits=limits)


def _unjudged(shown: LookedAt | None, scores: Scores, inputs: Inputs | None) -> str | None:
    """Return why pictures were not judged by sight; None where nobody expects them to be."""
    if shown is not None and len(shown.maps) < LEAST:
        return f"sight takes {LEAST} outputs, and {len(shown.maps)} were there"
    if not scores.far_off or inputs is None or inputs.range is None:
        return None
    low, high = inputs.range
    if scores.leaves_range and scores.outside is not None:
        share = f"{100 * scores.outside:.0f} % of their values lie outside {low:g}..{high:g}"
        return f"the outputs are no pictures ({share})"
    return f"the outputs are no pictures in {low:g}..{high:g}"


def _by_sight(
    shown: LookedAt,
    locked: Tensor,
    *,
    rows: tuple[Yardsticks, ...],
    seed: int,
) -> tuple[Graded, list[int]]:
    """Return the severity of pictures, and which of them were looked at."""
    seen = _seen(shown.maps, locked)
    rolled = replace(shown, maps=_rolled(shown, seed=seed))
    floor = _seen(rolled.maps, locked_part(rolled, seed=seed))
    lines = see_lines(shown.maps, shown.plan)
    judged = list(dict.fromkeys([*lines.pictures, *seen]))
    graded = grade_pictures(
        [seen.get(i, UNSEEN) for i in judged],
        list(floor.values()),
        lines=[lines.pictures.get(i, UNSEEN) for i in judged] if lines.pictures else (),
        line_controls=list(lines.controls.values()),
        yardsticks=rows,
    )
    # A grid of colour that rounds away in 8 bits is hidden from nobody.
    if lines.pictures or any(_most_around(locked[i]) >= HALF_A_LEVEL for i in judged):
        graded = or_by_yardstick(graded)
    return _in_the_output(graded, judged, start=shown.start), judged


def _yardsticks(passed: Passed, scores: Scores, methods: Sequence[str]) -> tuple[Yardsticks, ...]:
    """Return the yardsticks of each period, with the output's own energy; none without a grid."""
    few = passed.few
    if few is None or few.outputs is None or scores.output.verdict not in ("present", "suspect"):
        return ()
    plan = passed.output.plan
    periods = [view.period for view in own_points(plan, scores.inherited).views]
    rows = yardsticks(
        few.outputs,
        *periods,
        plan=plan,
        inputs=few.shown,
        methods=methods,
        # What was measured is that of few outputs where there are no others.
        measured=_whole(passed) if few.shown == passed.ran else None,
    )
    found = [p for p in periods if scores.at_period(p).verdict in ("present", "suspect")]
    # Where the test finds nothing at a period, its energy is chance; it may find all at once only.
    told = found or periods
    return tuple(
        replace(row, own_dbc=_own_dbc(scores, row.period) if row.period in told else None)
        for row in rows
    )


def _whole(passed: Passed) -> xr.Dataset:
    """Return the sums of the outputs with what all of them share."""
    output = passed.output
    return output.data if output.whole is None else output.whole


def _own_dbc(scores: Scores, period: tuple[int, ...]) -> float | None:
    """Return the output's locked energy at one period's own points, but for the inputs'."""
    measured = scores.measured["output"]
    return None if measured is None else measured.lattice.locked_dbc(period, scores.own_points)


def _seen(pictures: Tensor, locked: Tensor) -> dict[int, Visibility]:
    """Return how visible the grid-locked part of pictures is, of those where it has most energy.

    Pictures in which nothing is locked have nothing to be seen.
    """
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


def _most_around(locked: Tensor) -> float:
    """Return the largest root mean square of a locked part (C, y, x) around any place."""
    square = locked.double().square().mean(0).numpy()
    around = scipy.ndimage.uniform_filter(square, AROUND, mode="mirror")
    return float(np.sqrt(max(around.max(), 0.0)))


def _in_the_output(graded: Graded, judged: Sequence[int], *, start: tuple[int, ...]) -> Graded:
    """Return a severity that counts all outputs, and pixels from the corner of an output."""
    picture, place = graded.picture, graded.place
    if picture is not None:
        graded = replace(graded, picture=judged[picture])
    if place is not None:
        y, x = (p + s for p, s in zip(place, start, strict=True))
        graded = replace(graded, place=(y, x))
    return graded


def _where(
    shown: LookedAt, locked: Tensor | None, judged: Sequence[int], *, seed: int
) -> Where | None:
    """Return where the grid is: in the pictures that were judged, else in a few outputs."""
    if not shown.periods:
        return None
    if locked is None:
        locked = locked_part(shown, seed=seed)
    energy = locked.flatten(1).double().square().mean(1)
    some = energy.topk(min(SHOWN, len(energy))).indices.tolist()
    return find_where(shown, locked, judged or some)


def _rolled(shown: LookedAt, *, seed: int) -> Tensor:
    """Return each picture rolled by pixels of its own: no grid is at one phase in all of them."""
    pictures, generator = shown.maps, torch.Generator().manual_seed(seed)
    steps = [lcm(*axis) for axis in zip(*shown.periods, strict=True)]
    rolls = [torch.randint(step, (len(pictures),), generator=generator).tolist() for step in steps]
    return torch.stack([p.roll(by, (1, 2)) for p, *by in zip(pictures, *rolls, strict=True)])
