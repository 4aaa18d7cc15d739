"""What a repair did, in lines for a terminal and for its page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from spectra._names import db_text, period
from spectra._text import listed
from spectra.report._cells import count

if TYPE_CHECKING:
    from spectra.repair import Cure
    from spectra.report._repair_report import RepairReport

LEVELS = 255
ROUNDING_DB = 120  # beyond which outputs differ by the rounding of single precision
LOST_DB = 0.5  # of detail, from which on a wrapped model is told to be softer
CALM = {
    "none": "nothing beside",
    "smooth": "places without what is as fine",
    "spun": "places as the mean over shifts",
    "mean": "places as the mean over one period",
}
WAYS = {"training": "training", "filter": "a layer behind the output (--with filter)"}
MANY = 3  # names of layers


def repair_lines(report: RepairReport) -> list[tuple[str, str]]:
    """Return what a repair did, each line with its label."""
    cure = report.cure
    return [
        ("Cured", _cured(cure)),
        ("Severity", _severity(cure)),
        ("Places", _places(cure)),
        ("Fidelity", _fidelity(cure)),
        ("Detail", _detail(cure)),
        ("Aim", _aim(report.aim)),
        ("How", _how(report)),
        ("Cost", _cost(report)),
        ("Trust", _trust(report)),
    ]


def tried_rows(aim: dict[str, Any]) -> list[tuple[str, ...]]:
    """Return a row for each way of taking the grid out that was compared."""
    rows: list[tuple[str, ...]] = []
    for number, each in enumerate(aim["tried"]):
        shared = "the grid that all share" if each.average else "nothing of all"
        name = "the output itself" if number == 0 else f"{shared}, {CALM[each.calm]}"
        if each.reason is not None:
            rows.append((name, f"not tried: {each.reason}", "", ""))
            continue
        psnr = "same" if each.psnr_db is None else f"{each.psnr_db:.1f}"
        rows.append((name, f"{LEVELS * each.worst:.1f}", psnr, f"{each.sharpness_db:+.1f}"))
    return rows


def _cured(cure: Cure) -> str:
    return cure.cured if not cure.missing else f"{cure.cured}: {'; '.join(cure.missing)}"


def _severity(cure: Cure) -> str:
    words = f"{cure.severity_before} -> {cure.severity_after}"
    energies = [
        "no number" if dbc is None else f"{db_text(dbc)} dBc"
        for dbc in (cure.locked_before_dbc, cure.locked_after_dbc)
    ]
    change = ""
    if cure.change_db is not None:
        change = f", {db_text(cure.change_db, '+.1f')} dB"
        if cure.change_ci95_db is not None:
            low, high = (db_text(end, "+.1f") for end in cure.change_ci95_db)
            change += f" ({low} to {high})"
    return f"{words}; grid-locked energy {energies[0]} -> {energies[1]}{change}"


def _places(cure: Cure) -> str:
    before, after, aim = (
        f"{LEVELS * each:.1f}" for each in (cure.worst_before, cure.worst_after, cure.worst_aim)
    )
    new = f"{LEVELS * cure.new_place:.1f}"
    share = (
        f"; places are {100 * cure.places_share:.2g} % of the pixels" if cure.places_share else ""
    )
    return (
        f"worst {before} -> {after} of {LEVELS} grey levels (the aim itself {aim}); {new} at most "
        f"where there was none{share}"
    )


def _fidelity(cure: Cure) -> str:
    return (
        f"{_psnr(cure.aim_psnr_db)} to the old output without its grid (the old output itself "
        f"{_psnr(cure.aim_before_db)}), {_psnr(cure.old_psnr_db)} to the old output"
    )


def _detail(cure: Cure) -> str:
    if cure.sharpness_db is None:
        return "the old output has none above the grid's base band"
    return f"{db_text(cure.sharpness_db, '+.2f')} dB of what is fine and no grid"


def _aim(aim: dict[str, Any]) -> str:
    others = len(aim["tried"]) - 2
    return str(aim["why"]) + (f" (of {others + 1} ways tried)" if others > 0 else "")


def _how(report: RepairReport) -> str:
    other = report.other
    told = _done(report)
    if other is None:
        return told
    why = f": {'; '.join(other.missing)}" if other.missing else ""
    return f"{told}. {WAYS[other.way].capitalize()} instead: {other.cured}{why}"


def _done(report: RepairReport) -> str:
    if report.layer is not None:
        return "no training: a layer behind the output takes the grid out, weights are the same"
    if report.spin is not None:
        return f"no training: the mean over {_spins(report)} shifts of the input"
    training = report.training
    assert training is not None
    parts = []
    if report.plan is not None:
        swapped = listed([entry.label for entry in report.plan.replaced], MANY)
        parts.append(f"{swapped} swapped for {report.plan.remedy}")
    if training["levelled"] is not None:
        parts.append(f"the phases of {training['levelled']} levelled where the grid stands")
    for stage in training["stages"]:
        layers = listed(list(stage.layers), MANY)
        places = f", grid in places to {stage.after.places:.2g}" if stage.before.places else ""
        parts.append(
            f"{stage.passes} passes over {stage.train} ({layers}), error to "
            f"{stage.after.error:.2g}{places} of what it was"
        )
    if training["out_of_time"]:
        parts.append("the time was up")
    return "; ".join(parts) + f"; {training['seconds']:.0f} s"


def _spins(report: RepairReport) -> int:
    total = 1
    for each in report.spin["counts"] if report.spin else ():
        total *= each
    return total


def _cost(report: RepairReport) -> str:
    before, after = report.before, report.after
    ratio = after.flops / before.flops if before.flops else 1.0
    return (
        f"{count(before.parameters)} -> {count(after.parameters)} parameters; {ratio:.2g} times "
        f"the operations; {before.milliseconds:.3g} -> {after.milliseconds:.3g} ms an input"
    )


def _trust(report: RepairReport) -> str:
    periods = ", ".join(map(period, report.aim["periods"]))
    share, shared = report.aim["content_share"], ""
    if share is not None:
        shared = (
            f"; {share:.0%} of the outputs' power is content that all share, which no statistic "
            "tells from a grid: some of that may be taken out as well"
        )
    return (
        f"learned from {report.learned} of {report.inputs}, judged on {report.held_out} others; "
        f"periods {periods}; seed {report.seed}; look at figures/places.png before keeping it"
        f"{shared}"
    )


def _psnr(value: float | None) -> str:
    return "no difference" if value is None or value > ROUNDING_DB else f"{db_text(value)} dB"
