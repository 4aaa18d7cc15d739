"""Which step is to blame for the output's grid, judged by what its removal does."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from spectra.probe import Removals
    from spectra.score import LockedChange

LEAST_DB = 1.0  # of a fall that is blamed on a step: with less, the output keeps its grid
FAR_MORE_DB = 3.0  # that the fall of both together exceeds the sum of their own by, if they add

Standing = Literal["step", "only", "several", "not told apart", "none", "faint", "not measured"]
"""What is known of the step to blame.

"step": one is. "only": taking grids away names none, but only one step's own maps show a grid at
frequencies at which the output has one. "several": the grid falls without each of some steps, none
more than the others, or only without some at once. "not told apart": what falls most may be chance,
or another may fall as much. "none": nothing falls. "faint": the output has too little grid. "not
measured".
"""

Relation = Literal["adding", "cancelling", "louder"]
"""What the grids of steps that share a period do to each other.

"adding": the output falls without each, and far more without both. "cancelling": it rises without
each, and not without both. "louder": they cancel in part, and one is louder: a quarter
less of it lowers the output, and all of it less raises it.
"""


@dataclass(frozen=True)
class Blame:
    """Which step the output's grid comes from.

    Attributes
    ----------
    standing : str
        See `Standing`.
    step : int or None
        Index of the step; None unless one is to blame.
    change : LockedChange or None
        What the output does without it, all lattice points together.
    steps : tuple of int
        Steps that come into question where it is not one.
    """

    standing: Standing
    step: int | None = None
    change: LockedChange | None = None
    steps: tuple[int, ...] = ()


def blame(removals: Removals, *, output_dbc: float | None, floor_dbc: float | None = None) -> Blame:
    """Name the step whose removal lowers the output's locked energy most.

    It has to fall by 1 dB or more, its interval has to lie below zero, and that of no other step
    measured may overlap it.

    Parameters
    ----------
    removals : Removals
    output_dbc : float or None
        Locked energy of the output; None where it has none.
    floor_dbc : float, optional
        Energy below which no step is named: a grid as faint as a clean network's own has none to
        blame.
    """
    if floor_dbc is not None and (output_dbc is None or output_dbc < floor_dbc):
        return Blame("faint")
    measured = {i: r.output for i, r in enumerate(removals.steps) if r.output is not None}
    if not measured:
        return Blame("not measured")
    fell = tuple(i for i, change in measured.items() if change.fell and _fall(change) <= -LEAST_DB)
    if not fell:
        sets = [t for t in removals.together if t.output is not None and t.output.fell]
        if sets:
            return Blame("several", steps=min(sets, key=lambda t: _fall(t.output)).steps)
        lower = tuple(
            i for i, change in measured.items() if _fall(change) < 0 and _lower(change) <= -LEAST_DB
        )
        return Blame("not told apart", steps=lower) if lower else Blame("none")
    best = min(fell, key=lambda i: (_fall(measured[i]), _upper(measured[i])))
    rivals = [
        i
        for i, change in measured.items()
        if i != best and _lower(change) <= _upper(measured[best])
    ]
    if not rivals:
        return Blame("step", best, measured[best])
    standing: Standing = "several" if all(measured[i].fell for i in rivals) else "not told apart"
    return Blame(standing, steps=tuple(sorted((best, *rivals))))


def relation(removals: Removals, number: int) -> tuple[Relation, int | None] | None:
    """Tell what the grids of steps that share a period do to each other.

    Parameters
    ----------
    removals : Removals
    number : int
        Which of its sets of steps.

    Returns
    -------
    tuple of (str, int or None), or None
        See `Relation`, and which step is the louder; None where the signs tell nothing.
    """
    together = removals.together[number]
    alone = {i: removals.steps[i] for i in together.steps}
    both = together.at_period
    changes = [c for c in (record.at_period for record in alone.values()) if c is not None]
    if both is None or len(changes) < 2 or len(changes) < len(alone):
        return None
    for index, record in alone.items():
        whole = record.at_period
        if record.quarter is not None and record.quarter.fell and whole is not None and whole.rose:
            return "louder", index
    if all(change.rose for change in changes) and not both.rose:
        return "cancelling", None
    if all(change.fell for change in changes):
        apart = sum(_fall(change) for change in changes)
        if _fall(both) < apart - FAR_MORE_DB:
            return "adding", None
    return None


def _fall(change: LockedChange | None) -> float:
    """Return a change in dB to compare by; nothing above zero is left of the deepest fall."""
    if change is None:
        return inf
    if change.db is not None:
        return change.db
    return -inf if change.fell else 0.0


def _upper(change: LockedChange) -> float:
    return inf if change.upper_db is None else change.upper_db


def _lower(change: LockedChange) -> float:
    return -inf if change.ci95_db is None else change.ci95_db[0]
