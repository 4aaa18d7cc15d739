"""What is said of pictures, in the order in which people ask."""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING

from spectra._names import db_text, two_digits
from spectra.images._judge import NO_PATTERN

if TYPE_CHECKING:
    from spectra.images._summary import CauseRow, ImagesSummary, KindRow, PictureRow

TRY = {
    "jpeg": "save as PNG, or give photographs saved alike: --ref FOLDER takes out what they carry",
    "double_jpeg": "ask for the file that was saved first, before it was cropped",
    "webp": "save without loss, or give photographs saved alike: --ref FOLDER",
    "demosaic": "nothing is wrong: cameras do it; --ref FOLDER takes it out where pictures mix",
    "resize": "use the pictures before they were enlarged",
    "decoder": "spectra analyze MODEL, to find the step of the model that leaves it",
    "patch": "spectra analyze MODEL; a convolution behind the patches, or patches that overlap",
    "tiles": "let the tiles overlap by more, and blend them",
    "dithering": "save with more grey levels",
    "scene": "add pictures of other scenes: a grid comes again in them, a scene does not",
    "unknown": "ask how the pictures were resized and saved, or give others of that history: --ref",
}
PEAK = 1.0  # dB above what is around it
HOW = {
    "one picture": "one picture",
    "one origin": "as of one origin: their phases agree, as of pictures that no one has cropped",
    "own origins": "each with its own origin, as cropped pictures have: their p-values combined",
}
ALONG = {
    "both": "along both axes",
    "x": "along x, as upright lines",
    "y": "along y, as level lines",
    "diagonal": "as a checkerboard, along the diagonals only",
}


def sentences(summary: ImagesSummary, rows: tuple[PictureRow, ...]) -> dict[str, str]:
    """Return the answers by question; what does not apply is left out.

    Parameters
    ----------
    summary : ImagesSummary
        Without its answer.
    rows : tuple of PictureRow
        The pictures one by one.
    """
    answers = {
        "verdict": _verdict(summary),
        "severity": _severity(summary),
        "looks": _looks(summary),
        "cause": _cause(summary),
        "share": _share(summary),
        "reference": _reference(summary),
        "worst": _worst(summary, rows),
        "spectrum": _spectrum(summary),
        "try": _try(summary),
        "trust": _trust(summary),
    }
    return {question: text for question, text in answers.items() if text}


def number(value: float) -> str:
    """Return a number of expected alarms, with an exponent where it is very small.

    Examples
    --------
    >>> number(0.0042), number(3.2e-17), number(1e-200), number(4.0)
    ('0.0042', '3e-17', 'under 1e-99', '4')
    """
    if value < 1e-99:
        return "under 1e-99"
    return f"{value:.2g}" if value >= 1e-3 else f"{value:.0e}"


def _verdict(summary: ImagesSummary) -> str:
    limit = f"limit {number(summary.alarms_limit)}"
    chance = f"{number(summary.alarms)} such findings expected by chance, {limit}"
    of = f"{summary.used} picture{'s' * (summary.used > 1)}"
    reference = summary.reference
    if reference is not None and reference.explained:
        return f"none beyond the reference, in {of}: it carries the same grid, and as strongly"
    if summary.verdict == "none" and summary.showing and summary.used > 1:
        return f"none: no grid that {of} share ({chance}); {_by_themselves(summary)}"
    if summary.verdict == "none":
        return f"none: no grid in {of} ({chance})"
    if summary.verdict == "suspect":
        return f"suspect: {of} repeat{'s' * (summary.used == 1)}, perhaps only the scene ({chance})"
    what = f"a grid of {summary.period} px" if summary.period else "a grid"
    if summary.used == 1:
        return f"present: {what} ({chance})"
    if not summary.showing:
        return f"present: {what} in {of} taken together, in none by itself ({chance})"
    shown = _shown(summary)
    such = sum(kind.pictures for kind in shown if kind.period == summary.period)
    part = f", {such} of them one of {summary.period} px" if summary.period and such else ""
    if summary.period and not such:
        part = f"; together one of {summary.period} px"
    return f"present: {summary.showing} of {of} show a grid{part} ({chance})"


def _by_themselves(summary: ImagesSummary) -> str:
    """Say how many pictures show a grid alone, and which one most of these do."""
    one = summary.showing == 1
    said = f"{summary.showing} of them show{'s' * one} one by {'itself' if one else 'themselves'}"
    shown = _shown(summary)
    period = shown[0].period if shown else None
    return f"{said}, of {period} px" if period else said


def _severity(summary: ImagesSummary) -> str:
    seen = summary.severity
    if summary.verdict == "none":
        return ""
    ripple = f"the grain swells and ebbs by {two_digits(summary.ripple_db)} dB"
    if seen.v1 is None:
        reason = seen.reason or ""
        word = "not judged" if seen.word == "insufficient" else seen.word
        return f"{word}: {reason}" + (f", where {ripple}" if reason == NO_PATTERN else "")
    zoom = {"strong": "at 100 %", "visible": "at 200 %", "faint": "at 400 %"}.get(seen.word)
    levels = f"{two_digits(seen.grey_levels)} grey levels RMS"
    where = f"in {_name(seen.source)}" if summary.used > 1 else ""
    eye = f"seen {zoom}" if zoom else "not seen at 400 %"
    said = " ".join(part for part in (f"{seen.word}: a pattern of {levels}, {eye}", where) if part)
    return said + (f"; {seen.reason}" if seen.reason else "")


