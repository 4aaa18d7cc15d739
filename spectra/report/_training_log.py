"""The log of a training's grid: a CSV file that a monitor writes, and that is read again."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import isfinite
from os import PathLike
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING, Any, cast, get_args

from spectra._files import read_whole
from spectra.compared import Tick, series_of_ticks
from spectra.errors import InputError, ParameterError, SpectraError
from spectra.score import Score, Verdict

if TYPE_CHECKING:
    from spectra.compared import Series
    from spectra.severity import Severity

COLUMNS = (
    *("step", "place", "severity", "verdict", "dbc", "lower_dbc", "upper_dbc", "p", "period"),
    *("seconds", "error", "reason"),
)
OUTPUT = "output"
SEVERITIES = ("none", "faint", "visible", "strong", "insufficient")
MOST_BYTES = 1 << 26  # of a log; ten thousand measurements of ten steps have some 10 MiB
HEAD = ",".join(COLUMNS)


@dataclass(frozen=True)
class TrainingLog:
    """What a monitor saw of one training.

    Attributes
    ----------
    name : str
        What it is called: after its file.
    ticks : tuple of Tick
        Its measurements, by step.
    """

    name: str
    ticks: tuple[Tick, ...]

    @classmethod
    def read(cls, path: str | PathLike[str]) -> TrainingLog:
        """Return the log in a CSV file that a monitor wrote.

        Raises
        ------
        InputError
            If it cannot be read, or is no such log.
        """
        file = Path(path)
        if not cls.is_at(file):
            message = f"{path}: is no log of spectra.Monitor: its first line has other columns"
            raise InputError(message)
        try:
            ticks = cls.decode(read_whole(file, most=MOST_BYTES).decode())
        except (OSError, ValueError, KeyError, TypeError, csv.Error) as error:
            raise InputError(f"{path}: is a damaged log of spectra.Monitor: {error}") from error
        return cls(file.stem, ticks)

    @staticmethod
    def is_at(path: str | PathLike[str]) -> bool:
        """Tell whether a file begins as a monitor's log does."""
        file = Path(path)
        if file.suffix.lower() != ".csv" or not file.is_file():
            return False
        try:
            with file.open(encoding="utf-8") as lines:
                return lines.readline(len(HEAD) + 256).rstrip("\r\n").startswith(HEAD)
        except (OSError, ValueError):
            return False

    @staticmethod
    def check_target(path: str | PathLike[str]) -> Path:
        """Return the path of a log that can be written, or go on.

        Raises
        ------
        ParameterError
            If its name is not that of a CSV file, its folder cannot be made, or another file is
            there.
        """
        file = Path(path)
        if file.suffix.lower() != ".csv":
            raise ParameterError(f"log={str(path)!r}: expected a name that ends in .csv")
        if file.exists() and not (TrainingLog.is_at(file)):
            raise ParameterError(f"log={str(path)!r}: another file is there: name a new one")
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            reason = error.strerror or error
            raise ParameterError(f"log={str(path)!r}: cannot be written: {reason}") from error
        return file

    @staticmethod
    def write(path: str | PathLike[str], ticks: Iterable[Tick]) -> None:
        """Write measurements to a CSV file: all of it, or the old file stays as it is.

        Raises
        ------
        SpectraError
            If it cannot be written.
        """
        file = Path(path)
        new = file.with_name(f".{file.name}.{token_hex(4)}.new")
        try:
            new.write_text(TrainingLog.encode(ticks), encoding="utf-8", newline="")
            new.replace(file)
        except OSError as error:
            raise SpectraError(f"{path}: cannot be written: {error.strerror or error}") from error
        finally:
            new.unlink(missing_ok=True)

    @staticmethod
    def encode(ticks: Iterable[Tick]) -> str:
        """Return measurements as a table: a line for the output, and one for each step."""
        text = io.StringIO(newline="")
        table = csv.writer(text, lineterminator="\n")
        table.writerow(COLUMNS)
        table.writerows(row for tick in ticks for row in _rows(tick))
        return text.getvalue()

    @staticmethod
    def decode(text: str) -> tuple[Tick, ...]:
        """Return the measurements of a table; raise ValueError, KeyError or csv.Error if none."""
        return tuple(_ticks(list(csv.DictReader(io.StringIO(text, newline=""), strict=True))))

    def named(self, name: str) -> TrainingLog:
        """Return the same under another name."""
        return replace(self, name=name)

    @property
    def series(self) -> Series:
        """The output's grid over the training."""
        return series_of_ticks(self.ticks)

    @property
    def failed(self) -> tuple[Tick, ...]:
        """The measurements that failed."""
        return tuple(tick for tick in self.ticks if tick.error is not None)


def _rows(tick: Tick) -> Iterator[Sequence[object]]:
    """Yield the lines of one measurement: the output first, then each step."""
    own = (f"{tick.seconds:.3f}", tick.error or "", _reason(tick.output))
    yield tick.step, OUTPUT, tick.severity or "", *_cells(tick.output), *own
    for label, score in tick.steps.items():
        yield tick.step, f"step {label}", "", *_cells(score), "", "", _reason(score)


def _cells(score: Score | None) -> Sequence[str]:
    if score is None:
        return ("",) * 6
    numbers = (score.asr_dbc, score.asr_lower_dbc, score.asr_upper_dbc, score.p)
    told = ("" if number is None else f"{number:.6g}" for number in numbers)
    period = "" if score.period is None else "x".join(map(str, score.period))
    return score.verdict, *told, period


def _reason(score: Score | None) -> str:
    return "" if score is None or score.reason is None else score.reason


def _ticks(rows: Sequence[Mapping[str, Any]]) -> Iterator[Tick]:
    """Yield the measurements that the lines of a log hold."""
    tick: Tick | None = None
    for row in rows:
        step, place = int(row["step"]), row["place"]
        if place == OUTPUT:
            if tick is not None:
                yield tick
            tick = Tick(
                step,
                output=None if row["error"] else _score(row),
                severity=_severity(row["severity"]),
                seconds=float(row["seconds"]),
                error=row["error"] or None,
            )
            continue
        if tick is None or tick.step != step or not place.startswith("step "):
            raise ValueError(f"a line of {place} at step {step} has no line of the output before")
        tick = replace(tick, steps={**tick.steps, place.removeprefix("step "): _score(row)})
    if tick is not None:
        yield tick


def _score(row: Mapping[str, Any]) -> Score:
    verdict, lower, upper = row["verdict"], _number(row["lower_dbc"]), _number(row["upper_dbc"])
    if verdict not in get_args(Verdict):
        raise ValueError(f"verdict {verdict!r}")
    dbc = _number(row["dbc"])
    both = None if dbc is None or lower is None or upper is None else (lower, upper)
    return Score(
        asr_dbc=dbc,
        asr_ci95_dbc=both,
        asr_lower_dbc=lower,
        asr_upper_dbc=upper,
        p=_number(row["p"]),
        verdict=cast("Verdict", verdict),
        period=tuple(map(int, row["period"].split("x"))) if row["period"] else None,
        reason=row["reason"] or None,
    )


def _severity(word: str) -> Severity | None:
    if word and word not in SEVERITIES:
        raise ValueError(f"severity {word!r}")
    return cast("Severity", word) if word else None


def _number(text: str) -> float | None:
    number = float(text) if text else None
    if number is not None and not isfinite(number):
        raise ValueError(f"{text} is no energy")
    return number
