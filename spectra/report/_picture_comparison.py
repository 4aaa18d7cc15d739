"""Whose grid is stronger, of two folders of pictures: the record behind ``comparison.json``."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict, dataclass
from os import PathLike
from pathlib import Path
from typing import Any

from spectra._names import two_digits
from spectra._printable import encode_json, printable
from spectra.images import ImagesSummary, Stronger
from spectra.report._figure_files import save_figures
from spectra.report._folder import check_apart, check_formats, writing
from spectra.report._picture_report import HEADER, PictureReport, csv_of, score_cells
from spectra.report._printed import Printed
from spectra.report._scores_file import check_scores, write_scores

SCHEMA = "spectra.picture-comparison/1"
SIDES = ("first", "second")


@dataclass(frozen=True, repr=False)
class PictureComparison(Printed):
    """What two folders of pictures say against each other.

    Attributes
    ----------
    reports : tuple of two PictureReport
        What each shows by itself.
    stronger : Stronger
        The difference of their grids, with its interval.
    """

    reports: tuple[PictureReport, PictureReport]
    stronger: Stronger

    @property
    def first(self) -> ImagesSummary:
        """The answer on the first folder."""
        return self.reports[0].summary

    @property
    def second(self) -> ImagesSummary:
        """The answer on the second folder."""
        return self.reports[1].summary

    @property
    def answer(self) -> dict[str, str]:
        """The sentences by question."""
        return {
            "stronger": self._which(),
            "interval": self._interval(),
            "first": self._side(self.first),
            "second": self._side(self.second),
        }

    def text(
        self,
        *,
        width: int | None = None,
        color: bool = False,
        wrote: str | PathLike[str] | None = None,
        explain: bool = False,
    ) -> str:
        """Return the answer as text, see `Printed.text`."""
        from spectra.report._picture_text import render_lines  # loads rich

        lines = [(name.capitalize(), text) for name, text in self.answer.items()]
        lines += [("Wrote", str(wrote))] if wrote else []
        return render_lines(lines, width=width, color=color)

    def json(self) -> bytes:
        """Return the comparison as JSON (schema ``spectra.picture-comparison/1``)."""
        return encode_json(
            {
                "schema": SCHEMA,
                "which": self.stronger.which,
                "answer": self.answer,
                "first": asdict(self.first),
                "second": asdict(self.second),
                "stronger": asdict(self.stronger),
            }
        )

    def csv(self) -> str:
        """Return a row for each picture as CSV, as of one folder, and whose it is."""
        sides = zip(SIDES, self.reports, strict=True)
        rows = ((*score_cells(row), side) for side, report in sides for row in report.rows)
        return csv_of((*HEADER, "side"), rows)

    def write_csv(self, path: str | PathLike[str]) -> None:
        """Write the rows as CSV to a file, see `PictureReport.write_csv`."""
        check_scores(path)
        write_scores(path, self.csv())

    def figures(self) -> dict[str, Any]:
        """Return the figures by name: ``spectra`` and ``strongest``, where there is any.

        Both mean spectra and their difference, where pictures are large enough for one; and the
        pictures of each folder that show a grid most.
        """
        from spectra import plot

        names = [printable(report.summary.source) for report in self.reports]
        shown = [
            [(printable(s.source), s.planes, s.period) for s in report.shown]
            for report in self.reports
        ]
        return plot.compared_pictures(
            names,
            spectra_db=[report.spectrum_db for report in self.reports],
            points=[report.ringed for report in self.reports],
            strongest=shown,
        )

    def save(
        self,
        directory: str | PathLike[str],
        *,
        force: bool = False,
        checked: bool = False,
        formats: Collection[str] = ("json", "png", "html"),
    ) -> Path:
        """Write a result folder and return its path: all of it, or nothing.

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
            If a format is not known, the folder exists and ``force`` is not given, or it is an
            analysis.
        SpectraError
            If the disk is full or the folder cannot be written.
        """
        check_apart(directory, what="comparisons")
        check_formats(formats, of="comparison")
        with writing(directory, force=force, checked=checked) as folder:
            if "json" in formats:
                (folder / "comparison.json").write_bytes(self.json())
            figures = self.figures() if {"png", "pdf", "html"} & set(formats) else {}
            pictures = [name for name in formats if name in {"png", "pdf"}]
            save_figures(figures, folder=folder / "figures", formats=pictures)
            if "html" in formats:
                from spectra.report._picture_page import compared_page  # loads jinja2

                (folder / "report.html").write_bytes(compared_page(self, figures))
        return Path(directory)

    def _which(self) -> str:
        found = self.stronger
        names = {"first": self.first.source, "second": self.second.source}
        one, other = two_digits(found.first_db), two_digits(found.second_db)
        ripples = f"ripple of {one} dB against {other} dB at {found.period} px"
        if found.levels is not None and found.levels.shown:
            one, other = two_digits(found.levels.first), two_digits(found.levels.second)
            ripples = f"a pattern of {one} grey levels against {other}, {ripples}"
        if found.which is None:
            return f"neither is shown to be stronger: {ripples}"
        return f"the grid of {names[found.which]}: {ripples}"

    def _interval(self) -> str:
        found = self.stronger
        if found.interval is None:
            return "not known: four pictures on each side are needed"
        low, high = found.interval
        between = f"95 % {low:+.2g} to {high:+.2g}"
        said = f"difference of ripple variances {found.difference:+.2g}, {between}"
        levels = found.levels
        if levels is None or levels.interval is None or not levels.shown:
            return said
        low, high = levels.interval
        more = levels.first - levels.second
        grey = f"{more:+.2g} grey levels, 95 % {low:+.2g} to {high:+.2g}"
        return f"difference of patterns {grey}; {said}"

    @staticmethod
    def _side(summary: ImagesSummary) -> str:
        cause = f"; {summary.answer['cause']}" if "cause" in summary.answer else ""
        return f"{summary.source}: {summary.answer['verdict']}{cause}"
