"""The numbers of a comparison as they are printed: an estimate, a bound, or why there is none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spectra._names import db_text
from spectra._printable import printable
from spectra.report import _cells as cells

if TYPE_CHECKING:
    from spectra.compared import Row
    from spectra.score import LockedChange, Score


def name(row: Row) -> str:
    """Return what a row is called; a step by both of its names where they differ."""
    if row.where in ("output", "input"):
        return "output" if row.where == "output" else "input (control)"
    if row.where == "at output":
        return "  at output"
    before, after = map(printable, row.labels)
    name = before if before == after else f"{before} -> {after}"
    return f"{name} (flat field)" if row.where == "flat field" else name


def kind(row: Row) -> str:
    """Return the kind of a step's row; both where it changed, nothing of other rows."""
    if row.where not in ("own maps", "flat field"):
        return ""
    before, after = row.kinds
    return before if before == after else f"{before} -> {after}"


def energy(score: Score) -> str:
    """Return a locked energy in dBc, or what is known instead of it."""
    estimate, beside = cells.alias(score)
    if estimate != "-":
        return estimate
    if beside.startswith(("below", "at least")):
        return beside
    return "none" if score.verdict == "none" else "-"


def difference(change: LockedChange) -> str:
    """Return a difference in dB, or the bound that is all that is known."""
    if change.db is not None:
        return db_text(change.db, "+.1f")
    if change.upper_db is not None:
        return f"at most {db_text(change.upper_db, '+.1f')}"
    if change.lower_db is not None:
        return f"at least {db_text(change.lower_db, '+.1f')}"
    return "-"


def interval(change: LockedChange) -> str:
    """Return the interval of a difference, its one end, or why there is no number."""
    if change.ci95_db is not None:
        low, high = (db_text(end, "+.1f") for end in change.ci95_db)
        return f"{low} to {high}"
    if change.db is not None and change.upper_db is not None:
        return f"up to {db_text(change.upper_db, '+.1f')}"
    if change.db is not None and change.lower_db is not None:
        return f"from {db_text(change.lower_db, '+.1f')}"
    return printable(change.reason or "")


def basis(change: LockedChange) -> str:
    """Return whether a difference is paired, or that of two runs; nothing where there is none."""
    if difference(change) == "-":
        return ""
    return "paired" if change.paired else "two runs"


def beside(change: LockedChange) -> str:
    """Return a difference with its interval in one cell: ``-6.7 (-9.1 to -4.4)``."""
    shown, ends = difference(change), interval(change)
    numeric = change.db is not None and ends and not ends.startswith("only")
    return f"{shown} ({ends})" if numeric else shown
