"""The table of steps for a paper, a README or a spreadsheet: LaTeX, Markdown, CSV."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import astuple, dataclass, fields
from io import StringIO
from typing import TYPE_CHECKING

from spectra import _names as names
from spectra._printable import printable
from spectra.errors import ParameterError
from spectra.report import _cells as cells

if TYPE_CHECKING:
    from spectra.explain import StepRow, Summary
    from spectra.score import Score

MISSING = "-"
NUMBER = re.compile(r"-?\d+(\.\d+)?")
INTERVAL = re.compile(rf"({NUMBER.pattern}) to ({NUMBER.pattern})")
LATEX = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\textquotedbl{}",
    **{c: f"\\{c}" for c in "&%$#_{}"},
}
MARKDOWN = {"<": "&lt;", ">": "&gt;", "&": "&amp;", **{c: f"\\{c}" for c in r"\`*_[]|$~#"}}


@dataclass(frozen=True)
class _Row:
    """One row as text; numbers in dBc or dB with one decimal, a dash where there is none."""

    result: str
    step: str
    kind: str
    kernel_stride: str
    period: str
    lowest_line: str
    alias_dbc: str
    interval_dbc: str
    verdict: str
    at_output_dbc: str
    without_it_db: str
    without_interval_db: str


HEADINGS = {
    "result": "result",
    "step": "step",
    "kind": "kind",
    "kernel_stride": "kernel/stride",
    "period": "period",
    "lowest_line": "lowest line",
    "alias_dbc": "alias (dBc)",
    "interval_dbc": "95 % interval",
    "verdict": "verdict",
    "at_output_dbc": "at output (dBc)",
    "without_it_db": "without it (dB)",
    "without_interval_db": "95 % interval",
}
LEFT = {"result", "step", "kind", "verdict"}


def paper_table(results: Sequence[tuple[str, Summary]], form: str) -> str:
    """Return the steps of some results and their outputs, under one another.

    Parameters
    ----------
    results : sequence of (str, Summary)
        Label and summary of each; the label is a column where there are several.
    form : {"csv", "md", "latex"}
        LaTeX needs the package booktabs, and a font encoding that has quotation marks (T1).

    Raises
    ------
    ParameterError
        If the form is not known.
    """
    check_tables([form])
    rows = [row for label, summary in results for row in _rows(label, summary)]
    columns = [
        field.name
        for field in fields(_Row)
        if (field.name != "result" or len(results) > 1)
        and (field.name != "lowest_line" or any(row.lowest_line != MISSING for row in rows))
        and (form == "csv" or not field.name.startswith("without") or _measured(rows))
    ]
    chosen = [{f.name: v for f, v in zip(fields(_Row), astuple(row), strict=True)} for row in rows]
    return TABLES[form].write([[row[name] for name in columns] for row in chosen], columns)


def check_tables(forms: Collection[str]) -> None:
    """Raise ParameterError unless a table can be written in every one of ``forms``."""
    for form in forms:
        if form not in TABLES:
            raise ParameterError(f"table={form!r}: expected csv, md or latex")


def _measured(rows: Sequence[_Row]) -> bool:
    """Tell whether it was measured of some step what the output is without its grid."""
    return any(row.without_it_db != MISSING for row in rows)


def _rows(label: str, summary: Summary) -> list[_Row]:
    """Return a row a step, then that of the output."""
    output = summary.output.score
    last = _row(label, "output", score=output, period=cells.period(output.period))
    return [*(_step(label, step) for step in summary.steps), last]


def _step(label: str, step: StepRow) -> _Row:
    there = step.at_output
    return _row(
        label,
        cells.step(step),
        kind=step.kind.replace("_", " "),
        kernel_stride=cells.kernel_and_stride(step.kernel_size, step.stride, step.factor),
        period=cells.period(step.period_in_output),
        lowest_line=cells.lowest_line(step.frequencies_hz),
        score=step.score,
        at_output_dbc=cells.at_output(step)[0] or MISSING,
        # a number without both ends of its interval is one that the answer withholds
        without_it_db=_db(there.without_db if there.without_ci95_db else None),
        without_interval_db=_interval(there.without_ci95_db),
    )


def _row(label: str, step: str, *, score: Score, **known: str) -> _Row:
    empty = dict.fromkeys((field.name for field in fields(_Row)), MISSING)
    return _Row(
        **{
            **empty,
            "result": printable(label),
            "step": step,
            "alias_dbc": _db(score.asr_dbc),
            "interval_dbc": _bounds(score),
            "verdict": score.verdict,
            **known,
        }
    )


def _bounds(score: Score) -> str:
    """Return the interval of an energy, or the one end of it that is known."""
    if score.asr_ci95_dbc is not None:
        return _interval(score.asr_ci95_dbc)
    if score.asr_lower_dbc is not None:
        return f"at least {_db(score.asr_lower_dbc)}"
    if score.asr_upper_dbc is not None:
        return f"below {_db(score.asr_upper_dbc)}"
    return MISSING


def _db(value: float | None) -> str:
    return MISSING if value is None else names.db_text(value)


def _interval(ends: tuple[float, float] | None) -> str:
    return MISSING if ends is None else f"{_db(ends[0])} to {_db(ends[1])}"


def _csv(rows: Sequence[Sequence[str]], columns: Sequence[str]) -> str:
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return text.getvalue()


def _markdown(rows: Sequence[Sequence[str]], columns: Sequence[str]) -> str:
    header = [HEADINGS[name] for name in columns]
    rule = ["---" if name in LEFT else "---:" for name in columns]
    escaped = [["".join(MARKDOWN.get(c, c) for c in cell) for cell in row] for row in rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in (header, rule, *escaped))


def _latex(rows: Sequence[Sequence[str]], columns: Sequence[str]) -> str:
    sides = "".join("l" if name in LEFT else "r" for name in columns)
    header = [_tex(HEADINGS[name]) for name in columns]
    body: list[str] = []
    for before, row in zip([None, *rows], rows, strict=False):
        if before is not None and columns[0] == "result" and before[0] != row[0]:
            body.append(r"\midrule")
        body.append(f"{' & '.join(map(_tex, row))} \\\\")
    lines = [
        "% needs \\usepackage{booktabs} and \\usepackage[T1]{fontenc}",
        rf"\begin{{tabular}}{{{sides}}}",
        r"\toprule",
        f"{' & '.join(header)} \\\\",
        r"\midrule",
        *body,
        r"\bottomrule",
        r"\end{tabular}",
    ]
    return "\n".join(lines) + "\n"


def _tex(cell: str) -> str:
    """Return a cell for LaTeX: numbers with a minus sign, a dash for none, names escaped."""
    if cell == MISSING:
        return "--"
    if NUMBER.fullmatch(cell):
        return f"${cell}$"
    if ends := INTERVAL.fullmatch(cell):
        return f"${ends[1]}$ to ${ends[3]}$"
    text = "".join(LATEX.get(c, c) for c in cell)
    # behind the end of a line, a star or a bracket would be taken for an option of it
    return f"{{}}{text}" if text.startswith(("*", "[")) else text


@dataclass(frozen=True)
class _Form:
    write: Callable[[Sequence[Sequence[str]], Sequence[str]], str]
    suffix: str


TABLES = {
    "csv": _Form(_csv, "csv"),
    "md": _Form(_markdown, "md"),
    "latex": _Form(_latex, "tex"),
}
