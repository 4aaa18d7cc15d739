"""What the output shows once the grid-locked part of a step's map is taken away."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from spectra.score import LockedChange


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
    clean : bool
        Whether the step's map has no grid-locked part, so that nothing was taken away.
    """

    output: LockedChange | None = None
    own: LockedChange | None = None
    quarter: LockedChange | None = None
    reason: str | None = None
    clean: bool = False

    @property
    def at_period(self) -> LockedChange | None:
        """Change at the scored period's lattice points, or of the output where it has none."""
        return self.output if self.own is None else self.own


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
