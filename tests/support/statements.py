"""Numbers that cannot be, and sentences that a number beside them denies."""

from __future__ import annotations

import re
from collections.abc import Iterator
from math import isfinite

from spectra._names import label, size
from spectra.explain import StepRow, Summary
from spectra.score import Score

NO_NUMBER = re.compile(r"\b(nan|inf|None)\b")
NUMBER = r"(-?\d+(?:\.\d+)?)"
Said = Iterator[tuple[str, str]]


def statement_faults(summary: Summary, text: str) -> Said:
    """Yield (kind, text) of what a summary says and cannot, and of its printed form."""
    rows: list[tuple[str, Score]] = [("input", summary.input.score)]
    rows += [(row.label, row.score) for row in summary.steps]
    rows += [("output", summary.output.score)]
    for name, score in rows:
        for kind in _score_faults(score):
            yield kind, f"{name}: {score}"
    for row in summary.steps:
        yield from _row_faults(row, summary)
    yield from _whole_faults(summary)
    yield from _sentence_faults(summary)
    if found := NO_NUMBER.search(text):
        yield "prints what is no number", text[max(found.start() - 100, 0) : found.end() + 50]


def _score_faults(score: Score) -> Iterator[str]:
    if score.asr_dbc is None and score.asr_upper_dbc is None and not score.reason:
        yield "neither a number nor a reason"
    if score.verdict == "insufficient" and not score.reason:
        yield "insufficient without a reason"
    if score.verdict == "insufficient" and score.asr_dbc is not None:
        yield "a number that is insufficient"
    numbers = (score.a_db, score.asr_dbc, score.asr_upper_dbc, score.line_dbc, score.replica_dbc)
    numbers += (score.z, score.p, score.prominence_db, score.lock_index, score.grey_levels)
    if not all(number is None or isfinite(number) for number in numbers):
        yield "no finite number"
    if score.p is not None and not 0 < score.p <= 1:
        yield "p outside of 0 to 1"
    if score.a_db is not None and score.a_db < 0:
        yield "A below 0"
    if score.lock_index is not None and not 0 <= score.lock_index <= 1:
        yield "lock index outside of 0 to 1"
    if score.asr_ci95_dbc is not None:
        low, high = score.asr_ci95_dbc
        if score.asr_dbc is None or not low <= score.asr_dbc <= high:
            yield "a number that its interval excludes"
    upper = score.asr_upper_dbc
    if upper is not None and score.asr_dbc is not None and score.asr_dbc > upper:
        yield "a number above its bound"
    parts = [part for part in (score.line_dbc, score.replica_dbc) if part is not None]
    if upper is not None and parts and max(parts) > upper:
        yield "a part above the bound of the whole"
    if score.verdict in ("present", "suspect") and score.p is None:
        yield "a verdict without p"
    if score.grey_levels is not None and score.grey_levels > 255:
        yield "more grey levels than there are"


def _row_faults(row: StepRow, summary: Summary) -> Said:
    reached = row.at_output
    output = summary.output.score
    if reached.locked_dbc is not None:
        if row.period_in_output is None:
            yield "at output without a period there", row.label
        if output.verdict == "insufficient":
            yield "at output where the output is not scored", row.label
    if reached.change_db is not None:
        if reached.locked_dbc is None or row.score.asr_dbc is None:
            yield "a change of nothing", row.label
        elif abs(reached.locked_dbc - row.score.asr_dbc - reached.change_db) > 1e-6:
            yield "a change that is not the difference", row.label
    without = (reached.without_db, reached.without_upper_db)
    if without == (None, None) and not reached.without_reason:
        yield "neither a change without the step nor a reason", row.label
    if reached.without_ci95_db is not None:
        low, high = reached.without_ci95_db
        if reached.without_db is None or not low <= reached.without_db <= high:
            yield "a change without the step that its interval excludes", row.label
    if row.flat_field.line_dbc is None and not row.flat_field.reason:
        yield "flat field without number or reason", row.label
    if not row.factor and row.score.asr_dbc is not None:
        yield "a score without a lattice", row.label
    sides = (row.output_shape, row.period_in_output)
    if row.period_in_output is not None and len(row.period_in_output) != len(output_axes(summary)):
        yield "a period of other axes", f"{row.label}: {sides}"


def output_axes(summary: Summary) -> tuple[int, ...]:
    """Return one entry for each axis of the output, told by any frequency or period of it."""
    known = [row.period_in_output for row in summary.steps if row.period_in_output]
    return summary.output.score.period or (known[0] if known else ())


