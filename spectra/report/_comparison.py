"""What several results say together: the record behind ``comparison.json``."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spectra._printable import encode_json
from spectra.errors import ParameterError
from spectra.report._figure_files import draw_series_figure, save_figures
from spectra.report._folder import check_apart, check_formats, writing
from spectra.report._junit import check_junit, write_junit
from spectra.report._printed import Printed

if TYPE_CHECKING:
    from spectra.compared import Pair, Row, Series
    from spectra.explain import Summary
    from spectra.report._gate import Gate
    from spectra.score import LockedChange, Score

SCHEMA = "spectra.comparison/1"
TOLD = ("verdict", "asr_dbc", "asr_ci95_dbc", "asr_lower_dbc", "asr_upper_dbc", "p", "reason")


@dataclass(frozen=True)
class Compared:
    """One of the results: what it is called, unlike the others, and its numbers."""

    name: str
    summary: Summary

    @property
    def word(self) -> str | None:
        """Its severity."""
        return self.summary.severity.word if self.summary.severity else None

    @property
    def visibility(self) -> tuple[float, ...] | None:
        """How visible its grid is at 100, 200 and 400 %, where pictures were looked at."""
        return self.summary.severity.visibility if self.summary.severity else None


@dataclass(frozen=True, repr=False)
class Comparison(Printed):
    """What later results say against the first.

    Attributes
    ----------
    models : tuple of Compared
        The results, the first one the one that the others are compared with.
    pairs : tuple of Pair
        What each of the others says against it, see `spectra.compared.Pair`.
    series : Series or None
        The output's grid over training, where the results are checkpoints of one training.
    spectra_version, created : str
        By which version, and when.
    """

    Model = Compared

    models: tuple[Compared, ...]
    pairs: tuple[Pair, ...]
    series: Series | None
    spectra_version: str
    created: str

    @property
    def rows(self) -> tuple[Row, ...]:
        """The rows of the last result against the first."""
        return self.pairs[-1].rows

    @property
    def outcome(self) -> str:
        """What became of the output's grid from the first result to the last."""
        return self.pairs[-1].outcome

    @property
    def answer(self) -> dict[str, str]:
        """Sentences of the last result against the first; over training where that is known."""
        training = {"training": self.series.answer} if self.series else {}
        return {**self.pairs[-1].answer, **training}

    def text(
        self,
        *,
        width: int | None = None,
        color: bool = False,
        wrote: str | PathLike[str] | None = None,
        explain: bool = False,
    ) -> str:
        """Return the comparison as text, see `Printed.text`; with ``explain`` with its legend."""
        from spectra.report._comparison_text import render_comparison  # loads rich

        return render_comparison(self, width=width, color=color, wrote=wrote, explain=explain)

    def markdown(self) -> str:
        """Return the comparison as Markdown: the answer and a table, for a pull request."""
        from spectra.report._markdown import markdown_of

        return markdown_of(self)

    def junit(self, path: str | PathLike[str], gates: Mapping[str, Gate | str]) -> None:
        """Write the comparison as JUnit's XML to a file, complete or not at all.

        Parameters
        ----------
        path : path
            The file; an old one is replaced.
        gates : mapping of str to Gate or str
            By option: what each gate says, or why it could not judge. Only these fail.

        Raises
        ------
        ParameterError, SpectraError
            If no file can be there, or it cannot be written.
        """
        check_junit(path)
        write_junit(path, self, gates)

    check_junit = staticmethod(check_junit)

    @staticmethod
    def check_apart(directory: str | PathLike[str], sources: Collection[str]) -> None:
        """Raise ParameterError where ``directory`` is, or lies in, one of what is compared."""
        check_apart(directory, what="comparisons")
        place = Path(directory).resolve()
        for source in sources:
            given = Path(source).resolve()
            folder = given.parent if given.name == "summary.json" else given
            if folder.is_dir() and folder in (place, *place.parents):
                raise ParameterError(f"{directory}: is or lies in {source}, which is compared")

    def json(self) -> bytes:
        """Return the comparison as JSON (schema ``spectra.comparison/1``)."""
        series = None
        if self.series is not None:
            points = [
                {"number": p.number, "name": p.name, "severity": p.severity, **_told(p.output)}
                for p in self.series.points
            ]
            series = {**vars(self.series), "points": points}
        return encode_json(
            {
                "schema": SCHEMA,
                "spectra_version": self.spectra_version,
                "created": self.created,
                "outcome": self.outcome,
                "answer": self.answer,
                "models": [_model(model) for model in self.models],
                "pairs": [{**vars(pair), "rows": [*map(_row, pair.rows)]} for pair in self.pairs],
                "series": series,
            }
        )

    def save(
        self,
        directory: str | PathLike[str],
        *,
        force: bool = False,
        checked: bool = False,
        formats: Collection[str] = ("json", "png", "html"),
    ) -> Path:
        """Write ``comparison.json``, ``report.html``, and of a series ``figures/``, or nothing.

        Parameters
        ----------
        directory : path
            Folder to make.
        force : bool
            Replace an old result.
        checked : bool
            `check_target` found nothing wrong before a long run: what is found now loses no
            result, which is then kept under a name beside ``directory``.
        formats : collection of {"json", "png", "pdf", "html"}
            ``comparison.json``, ``figures/`` as pictures or vector graphics, and ``report.html``.

        Raises
        ------
        ParameterError
            If a format is not known, or the folder cannot be made, see `check_target`.
        SpectraError
            If the disk is full or the folder cannot be written.
        """
        check_apart(directory, what="comparisons")
        check_formats(formats, of="comparison")
        if self.series is None and not {"json", "html"} & set(formats):
            message = (
                f"formats={','.join(formats)!r}: there is no figure of these: add json or html"
            )
            raise ParameterError(message)
        with writing(directory, force=force, checked=checked) as folder:
            if "json" in formats:
                (folder / "comparison.json").write_bytes(self.json())
            drawn = bool({"png", "pdf", "html"} & set(formats))
            figure = draw_series_figure(self.series) if self.series and drawn else None
            if figure is not None:
                pictures = [name for name in formats if name in {"png", "pdf"}]
                save_figures({"series": figure}, folder=folder / "figures", formats=pictures)
            if "html" in formats:
                from spectra.report._comparison_page import comparison_page  # loads jinja2

                (folder / "report.html").write_bytes(comparison_page(self, figure))
        return Path(directory)


def _model(model: Compared) -> dict[str, Any]:
    """Return what ``comparison.json`` holds of one result."""
    summary = model.summary
    return {
        "name": model.name,
        "source": summary.model.source,
        "sha256": summary.model.sha256,
        "summary_schema": summary.schema,
        "created": summary.created,
        "inputs": {"source": summary.inputs.source, "used": summary.inputs.used},
        "verdict": summary.verdict,
        "severity": model.word,
        "visibility": model.visibility,
        "output": _told(summary.output.score),
    }


def _row(row: Row) -> dict[str, Any]:
    return {
        **vars(row),
        "before": _told(row.before),
        "after": _told(row.after),
        "change": _change(row.change),
    }


def _change(change: LockedChange) -> dict[str, Any]:
    return {**vars(change)}


def _told(score: Score) -> dict[str, Any]:
    return {name: getattr(score, name) for name in TOLD}
