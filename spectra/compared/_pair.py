"""Two results side by side: their rows, what has no partner, and did it help."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from spectra._sentence import said
from spectra.compared._facts import Facts, Outcome, outcome
from spectra.compared._matching import match_steps
from spectra.compared._row import Row, Rows
from spectra.compared._same_inputs import difference_of_inputs
from spectra.compared._sentences import QUESTIONS

if TYPE_CHECKING:
    from spectra.compared._side import Side
    from spectra.explain import StepRow


@dataclass(frozen=True)
class Unmatched:
    """A step that one of the two models has alone."""

    label: str
    kind: str


@dataclass(frozen=True)
class Pair:
    """What one result says against another.

    Attributes
    ----------
    before, after : str
        What the two are called.
    outcome : {"better", "worse", "no difference", "not known"}
        What became of the output's grid.
    rows : tuple of Row
        Two of each matched step, its own maps and the output at its frequencies; then the output
        and the inputs.
    only_before, only_after : tuple of Unmatched
        Steps without a partner.
    unpaired : str or None
        Why no difference is paired; None where the inputs are the same.
    incomparable : str or None
        Why the numbers cannot be compared at all.
    smallest_db : float or None
        About the smallest change of the output that these inputs show: half the interval.
    needed : int or None
        About how many inputs would show the measured change, where these do not.
    answer : dict of str to str
        Sentences: did it help, severity, verdict, which step, what is in one alone, on what basis.
    """

    before: str
    after: str
    outcome: Outcome
    rows: tuple[Row, ...]
    only_before: tuple[Unmatched, ...] = ()
    only_after: tuple[Unmatched, ...] = ()
    unpaired: str | None = None
    incomparable: str | None = None
    smallest_db: float | None = None
    needed: int | None = None
    answer: dict[str, str] = field(default_factory=dict)

    @property
    def output(self) -> Row:
        """The row of the output as a whole."""
        return next(row for row in self.rows if row.where == "output")


def pair(before: Side, after: Side) -> Pair:
    """Compare two results.

    Parameters
    ----------
    before, after : Side
        The two results, in the order of time.
    """
    old, new = before.summary, after.summary
    schemas = old.schema != new.schema
    incomparable = f"measured in another way ({old.schema}, {new.schema})" if schemas else None
    unpaired = difference_of_inputs(before, after)
    rows = Rows(before, after, unpaired=unpaired, incomparable=incomparable)
    matched = match_steps(old.steps, new.steps)
    bare = not old.inputs.used and not new.inputs.used
    of_step = (rows.flat_field,) if bare else (rows.own_maps, rows.at_output)
    steps = [row_of(i, j) for i, j in matched.pairs for row_of in of_step]
    made = (*steps, rows.output(), rows.input())
    facts = Facts(
        old,
        new,
        rows=made,
        only_before=tuple(old.steps[i].label for i in matched.only_before),
        only_after=tuple(new.steps[j].label for j in matched.only_after),
        unpaired=unpaired,
        incomparable=incomparable,
    )
    lines = {name: said(parts, facts, brief=False) for name, parts in QUESTIONS.items()}
    return Pair(
        before.name,
        after.name,
        outcome(facts),
        made,
        only_before=tuple(_alone(old.steps[i]) for i in matched.only_before),
        only_after=tuple(_alone(new.steps[j]) for j in matched.only_after),
        unpaired=unpaired,
        incomparable=incomparable,
        smallest_db=facts.smallest,
        needed=facts.needed,
        answer={name: text for name, text in lines.items() if text},
    )


def _alone(step: StepRow) -> Unmatched:
    return Unmatched(step.label, step.kind)
