"""What the output shows once the grid-locked part of a step's map is taken away."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from spectra.score import LockedChange


MAIN_DB = 6.0  # of a map's locked energy that was taken, from which on it is most of its grid
STAYS_DB = 1.0  # fall of the output's, below which it stays as it was


@dataclass(frozen=True)
class Without:
    """What the output shows without the grid-locked part of one step's map.

    Attributes
    ----------
    output : LockedChange or None
        Locked energy of the output, without against with, at the lattice points of all periods at
        which it has a grid; None with a ``reason``.
    own : LockedChange or None
        The same at those of the step's scored period alone, grid or not; None where the output has
        none of them that the inputs did not have before.
    quarter : LockedChange or None
        As `at_period`, with a quarter of the part taken away; None where not measured.
    reason : str or None
        Why it was not measured.
    taken : LockedChange or None
        What was taken of the locked energy of the step's own map; None where that is not known.
    clean : bool
        Whether the step's map has no grid-locked part, so that nothing was taken away.
    """

    output: LockedChange | None = None
    own: LockedChange | None = None
    quarter: LockedChange | None = None
    reason: str | None = None
    clean: bool = False
    taken: LockedChange | None = None

    @property
    def at_period(self) -> LockedChange | None:
        """Change at the scored period's lattice points, or of the output where it has none."""
        return self.output if self.own is None else self.own

    @property
    def leaves(self) -> bool:
        """Whether it was measured, and the output keeps its grid as it was."""
        return self.output is not None and self.output.db is not None and self.output.db > -STAYS_DB

    @property
    def innocent(self) -> bool:
        """Whether the map's grid was taken away in the main, and the output's stayed as it was.

        What is taken away is what the same channel predicts, which may be little of a grid: then
        an output that stays as it was tells nothing.
        """
        taken, output = self.taken, self.output
        if taken is None or output is None or output.ci95_db is None:
            return False
        deep = taken.fell and (taken.db is None or taken.db <= -MAIN_DB)
        return deep and output.ci95_db[0] > -STAYS_DB


@dataclass(frozen=True)
class Together:
    """What the output shows without the grid-locked parts of all steps that share a period.

    Attributes
    ----------
    steps : tuple of int
        Indices of the steps.
    period : tuple of int
        The scored period that they share.
    output, own : LockedChange or None
        As of `Without`, with the parts of all of them taken away at once.
    reason : str or None
        Why it was not measured.
    """

    steps: tuple[int, ...]
    period: tuple[int, ...]
    output: LockedChange | None = None
    own: LockedChange | None = None
    reason: str | None = None

    @property
    def at_period(self) -> LockedChange | None:
        """Change at the scored period's lattice points, or of the output where it has none."""
        return self.output if self.own is None else self.own


@dataclass(frozen=True)
class Removals:
    """All that was measured by taking steps' grids away.

    Attributes
    ----------
    steps : tuple of Without
        One for each step.
    together : tuple of Together
        One for each set of steps that share a scored period.
    inputs, forwards : int
        How many inputs ran, and how often.
    renormalised : bool
        Whether normalisations took new statistics of the changed maps, in part at least: the
        changes are then "with renormalisation".
    """

    steps: tuple[Without, ...]
    together: tuple[Together, ...] = ()
    inputs: int = 0
    forwards: int = 0
    renormalised: bool = False
