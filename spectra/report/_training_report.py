"""What logs of a monitor say: the record behind ``comparison.json`` of trainings."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from spectra._names import db_text
from spectra._printable import encode_json
from spectra.errors import NothingToAnalyseError
from spectra.report._comparison_cells import difference, interval
from spectra.report._figure_files import draw_series_figure, save_figures
from spectra.report._folder import check_apart, writing
from spectra.report._gate import SEVERITIES, Gate
from spectra.report._printed import Printed
from spectra.score import LockedChange

if TYPE_CHECKING:
    from spectra.compared import Tick
    from spectra.report._training_log import TrainingLog
    from spectra.score import Score

SCHEMA = "spectra.training/1"
NOT_MEASURED = "no measurement of it succeeded"
BARS = "▁▂▃▄▅▆▇█"
Outcome = Literal["better", "worse", "no difference", "not known"]


@dataclass(frozen=True, repr=False)
class TrainingReport(Printed):
    """What logs of trainings say.

    Of one its last measurement is compared with its first, of several the last ones.

    Attributes
    ----------
    logs : tuple of TrainingLog
        One or more; the first one is the one that the others are compared with.
    """

    logs: tuple[TrainingLog, ...]

    @property
    def ends(self) -> tuple[Tick | None, Tick | None]:
        """The two measurements that are compared."""
        first, last = _scored(self.logs[0]), _scored(self.logs[-1])
        before = first[0 if len(self.logs) == 1 else -1] if first else None
        return before, last[-1] if last else None

    @property
    def missing(self) -> str | None:
        """Why there are no two measurements to compare; None where there are."""
        before, after = self.ends
        if before is None and after is None:
            return NOT_MEASURED
        if before is None or after is None:
            return f"no measurement of {self.logs[0 if before is None else -1].name} succeeded"
        return "only one measurement of it succeeded" if before is after else None

    @property
    def change(self) -> LockedChange:
        """The difference of the output's locked energy between these, as of two runs apart."""
        if self.missing is not None:
            return LockedChange(None, None, None, paired=False, reason=self.missing)
        before, after = (tick.output for tick in self.ends if tick is not None)
        assert before is not None
        assert after is not None
        return LockedChange.of_two_runs(before, after).without_floor(before, after)

    @property
    def outcome(self) -> Outcome:
        """What became of the output's grid."""
        change = self.change
        if self.missing is not None:
            return "not known"
        if change.upper_db is not None and change.upper_db < 0:
            return "better"
        if change.lower_db is not None and change.lower_db > 0:
            return "worse"
        return "no difference"

    @property
    def answer(self) -> dict[str, str]:
        """The sentences by question."""
        named = {
            f"training {number}" if len(self.logs) > 1 else "training": _told(log)
            for number, log in enumerate(self.logs, start=1)
        }
        return {**named, "helped": self._helped()}

    def text(
        self,
        *,
        width: int | None = None,
        color: bool = False,
        wrote: str | PathLike[str] | None = None,
        explain: bool = False,
    ) -> str:
        """Return the answer as text, see `Printed.text`; with ``explain`` with each measurement."""
        from spectra.report._training_text import render_training  # loads rich

        return render_training(self, width=width, color=color, wrote=wrote, explain=explain)

    def json(self) -> bytes:
        """Return the answer as JSON (schema ``spectra.training/1``)."""
        content = {"schema": SCHEMA, "outcome": self.outcome, "answer": self.answer}
        logs = [{"name": log.name, "series": _series(log)} for log in self.logs]
        return encode_json({**content, "change": {**vars(self.change)}, "logs": logs})

    def save(
        self,
        directory: str | PathLike[str],
        *,
        force: bool = False,
        checked: bool = False,
        formats: Collection[str] = ("json", "png"),
    ) -> Path:
        """Write ``comparison.json`` and a figure of each training into a folder, or nothing.

        Raises
        ------
        ParameterError
            If the folder exists and ``force`` is not given, or it is an analysis.
        """
        check_apart(directory, what="comparisons")
        pictures = [name for name in formats if name in {"png", "pdf"}]
        with writing(directory, force=force, checked=checked) as folder:
            (folder / "comparison.json").write_bytes(self.json())
            drawn = {
                f"series-{number}" if len(self.logs) > 1 else "series": draw_series_figure(series)
                for number, log in enumerate(self.logs, start=1)
                if pictures and (series := log.series).points
            }
            if drawn:
                save_figures(drawn, folder=folder / "figures", formats=pictures)
        return Path(directory)

    def gate_on(self, word: str) -> Gate:
        """Pass while the grid of the last measurement is less severe than ``word``.

        Raises
        ------
        NothingToAnalyseError
            If how severe it is is not known.
        """
        last = self.ends[1]
        found = None if last is None else last.severity
        if last is None or found not in SEVERITIES:
            raise NothingToAnalyseError(f"the gate cannot judge the output: {NOT_MEASURED}")
        passed = SEVERITIES.index(found) < SEVERITIES.index(word)
        relation = "less than" if passed else "at least"
        return Gate(passed, f"the output's grid is {found} at step {last.step}, {relation} {word}")

    def gate_worse(self, limit_db: float) -> Gate:
        """Pass unless the output got worse by more than ``limit_db``, see `Gate.not_worse`."""
        return Gate.not_worse(self.change, limit_db, known=self.outcome != "not known")

    def _helped(self) -> str:
        change, (before, after) = self.change, self.ends
        if before is None or after is None or self.outcome == "not known":
            return f"not known: {change.reason}"
        since = f"from step {before.step} to step {after.step}"
        if len(self.logs) > 1:
            names = (self.logs[0].name, self.logs[-1].name)
            since = f"from {names[0]} (step {before.step}) to {names[1]} (step {after.step})"
        if change.reason is not None and change.upper_db is None and change.lower_db is None:
            return f"{self.outcome} {since}: {change.reason}"
        return f"{self.outcome} {since}: {difference(change)} dB ({interval(change)})"


