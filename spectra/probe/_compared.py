"""Compare the output without parts of steps' maps with the output as it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from spectra import score
from spectra.probe._removed import Together, Without

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spectra.capture import Discovery
    from spectra.score import Lattice, LockedChange, Scores

ERRORS = 2.0  # standard errors above zero from which on an energy is sure
TOO_FAINT = "the output has too little grid to tell by how much it falls"


@dataclass(frozen=True)
class Compared:
    """The output before, and at which of its lattice points it is compared."""

    before: Lattice
    found: Discovery
    scores: Scores

    @cached_property
    def _new(self) -> NDArray[np.bool_]:
        """Lattice points whose peak the inputs did not have before."""
        inherited = {tuple(np.round(f, 9)) for f in self.scores.inherited}
        return np.array([tuple(np.round(f, 9)) not in inherited for f in self.before.frequency])

    @cached_property
    def _gridded(self) -> NDArray[np.bool_]:
        """Lattice points of periods at which the output surely has a grid, or has most of it.

        All points where of no period it has one. What chance adds at a long period is large, and
        would hide what the removal of a step of a short one does.
        """
        share, error = self.before.locked
        sure, most = np.zeros_like(self._new), {}
        for period in self.found.output_periods:  # of all steps, chosen or not
            there = self.scores.at_period(period)
            if there.verdict != "present" or there.told_dbc is None:
                continue
            points = self._of(period)
            most[there.told_dbc] = points
            if share[points].sum() > ERRORS * np.sqrt(np.square(error[points]).sum()):
                sure |= points
        points = sure | most[max(most)] if most else self._new
        return points if points.any() else self._new

    def _of(self, period: Sequence[int]) -> NDArray[np.bool_]:
        """Lattice points of one period, but for those that the inputs had before."""
        own: NDArray[np.bool_] = (self.before.period == np.array(period)).all(axis=1)
        return own & self._new

    @property
    def obstacle(self) -> str | None:
        """Why nothing can be compared with the output as it is, if so."""
        change = self._change(self.before, self._gridded)
        return change if isinstance(change, str) else None

    def step(self, index: int, after: Lattice | str) -> Without:
        """Compare the output without one step's part."""
        if isinstance(after, str):
            return Without(reason=after)
        output = self._change(after, self._gridded)
        own = self._own(after, self.found.scored_periods[index])
        return (
            Without(output, own)
            if isinstance(output, score.LockedChange)
            else Without(reason=output)
        )

    def together(
        self, steps: tuple[int, ...], period: tuple[int, ...], after: Lattice | str
    ) -> Together:
        """Compare the output without the parts of a set of steps."""
        output = after if isinstance(after, str) else self._change(after, self._gridded)
        if isinstance(after, str) or isinstance(output, str):
            return Together(steps, period, reason=str(output))
        return Together(steps, period, output, self._own(after, period))

    def _own(self, after: Lattice, period: tuple[int, ...] | None) -> LockedChange | None:
        if period is None:
            return None
        points = self._of(period)
        change = self._change(after, points) if points.any() else ""
        return None if isinstance(change, str) else change

    def _change(self, after: Lattice, points: NDArray[np.bool_]) -> LockedChange | str:
        if not points.any():
            return "every peak of the output is inherited from the inputs"
        change = score.LockedChange.between(self.before, after, chosen=points)
        unknown = isinstance(change, score.LockedChange) and change.db is change.upper_db is None
        return TOO_FAINT if unknown else change
