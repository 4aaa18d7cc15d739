"""Does a result pass? Four rules that a build can depend on."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, isfinite
from os import PathLike

from spectra._names import db_text, two_digits
from spectra.errors import InputError, NothingToAnalyseError, ParameterError
from spectra.explain import Summary
from spectra.images import ImagesSummary, Stronger
from spectra.report._summary_json import read_summary
from spectra.score import LockedChange, Score

SEVERITIES = ("none", "faint", "visible", "strong")


@dataclass(frozen=True)
class Gate:
    """Whether a result passed, and the sentence that says so with the numbers."""

    passed: bool
    text: str

    @classmethod
    def above(cls, summary: Summary, limit_db: float) -> Gate:
        """Pass while ``A`` of the output, inherited peaks excluded, is at most ``limit_db``.

        Where the energy has a lower bound only, the output fails if that is above the limit.

        Raises
        ------
        NothingToAnalyseError
            If the output has no score, so that there is nothing to judge.
        """
        cls.check_limit(limit_db)
        score = summary.output.score
        if score.verdict != "insufficient" and score.a_db is not None and not score.at_least:
            passed = score.a_db <= limit_db
            value, limit = _apart(score.a_db, limit_db, digits=2)
            relation = "<=" if passed else ">"
            return cls(passed, f"A of the output is {value} dB {relation} {limit} dB")
        least = score.least_a_db
        if score.verdict != "insufficient" and least is not None and least > limit_db:
            value, limit = _apart(least, limit_db, digits=2)
            return cls(False, f"A of the output is at least {value} dB > {limit} dB")
        reason = score.reason or "the measurement is insufficient"
        raise NothingToAnalyseError(f"the gate cannot judge the output: {reason}")

    @classmethod
    def on(cls, summary: Summary, word: str) -> Gate:
        """Pass while the output's grid is less severe than ``word``.

        Parameters
        ----------
        summary : Summary
            The result.
        word : {"faint", "visible", "strong"}
            The least severity that fails.

        Raises
        ------
        NothingToAnalyseError
            If how severe it is is not known.
        """
        graded = summary.severity
        if graded is None or graded.word == "insufficient":
            reason = (
                graded.reason if graded and graded.reason else "the measurement is insufficient"
            )
            raise NothingToAnalyseError(f"the gate cannot judge the output: {reason}")
        passed = SEVERITIES.index(graded.word) < SEVERITIES.index(word)
        relation = "less than" if passed else "at least"
        return cls(passed, f"the output's grid is {graded.word}, {relation} {word}")

    @classmethod
    def ripple_above(cls, summary: ImagesSummary, limit_db: float) -> Gate:
        """Pass while the grid of pictures makes their grain swell by at most ``limit_db``.

        Pictures that show no grid, or none that a reference does not carry, pass; so do those
        whose scene may be all that repeats.
        """
        cls.check_limit(limit_db)
        if summary.verdict != "present":
            return cls(True, f"the pictures show no grid of their own: {summary.verdict}")
        passed = summary.ripple_db <= limit_db
        value, limit = _apart(summary.ripple_db, limit_db, digits=2)
        relation = "<=" if passed else ">"
        return cls(passed, f"the ripple of the pictures is {value} dB {relation} {limit} dB")

    @classmethod
    def pictures_not_worse(cls, found: Stronger, limit_db: float) -> Gate:
        """Pass unless the second grid is shown to be stronger, by more than the limit.

        Either its pattern in grey levels or its ripple, whichever grew.

        Raises
        ------
        NothingToAnalyseError
            If there are too few pictures for an interval.
        """
        cls.check_worse(limit_db)
        if found.interval is None:
            reason = "four pictures on each side are needed"
            raise NothingToAnalyseError(f"the gate cannot judge the pictures: {reason}")
        levels = found.levels
        if levels is not None and levels.which == "second" and levels.growth_db > limit_db:
            value, limit = _apart(levels.growth_db, limit_db, digits=2)
            first, second = two_digits(levels.first), two_digits(levels.second)
            grew = f"grew from {first} to {second} grey levels, by {value} dB > {limit} dB"
            return cls(False, f"the pattern of the second {grew}")
        more = found.second_db - found.first_db
        if found.which_ripple == "second" and more > limit_db:
            value, limit = _apart(more, limit_db, digits=2)
            return cls(False, f"the ripple of the second grew by {value} dB > {limit} dB")
        limit = db_text(limit_db)
        return cls(True, f"the second is not shown to be worse by more than {limit} dB")

    @classmethod
    def pictures_on(cls, summary: ImagesSummary, word: str) -> Gate:
        """Pass while the grid of pictures is less severe than ``word``.

        Raises
        ------
        NothingToAnalyseError
            If how severe it is is not known, as of blocks and seams.
        """
        seen = summary.severity
        if seen.word == "insufficient":
            raise NothingToAnalyseError(f"the gate cannot judge the pictures: {seen.reason}")
        passed = SEVERITIES.index(seen.word) < SEVERITIES.index(word)
        relation = "less than" if passed else "at least"
        return cls(passed, f"the pictures' grid is {seen.word}, {relation} {word}")

    @classmethod
    def against(cls, summary: Summary, baseline: Summary) -> Gate:
        """Pass unless a row's 95 % interval lies wholly above the same row's in ``baseline``.

        Rows are the output and the steps, matched by name and call. A row whose energy is not
        above zero has no lower end and cannot fail; a row without upper end in ``baseline``, or
        without the same row there, is not compared.

        Raises
        ------
        NothingToAnalyseError
            If no row can be compared.
        """
        before = _rows(baseline)
        worse = []
        compared = 0
        for label, score in _rows(summary).items():
            limit = _upper_dbc(before[label]) if label in before else None
            if limit is None or score.verdict == "insufficient":
                continue
            compared += 1
            lower = _lower_dbc(score)
            if lower > limit:
                least, most = _apart(lower, limit, digits=1)
                worse.append(f"{label} (at least {least} dBc, was at most {most} dBc)")
        if not compared:
            message = "the gate has no row that can be compared with the baseline"
            raise NothingToAnalyseError(message)
        rows = f"{compared} row" + "s" * (compared > 1)
        alone = sorted(before.keys() ^ _rows(summary).keys())
        unmatched = f"; not compared, in one of the two only: {', '.join(alone)}" if alone else ""
        if worse:
            listed = ", ".join(worse) + unmatched
            return cls(False, f"{len(worse)} of {rows} above the baseline: {listed}")
        return cls(True, f"none of {rows} above the baseline{unmatched}")

    @classmethod
    def not_worse(cls, change: LockedChange, limit_db: float, *, known: bool = True) -> Gate:
        """Pass unless the output got worse by more than ``limit_db``, its interval wholly above.

        Like `against`, it fails only where that is shown: a change whose interval reaches down to
        the limit passes, whatever the estimate, and so does one without a lower end.

        Parameters
        ----------
        change : LockedChange
            Of the output.
        limit_db : float
            How much worse it may get, at least 0.
        known : bool
            Whether anything is known of the change.

        Raises
        ------
        NothingToAnalyseError
            If nothing is.
        """
        cls.check_worse(limit_db)
        if not known:
            reason = change.reason or "the measurement is insufficient"
            raise NothingToAnalyseError(f"the gate cannot judge the change: {reason}")
        if change.lower_db is not None and change.lower_db > limit_db:
            least, most = _apart(change.lower_db, limit_db, digits=1)
            return cls(False, f"the output got worse by at least {least} dB > {most} dB")
        limit = db_text(limit_db)
        return cls(True, f"the output is not shown to be worse by more than {limit} dB")

    @staticmethod
    def check_worse(limit_db: float) -> None:
        """Raise ParameterError unless something can be worse by more than ``limit_db``."""
        if not (isfinite(limit_db) and limit_db >= 0):
            raise ParameterError(f"fail_worse={limit_db} is no limit: expected dB, at least 0")

    @staticmethod
    def check_limit(limit_db: float) -> None:
        """Raise ParameterError unless an A in dB can be above or below ``limit_db``."""
        if not isfinite(limit_db):
            raise ParameterError(f"fail_above={limit_db} is no limit: expected a number of dB")

    @staticmethod
    def read_baseline(path: str | PathLike[str]) -> Summary:
        """Return the summary in a file, for `against`.

        Raises
        ------
        InputError
            If it cannot be read (see `read_summary`), or its energies were measured in another
            way.
        """
        baseline = read_summary(path)
        if baseline.schema != Summary.schema:
            raise InputError(
                f"{path}: was measured in an older way ({baseline.schema}, now {Summary.schema}) "
                "that missed lines which follow brightness, so its energies are not comparable: "
                "make it again with spectra analyze MODEL INPUTS --out, on the model that it "
                "stands for"
            )
        return baseline


def _rows(summary: Summary) -> dict[str, Score]:
    return {"output": summary.output.score} | {
        f"step {step.label}": step.score for step in summary.steps
    }


def _lower_dbc(score: Score) -> float:
    if score.asr_ci95_dbc is not None:
        return score.asr_ci95_dbc[0]
    return -inf if score.asr_lower_dbc is None else score.asr_lower_dbc


def _upper_dbc(score: Score) -> float | None:
    return score.asr_ci95_dbc[1] if score.asr_ci95_dbc else score.asr_upper_dbc


def _apart(value: float, limit: float, *, digits: int) -> tuple[str, str]:
    """Return two numbers with as many digits as it takes to show which is the larger.

    Examples
    --------
    >>> _apart(18.1, 18.0, digits=2), _apart(18.0004, 18.0, digits=2)
    (('18.10', '18.00'), ('18.0004', '18.0000'))
    """
    shown = db_text(value, f".{digits}f"), db_text(limit, f".{digits}f")
    if value > limit and shown[0] == shown[1]:
        return _apart(value, limit, digits=digits + 1)
    return shown
