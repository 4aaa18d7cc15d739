"""The record of how a repair does on inputs that it did not see."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Judgement:
    """How a repair went, and how it does on inputs that were not used for it.

    Attributes
    ----------
    passes : int
        Forward and backward passes over the inputs of the repair.
    inputs, held_out : int
        How many it used, and how many it is judged by.
    seconds : float
        How long the repair took.
    psnr_db : float or None
        PSNR of the new output against the old one, peak the old one's range; None for no
        difference.
    cleaned_psnr_db : float or None
        PSNR of the new output against the old one without its grid-locked part.
    grid_psnr_db : float or None
        PSNR of the old output without its grid-locked part against the old output: what a perfect
        repair would reach as ``psnr_db``; None where no grid is found.
    change_db : float or None
        Change of the output's locked over remaining energy, at the periods of the swapped steps;
        None where nothing is left on one side, or it cannot be measured.
    change_ci95_db : tuple of float or None
        Interval of the change within each input, so that it may be narrow where both sides' own
        are wide; None where its lower end is zero energy.
    change_upper_db : float or None
        Upper end of that interval.
    success : bool
        Whether there are no failures.
    failures : tuple of str
        Why the repair is no success.
    """

    passes: int
    inputs: int
    held_out: int
    seconds: float
    psnr_db: float | None
    cleaned_psnr_db: float | None
    grid_psnr_db: float | None
    change_db: float | None
    change_ci95_db: tuple[float, float] | None
    change_upper_db: float | None
    success: bool
    failures: tuple[str, ...]