def _whole_faults(summary: Summary) -> Said:
    names = {(row.name, row.call): row for row in summary.steps}
    if len(names) != len(summary.steps):
        yield "two rows of one name", ", ".join(row.label for row in summary.steps)
    blame = summary.blame
    if summary.worst is not None:
        worst = names.get((summary.worst.name, summary.worst.call))
        guilty = worst is not None and worst.score.verdict in ("present", "suspect")
        if worst is None or not (guilty or blame.standing == "step"):
            yield "the worst step is not guilty", str(summary.worst)
    if blame.standing != "not measured" and summary.worst != blame.step:
        yield "the worst step is not to blame", str(blame)
    if (blame.step is not None) != (blame.standing in ("step", "only")):
        yield "a step to blame, and none", str(blame)
    if any((s.name, s.call) not in names for s in (*blame.steps, *blame.related)):
        yield "an unknown step to blame", str(blame)
    verdicts = {summary.output.score.verdict, *(row.score.verdict for row in summary.steps)}
    if summary.verdict not in verdicts:
        yield "a verdict of no row", summary.verdict
    if summary.inputs.used == 0 and summary.verdict != "insufficient":
        yield "a verdict without inputs", summary.verdict
    if summary.output.grid_dependence_dbc is None and not summary.output.grid_dependence_note:
        yield "no grid dependence and no reason", ""


def _sentence_faults(summary: Summary) -> Said:
    """Hold each sentence against the rows."""
    answer = " | ".join(f"{name}: {text}" for name, text in summary.answer.items())
    output = summary.output.score
    worst = next((r for r in summary.steps if summary.worst and r.label == _label(summary)), None)
    change = worst.at_output.change_db if worst is not None else None
    known = worst is not None and worst.period_in_output is not None
    measured = known and output.verdict != "insufficient"
    clean = all(row.score.verdict == "none" for row in summary.steps)
    born = _said(r"born at (\S+)", answer).rstrip(",;")
    period = _said(r"looks: period ([\dx]+)", answer)
    by = {word: _said(rf"{word} by {NUMBER} dB", answer) for word in ("weakened", "amplified")}
    standing, without = summary.blame.standing, worst.at_output.without_db if worst else None
    rises = [r.at_output.without_db for r in summary.steps if r.at_output.without_db is not None]
    less = _said(rf"without its grid the output has {NUMBER} dB less", answer)
    more = _said(rf"the output has (?:up to )?{NUMBER} dB more", answer)
    verdicts = {
        "several steps:": "several",
        "not told apart:": "not told apart",
        "may be chance": "not told apart",
        "no single step": "none",
        "these inputs cannot tell": "none",
        "too faint to name a step": "faint",
        "output has none left": "step",
        "as the output without it tells": "step",
        "at frequencies of other steps": "step",
        "without its grid was not measured": "not measured",
    }
    wide = any(_reaches(row, -1.0) for row in summary.steps)
    denied = {
        "said that the output keeps its grid": "the output keeps its grid" in answer and wide,
        "another standing is said": any(w in answer and standing != s for w, s in verdicts.items()),
        "another fall is said": bool(less) and not _equal(less, without, sign=-1),
        "another rise is said": bool(more) and not any(_equal(more, rise) for rise in rises),
        "why or try without a step": worst is None
        and summary.origin is None
        and standing not in ("several", "not told apart", "none")
        and (
            "why" in summary.answer
            or not summary.answer.get("try", "nothing").startswith(("nothing", "no step to change"))
        ),
        "said to show no grid, not measured": "shows no grid" in answer and not measured,
        "said that no step shows a grid": "step's own maps show a grid" in answer and not clean,
        "said to be removed": "removed by later layers" in answer and output.verdict != "none",
        "said that there is none": "NO grid-locked" in answer
        and "none" not in (output.verdict, summary.verdict),
        "said to reach the output as it is": "as it is" in answer
        and (change is None or abs(change) >= 1),
        "said to be weakened": bool(by["weakened"]) and not _equal(by["weakened"], change, sign=-1),
        "said to be amplified": bool(by["amplified"]) and not _equal(by["amplified"], change),
        "said to be born elsewhere": bool(born)
        and (worst is None or born != worst.label.split()[0]),
        "another period is said": bool(period)
        and (output.period is None or period != size(output.period)),
        "said to be inherited": "inherited" in answer and not summary.output.inherited,
        "no verdict or no trust": not summary.answer.keys() >= {"verdict", "trust"},
    }
    for kind, wrong in denied.items():
        if wrong:
            yield kind, answer


def _said(pattern: str, answer: str) -> str:
    """Return the first group of a pattern in the answer, empty where it is not said."""
    found = re.search(pattern, answer)
    return found[1] if found else ""


def _reaches(row: StepRow, least: float) -> bool:
    """Tell whether the output may have so much less without a step."""
    interval = row.at_output.without_ci95_db
    return interval is not None and interval[0] <= least


def _equal(said: str, number: float | None, *, sign: int = 1) -> bool:
    """Tell whether a number is said as it is, to the decimal that is printed."""
    return number is not None and abs(float(said) - sign * number) < 0.06


def _label(summary: Summary) -> str:
    """Return the worst step as it is printed."""
    assert summary.worst is not None
    return label(summary.worst)