def _looks(summary: ImagesSummary) -> str:
    if summary.verdict == "none" or not (summary.points or summary.period):
        return ""
    along = f" {ALONG[summary.direction]}" if summary.direction else " along both axes"
    repeats = f"repeats every {summary.period} px{along}" if summary.period else f"repeats{along}"
    if not summary.points:
        return repeats
    shown = ", ".join(point.label for point in summary.points[:4])
    more = f" and {len(summary.points) - 4} more" if len(summary.points) > 4 else ""
    return f"{repeats}; at {shown}{more} cycles/px (fy, fx)"


def _cause(summary: ImagesSummary) -> str:
    if not summary.causes or summary.verdict == "none":
        return ""
    said = _either(summary.causes)
    if len(summary.causes) > 1:
        said += ": what is measured does not tell them apart"
    if summary.combined == "own origins":
        own = max((kind.pictures for kind in _shown(summary)), default=0)
        others = summary.showing - own
    else:
        own, others = _told_as(summary, summary.causes[0].id)
    some = own and others
    return f"in {own} of the {summary.showing} that show a grid: {said}" if some else said


def _either(causes: tuple[CauseRow, ...]) -> str:
    """Name all causes that cannot be told apart: none of them alone is what was found."""
    return " or ".join(cause.text for cause in causes)


def _shown(summary: ImagesSummary) -> list[KindRow]:
    return [kind for kind in summary.kinds if kind.verdict == "present"]


def _told_as(summary: ImagesSummary, cause: str) -> tuple[int, int]:
    """Return how many pictures show a grid of this cause, and how many one of another."""
    told = [(kind.causes[0].id, kind.pictures) for kind in _shown(summary) if kind.causes]
    own = sum(pictures for found, pictures in told if found == cause)
    return own, sum(pictures for found, pictures in told if found not in (cause, "unknown"))


def _share(summary: ImagesSummary) -> str:
    if summary.used == 1 or (summary.verdict == "none" and not summary.showing):
        return ""
    share = f"{summary.showing} of {summary.used} pictures show a grid by themselves"
    if summary.suspect:
        share += f", {summary.suspect} perhaps only their scene"
    if len(summary.kinds) > 1 or summary.verdict == "none":
        kinds = [f"{kind.pictures} {_either(kind.causes)}" for kind in summary.kinds if kind.causes]
        more = f"; {len(kinds) - 3} other kinds" if len(kinds) > 3 else ""
        share += f": {'; '.join(kinds[:3])}{more}"
    return share


def _reference(summary: ImagesSummary) -> str:
    reference = summary.reference
    if reference is None:
        return ""
    _, low, high = reference.difference
    own, other = two_digits(summary.ripple_db), two_digits(reference.ripple_db)
    said = f"{reference.used} pictures of {reference.source}: {other} dB where these have {own} dB"
    levels = reference.levels
    if levels.shown:
        their, ours = two_digits(levels.second), two_digits(levels.first)
        said += f", and a pattern in luma of {their} grey levels where these have {ours}"
    interval = f"difference of variances {low:+.2g} to {high:+.2g}"
    return f"{said} ({interval}, 95 %)"


def _worst(summary: ImagesSummary, rows: tuple[PictureRow, ...]) -> str:
    if summary.used == 1 or not summary.worst:
        return ""
    shown = {row.source: row for row in rows}
    return ", ".join(f"{_name(source)} ({_strength(shown[source])})" for source in summary.worst)


def _strength(row: PictureRow) -> str:
    """Say how strong the grid of a picture is: its pattern, where there is one, and its ripple."""
    ripple = f"{two_digits(row.ripple_db)} dB"
    return f"{two_digits(row.pattern)} grey levels, {ripple}" if row.pattern_shown else ripple


def _spectrum(summary: ImagesSummary) -> str:
    """Say how the points look in the mean spectrum, where a trace of grain leaves nothing."""
    known = [point for point in summary.points if point.spectrum_db is not None]
    if not known or summary.verdict == "none":
        return ""
    best = max(known, key=lambda point: point.spectrum_db or 0.0)
    above = best.spectrum_db or 0.0
    if above < PEAK:
        return f"no peak in the mean spectrum of luma: {db_text(above, '+.1f')} dB at {best.label}"
    return f"a peak of {db_text(above)} dB in the mean spectrum of luma at {best.label}"


def _try(summary: ImagesSummary) -> str:
    if summary.verdict == "none" or not summary.causes:
        return ""
    return "; ".join(dict.fromkeys(TRY[cause.id] for cause in summary.causes[:2]))


def _trust(summary: ImagesSummary) -> str:
    parts = [f"{summary.used} of {summary.count} picture{'s' * (summary.count > 1)}"]
    if summary.sizes is not None:
        small, large = (f"{width}x{height}" for height, width in summary.sizes)
        parts.append(small if small == large else f"{small} to {large}")
    parts.append(HOW[summary.combined])
    return "; ".join((*parts, *summary.notes))


def _name(source: str | None) -> str:
    return PurePath(source).name if source else "one picture"
