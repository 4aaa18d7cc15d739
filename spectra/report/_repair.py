"""What a repair reached, in lines for a terminal."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from spectra.repairing import Repair


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
