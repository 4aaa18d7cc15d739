"""The numbers that a score consists of."""

from dataclasses import dataclass
from math import log10
from typing import Literal

REFERENCE = 1e-4  # -40 dBc, where A = 3 dB
Verdict = Literal["none", "suspect", "present", "insufficient"]


@dataclass(frozen=True)
class Score:
    """The alias score of one stream of maps; missing numbers are None, never NaN.

    Attributes
    ----------
    a_db : float or None
        Headline ``A = 10 log10(1 + asr / 1e-4)``, exactly 0 where ``p >= .05``.
    asr_dbc : float or None
        Grid-locked energy over the remaining energy; None where all of it may be locked.
    asr_ci95_dbc : tuple of float or None
        Its 95 % interval; None where its lower end is not above zero energy, or its upper end
        is all there is.
    asr_upper_dbc : float or None
        Upper end of that interval.
    asr_lower_dbc : float or None
        Lower end of the interval; the energy is at least this. All that is known where the
        interval reaches all the power.
    line_dbc, replica_dbc : float or None
        The two parts of the locked energy: exactly at the lattice, and around it; of
        `asr_lower_dbc` where that is all that is known.
    z, p : float or None
        Standardised statistic and p-value of the offset-randomisation test.
    verdict : {"none", "suspect", "present", "insufficient"}
    prominence_db : float or None
        Largest height of a lattice point over the smooth spectrum beside it.
    lock_index : float or None
        Share of the power at the lattice points that is phase-locked; 1 grid, 0 content.
    period : tuple of int or None
        Period of the locked pattern along each axis in pixels of these maps; 1: none.
    grey_levels : float or None
        RMS amplitude of the locked pattern in levels of 255; only for maps of known range.
    replicates : int
        Independent blocks (images, or tiles of few images) that the test saw.
    maps : int
        Maps used.
    reason : str or None
        Why there is no number.
    notice : str or None
        What the number may hold besides a grid.
    content_share : float or None
        Share of the total power that is fixed content, the same in all maps, and was set apart
        before energy and test; None where they share none.
    whole_dbc, whole_p : float or None
        Energy and p with that content left in; None where none was set apart.
    """

    a_db: float | None = None
    asr_dbc: float | None = None
    asr_ci95_dbc: tuple[float, float] | None = None
    asr_upper_dbc: float | None = None
    asr_lower_dbc: float | None = None
    line_dbc: float | None = None
    replica_dbc: float | None = None
    z: float | None = None
    p: float | None = None
    verdict: Verdict = "insufficient"
    prominence_db: float | None = None
    lock_index: float | None = None
    period: tuple[int, ...] | None = None
    grey_levels: float | None = None
    replicates: int = 0
    maps: int = 0
    reason: str | None = None
    notice: str | None = None
    content_share: float | None = None
    whole_dbc: float | None = None
    whole_p: float | None = None

    @property
    def told_dbc(self) -> float | None:
        """The energy to compare by: the estimate, or the least where no more is known."""
        return self.asr_lower_dbc if self.at_least else self.asr_dbc

    @property
    def at_least(self) -> bool:
        """Whether only a lower bound is known."""
        return self.asr_dbc is None and self.asr_lower_dbc is not None

    @property
    def below_floor(self) -> bool:
        """Whether there is an upper bound only: no grid is found, or no energy above zero."""
        if self.at_least or self.verdict == "insufficient":
            return False
        return self.asr_dbc is None or (self.asr_ci95_dbc is None and self.verdict == "none")

    @property
    def least_a_db(self) -> float | None:
        """The least that ``A`` is: its value at the lower end of the interval."""
        if self.asr_lower_dbc is None:
            return None
        return 10 * log10(1 + 10 ** (self.asr_lower_dbc / 10) / REFERENCE)
