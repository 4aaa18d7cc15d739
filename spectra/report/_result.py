"""The result of an analysis, and how it becomes a folder of files."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

from spectra.report._figure_files import draw_figures, save_figures
from spectra.report._folder import check_formats, writing
from spectra.report._netcdf import write_tree
from spectra.report._printed import Printed
from spectra.report._summary_json import encode_summary

DRAWN = {"png", "pdf", "html"}

if TYPE_CHECKING:
    import xarray as xr

    from spectra import explain


@dataclass(frozen=True, repr=False)
class Result(Printed):
    """The answer, its numbers and everything needed to draw them.

    Attributes
    ----------
    summary : Summary
        Verdict, worst step, scores: what ``summary.json`` holds.
    data : xarray.DataTree
        Spectra, profiles, lattice tables and running sums; groups ``input``, ``output``,
        ``steps/0`` and so on, and ``layers/...`` where asked for. Group ``where`` holds the output
        that shows a grid most, with that grid and a map of where it is; without one, group
        ``crop`` holds the middle of an output with the mean grid-locked pattern.
    """

    summary: explain.Summary
    data: xr.DataTree

    @property
    def verdict(self) -> str:
        """The verdict of the run."""
        return self.summary.verdict

    @property
    def worst(self) -> explain.StepRow | None:
        """The step that does most harm."""
        name = self.summary.worst
        rows = self.summary.steps
        return next((r for r in rows if name and (r.name, r.call) == (name.name, name.call)), None)

    def asked_by(self, command: str, *, arguments: str) -> Result:
        """Return the result with the command that asked for it.

        Parameters
        ----------
        command : str
            What was typed.
        arguments : str
            What of it names the model, the inputs and how both are read.
        """
        run = replace(self.summary.run, command=command, arguments=arguments)
        return replace(self, summary=replace(self.summary, run=run))

    def text(
        self,
        *,
        width: int | None = None,
        color: bool = False,
        wrote: str | PathLike[str] | None = None,
        explain: bool = False,
    ) -> str:
        """Return the answer as text, see `Printed.text`.

        With ``explain`` it is the whole answer with all columns and what they mean, else what fits
        a terminal.
        """
        from spectra.report._table import render_summary  # loads rich, which only printing needs

        return render_summary(self.summary, width=width, color=color, wrote=wrote, explain=explain)

    def json(self) -> bytes:
        """Return the answer as JSON, what ``summary.json`` holds."""
        return encode_summary(self.summary)

    def _repr_html_(self) -> str:
        """Return what a notebook shows: the first screen of the report, and the table."""
        from spectra.report._analysis_page import notebook_cell  # loads jinja2

        return notebook_cell(self)

    def save(
        self,
        directory: str | PathLike[str],
        *,
        force: bool = False,
        checked: bool = False,
        formats: Collection[str] = ("json", "nc", "png", "html"),
    ) -> Path:
        """Write numbers and figures to a folder and return its path.

        Everything is written to a folder beside ``directory`` that takes its place at the end:
        whatever happens before leaves an old result as it was, and nothing else behind.

        Parameters
        ----------
        directory : path
            Folder to make.
        force : bool
            Replace an old result.
        checked : bool
            `check_target` found nothing wrong before a long run: what is found now loses no
            result, which is then kept under a name beside ``directory``.
        formats : collection of {"json", "nc", "png", "pdf", "html"}
            ``summary.json``, ``spectra.nc``, ``figures/`` as pictures or vector graphics, and
            ``report.html``, which shows it all in one file.

        Raises
        ------
        ParameterError
            If a format is not known, or the folder cannot be made, see `check_target`.
        SpectraError
            If the disk is full or the folder cannot be written.
        """
        from spectra.report._analysis_page import analysis_page  # loads jinja2

        check_formats(formats, of="analysis")
        with writing(directory, force=force, checked=checked) as folder:
            if "json" in formats:
                (folder / "summary.json").write_bytes(self.json())
            if "nc" in formats:
                write_tree(self.data, folder / "spectra.nc")
            drawn = draw_figures(self) if DRAWN & set(formats) else {}
            pictures = [name for name in formats if name in {"png", "pdf"}]
            save_figures(drawn, folder=folder / "figures", formats=pictures)
            if "html" in formats:
                (folder / "report.html").write_bytes(analysis_page(self, drawn))
        return Path(directory)
