"""Whether a repair cured a model, by what it makes of inputs that it did not see."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING, Literal

from spectra._names import db_text
from spectra.repair._fidelity import psnr_db
from spectra.repair._fine import sharpness_db
from spectra.score import LockedChange
from spectra.severity import grid_places

if TYPE_CHECKING:
    from torch import Tensor

    from spectra.repair._aim import Aim
    from spectra.score import Lattice
    from spectra.severity import Severity

Cured = Literal["yes", "partly", "no"]
ORDER: tuple[Severity, ...] = ("none", "faint", "visible", "strong")
MILD = ("none", "faint")
FIDELITY_DB = 40.0  # to what the output should be
GAINED_DB = 10.0  # or nearer to it than the old output was
SHARPNESS_DB = 0.5
LEVELS = 255
SLACK = 2 / LEVELS  # of the range: two grey levels more in the worst place are no new grid
NEW = 4 / LEVELS  # of the range: amplitude that an edge of a clean picture does not show


@dataclass(frozen=True)
class Cure:
    """How a repair does on inputs that were not used for it.

    All places are RMS amplitudes of local lines over the range of the outputs.

    Attributes
    ----------
    cured : {"yes", "partly", "no"}
        "yes" where nothing is missing; "partly" where something is and the grid is milder all the
        same.
    missing : tuple of str
        Why it is not "yes".
    severity_before, severity_after : str
        The words, by the verdict's own rule.
    locked_before_dbc, locked_after_dbc : float or None
        Grid-locked energy of the output at all its periods; None where there is no number.
    change_db, change_ci95_db : float or None, tuple of float or None
        Change of that energy, within each input; None where there is no number.
    aim_psnr_db, aim_before_db : float or None
        PSNR of the new output to what it should be, and of the old one; None for no difference.
    old_psnr_db : float or None
        PSNR of the new output to the old one.
    sharpness_db : float or None
        Power above the base band that is no grid, over what it was, see `sharpness_db`.
    worst_before, worst_after, worst_aim : float
        The worst place of the old and the new outputs, and of what they should be.
    new_place : float
        The worst place where the old outputs showed nothing.
    places_share : float
        Share of the pixels in which something else is to stand, where a local grid is.
    """

    cured: Cured
    missing: tuple[str, ...]
    severity_before: Severity
    severity_after: Severity
    locked_before_dbc: float | None
    locked_after_dbc: float | None
    change_db: float | None
    change_ci95_db: tuple[float, float] | None
    aim_psnr_db: float | None
    aim_before_db: float | None
    old_psnr_db: float | None
    sharpness_db: float | None
    worst_before: float
    worst_after: float
    worst_aim: float
    new_place: float
    places_share: float


@dataclass(frozen=True)
class Reading:
    """What `spectra.analyze` says of an output.

    Attributes
    ----------
    severity : str
        The word.
    locked_dbc : float or None
        Its grid-locked energy.
    lattice : Lattice or str
        That of each input, or why it was not measured.
    """

    severity: Severity
    locked_dbc: float | None
    lattice: Lattice | str


def judge_cure(
    old: Tensor,
    new: Tensor,
    x: Tensor,
    aim: Aim,
    *,
    before: Reading,
    after: Reading,
) -> Cure:
    """Judge a repair.

    Parameters
    ----------
    old, new, x : Tensor, shape (B, C, *spatial)
        Outputs before and after, and inputs, none of which the repair saw.
    aim : Aim
        How outputs come without their grid.
    before, after : Reading
        Of both models on these inputs.

    Returns
    -------
    Cure
    """
    goal = aim.of(old, x)
    places = {
        name: grid_places(maps, aim.periods, span=aim.span)
        for name, maps in (("before", old), ("after", new), ("aim", goal.outputs))
    }
    to_aim, of_old = _psnr(new, goal.outputs), _psnr(old, goal.outputs)
    sharp = sharpness_db(new, old, aim.periods)
    worst = {name: each.worst for name, each in places.items()}
    new_place = places["after"].new_beside(places["before"])
    change = LockedChange.between(before.lattice, after.lattice)
    fell = not isinstance(change, str) and change.fell
    missing = [
        *_still_seen(before, after, fell=fell),
        *_unlike(to_aim, of_old),
        *_softer(sharp),
        *_new_grid(worst["before"], worst["after"], new_place),
    ]
    milder = fell or _word_fell(before, after) or worst["after"] < worst["before"] / 2
    cured: Cured = "yes" if not missing else "partly" if milder else "no"
    return Cure(
        cured,
        tuple(missing),
        severity_before=before.severity,
        severity_after=after.severity,
        locked_before_dbc=before.locked_dbc,
        locked_after_dbc=after.locked_dbc,
        change_db=None if isinstance(change, str) else change.db,
        change_ci95_db=None if isinstance(change, str) else change.ci95_db,
        aim_psnr_db=to_aim,
        aim_before_db=of_old,
        old_psnr_db=_psnr(new, old),
        sharpness_db=sharp,
        worst_before=worst["before"],
        worst_after=worst["after"],
        worst_aim=worst["aim"],
        new_place=new_place,
        places_share=float(goal.places.mean()),
    )


def _still_seen(before: Reading, after: Reading, *, fell: bool) -> list[str]:
    """Return what is missing of a grid that nobody sees."""
    if "insufficient" in (before.severity, after.severity):
        return ["how severe its grid is cannot be told"]
    steps = ORDER.index(before.severity) - ORDER.index(after.severity)
    if after.severity not in MILD and steps < 2:
        return [f"its grid is still {after.severity}"]
    return ["its grid is no weaker"] if before.severity in MILD and not fell else []


def _unlike(to_aim: float | None, of_old: float | None) -> list[str]:
    """Return what is missing of an output that is what it should be."""
    if to_aim is None or to_aim >= FIDELITY_DB or (of_old or inf) + GAINED_DB <= to_aim:
        return []
    wanted = FIDELITY_DB if of_old is None else min(FIDELITY_DB, of_old + GAINED_DB)
    return [
        f"it is not what it should be: {db_text(to_aim)} dB to the old output without its grid, "
        f"{db_text(wanted)} needed"
    ]


def _softer(sharpness: float | None) -> list[str]:
    if sharpness is None or abs(sharpness) <= SHARPNESS_DB:
        return []
    how = "softer" if sharpness < 0 else "harder"
    return [f"its detail is {how} by {db_text(abs(sharpness))} dB, {SHARPNESS_DB} allowed"]


def _new_grid(before: float, after: float, new_place: float) -> list[str]:
    if after > before + SLACK:
        levels = f"{LEVELS * before:.1f} to {LEVELS * after:.1f}"
        return [f"its worst place is worse: {levels} of {LEVELS} grey levels"]
    if new_place > NEW:
        levels = f"{LEVELS * new_place:.1f} of {LEVELS} grey levels"
        return [f"a grid has come up where there was none: {levels}"]
    return []


def _word_fell(before: Reading, after: Reading) -> bool:
    known = "insufficient" not in (before.severity, after.severity)
    return known and ORDER.index(after.severity) < ORDER.index(before.severity)


def _psnr(output: Tensor, reference: Tensor) -> float | None:
    found = psnr_db(output, reference)
    return None if found == inf else found
