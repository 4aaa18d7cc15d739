"""The lines that a constant leaves in the output of a model of signals, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spectra._hertz import hertz
from spectra._names import db_text, label
from spectra._sentence import Sentence, part
from spectra._words import listed
from spectra.explain._facts import Facts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spectra.explain._constant_rows import ConstantRow, StageRow


class Constant(Facts):
    """The output under a constant."""

    @property
    def shown(self) -> ConstantRow | None:
        """What was measured, if it was asked for."""
        return self.summary.probe

    @property
    def what(self) -> str:
        assert self.shown is not None
        return "silence" if self.shown.name == "silence" else f"a constant of {self.shown.value:g}"

    @property
    def unknown(self) -> str | None:
        return None if self.shown is None else self.shown.reason

    @property
    def upper(self) -> float | None:
        """What all lines lie below, where there is none."""
        return None if self.shown is None else self.shown.line_upper_dbfs

    @property
    def lines(self) -> str | None:
        """The stages with lines that are settled, the loudest first."""
        return "; ".join(map(_stage, self._settled)) if self._settled else None

    @property
    def unsettled(self) -> str | None:
        """Stages whose lines two parts of the output do not agree on."""
        rows = self.shown.steps if self.shown else ()
        open_ = [label(row) for row in rows if row.line_dbfs is not None and not row.converged]
        return listed(open_) if open_ else None

    @property
    def rest(self) -> float | None:
        """What of the output is no line, where that is more than all lines."""
        row = self.shown
        if row is None or row.rest_dbfs is None or not self._settled:
            return None
        loudest = max(stage.line_dbfs or 0.0 for stage in self._settled)
        return row.rest_dbfs if row.rest_dbfs > loudest else None

    @property
    def _settled(self) -> Sequence[StageRow]:
        rows = self.shown.steps if self.shown else ()
        known = [row for row in rows if row.line_dbfs is not None and row.converged]
        return sorted(known, key=lambda row: row.line_dbfs or 0.0, reverse=True)


def _stage(row: StageRow) -> str:
    """Return the lines of one stage in words."""
    assert row.line_dbfs is not None
    assert row.strongest is not None
    where = f"{row.strongest:.4g} cycles/sample"
    if row.strongest_hz is not None:
        where = hertz(row.strongest_hz)
    beside = "" if row.line_dbc is None else f" ({db_text(row.line_dbc)} dBc of outputs)"
    return f"{label(row)} {db_text(row.line_dbfs)} dBFS{beside}, most at {where}"


Said = Sentence[Constant]
PROBE = (
    part(
        Said(
            "probe.unknown",
            "a constant was asked for, and what it leaves was not measured",
            lambda f: f.unknown is not None,
            "what {what} leaves in the output is not known: {unknown}",
        ),
        Said(
            "probe.lines",
            "lines under the constant that was asked for have settled",
            lambda f: f.lines is not None,
            "{what} leaves lines in the output: {lines}",
        ),
        Said(
            "probe.unsettled",
            "there are lines under that constant, and none has settled",
            lambda f: f.unsettled is not None,
            "the lines that {what} leaves have not settled: two parts of the output differ",
        ),
        Said(
            "probe.clean",
            "the output under that constant was measured and holds no line",
            lambda f: f.shown is not None and f.upper is not None,
            "{what} leaves no line above {upper:.1f} dBFS, the rounding of the output",
        ),
        Said(
            "probe.zero",
            "the output under that constant is zero all over its middle",
            lambda f: f.shown is not None,
            "{what} leaves nothing in the output",
        ),
    ),
    part(
        Said(
            "probe.open",
            "lines of some steps have settled, and of others not",
            lambda f: f.lines is not None and f.unsettled is not None,
            "the lines of {unsettled} have not settled",
        ),
    ),
    part(
        Said(
            "probe.rest",
            "more of the output than any step's lines is no line",
            lambda f: f.rest is not None,
            "{rest:.1f} dBFS of the output are no line",
        ),
    ),
)