def _scored(log: TrainingLog) -> list[Tick]:
    """Return the measurements in which the output was tested."""
    tested = ((tick, tick.output) for tick in log.ticks)
    return [tick for tick, score in tested if score and score.verdict != "insufficient"]


def spark(log: TrainingLog) -> str:
    """Return the output's energy over a training in a line, lowest to highest.

    A point is a grid below the floor, of which there is a bound only; a question mark was not
    measured.
    """
    told = [_energy(tick.output) for tick in log.ticks]
    known = [dbc for dbc in told if isinstance(dbc, float)]
    low, high = min(known, default=0.0), max(known, default=0.0)
    per_db = (len(BARS) - 1) / (high - low) if high > low else 0.0
    return "".join(
        BARS[round((dbc - low) * per_db)] if isinstance(dbc, float) else dbc for dbc in told
    )


def _energy(score: Score | None) -> float | str:
    if score is None or score.verdict == "insufficient":
        return "?"
    return "." if score.below_floor or score.told_dbc is None else score.told_dbc


def _told(log: TrainingLog) -> str:
    """Return what a log says in words."""
    if not log.ticks:
        return f"{log.name}: no measurement"
    failed, series = log.failed, log.series
    steps = f"steps {log.ticks[0].step} to {log.ticks[-1].step}"
    lost = f", {len(failed)} failed ({failed[0].error})" if failed else ""
    count = f"{len(log.ticks)} measurement" + "s" * (len(log.ticks) > 1)
    answer = series.answer if series.points else "no output was tested"
    return f"{log.name} ({count}, {steps}{lost}): {answer}"


def energies(log: TrainingLog) -> str:
    """Return the sparkline of a log with its ends in dBc."""
    known = [dbc for tick in log.ticks if isinstance(dbc := _energy(tick.output), float)]
    if not known:
        return spark(log)
    return f"{spark(log)}  {db_text(min(known))} to {db_text(max(known))} dBc"


def _series(log: TrainingLog) -> dict[str, Any]:
    names = ("unit", "first_present", "first_visible", "answer")
    return {
        **{name: getattr(log.series, name) for name in names},
        "points": [_point(tick) for tick in log.ticks],
    }


def _point(tick: Tick) -> dict[str, Any]:
    """Return one measurement as plain data."""
    places: Sequence[tuple[str, Score | None]] = [("output", tick.output), *tick.steps.items()]
    told = ("verdict", "asr_dbc", "asr_lower_dbc", "asr_upper_dbc", "p", "reason")
    scores = {
        place: None if score is None else {name: getattr(score, name) for name in told}
        for place, score in places
    }
    return {"number": tick.step, "severity": tick.severity, "error": tick.error, "scores": scores}
