"""What a repair reached, and how that is told in a terminal."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite


@dataclass(frozen=True)
class Repair:
    """What a repair did, measured on inputs that were not used for it.

    Attributes
    ----------
    passes : int
        Forward and backward passes over the inputs of the repair.
    inputs, held_out : int
        How many it used, and how many it is judged by.
    seconds : float
    psnr_db : float or None
        Of the new output against the old one, peak the old one's range; None for no difference.
    cleaned_psnr_db : float or None
        Of the new output against the old one without its grid-locked part.
    grid_psnr_db : float or None
        Of the old output without its grid-locked part against the old output: what a perfect
        repair would reach as ``psnr_db``; None where no grid is found.
    change_db : float or None
        Of the output's locked over remaining energy, at the periods of the swapped steps;
        None where nothing is left on one side, or it cannot be measured.
    change_ci95_db : tuple of float or None
        Of the change in each input, so that it may be narrow where both sides' own are wide; None
        where its lower end is zero energy.
    change_upper_db : float or None
        Its upper end.
    success : bool
    failures : tuple of str
        Why it is none.
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


def repair_lines(repair: Repair) -> list[str]:
    """Return how a repair went, how true the output stays, what its alias does, and the verdict."""
    measure = "" if repair.psnr_db is None else " PSNR"
    fidelity = f"{_db(repair.psnr_db)}{measure} to the old output"
    if repair.grid_psnr_db is not None:
        fidelity += f"; {_db(repair.cleaned_psnr_db)} to it without its grid"
    return [
        f"Repair   {repair.passes} passes over {repair.inputs} inputs, {repair.seconds:.0f} s; "
        f"judged on {repair.held_out} others",
        f"Fidelity {fidelity}",
        f"Alias    {_change(repair)}",
        f"Success  {'yes' if repair.success else 'no: ' + '; '.join(repair.failures)}",
    ]


def _change(repair: Repair) -> str:
    upper = repair.change_upper_db
    if upper is None:
        return "of the output: no number for the change"
    interval = f" (up to {upper:+.1f})" if isfinite(upper) else ""
    if repair.change_ci95_db is not None:
        low, high = repair.change_ci95_db
        interval = f" ({low:+.1f} to {high:+.1f})"
    nothing = "nothing is left above zero"
    change = nothing if repair.change_db is None else f"{repair.change_db:+.1f} dB"
    return f"of the output {change}{interval}, at the swapped steps' periods"


def _db(value: float | None) -> str:
    return "no difference" if value is None else f"{value:.1f} dB"
