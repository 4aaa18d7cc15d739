"""The result of an analysis, and how it becomes a folder of files."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

from spectra.report._figure_files import write_figures
from spectra.report._folder import check_formats, writing
from spectra.report._netcdf import write_tree
from spectra.report._printed import Printed
from spectra.report._summary_json import encode_summary

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

    def save(
        self,
        directory: str | PathLike[str],
        *,
        force: bool = False,
        checked: bool = False,
        formats: Collection[str] = ("json", "nc", "png"),
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
        formats : collection of {"json", "nc", "png", "pdf"}
            ``summary.json``, ``spectra.nc``, and ``figures/`` as pictures or vector graphics.

        Raises
        ------
        ParameterError
            If a format is not known, or the folder cannot be made, see `check_target`.
        SpectraError
            If the disk is full or the folder cannot be written.
        """
        check_formats(formats, of="analysis")
        with writing(directory, force=force, checked=checked) as folder:
            if "json" in formats:
                (folder / "summary.json").write_bytes(self.json())
            if "nc" in formats:
                write_tree(self.data, folder / "spectra.nc")
            if pictures := [name for name in formats if name in {"png", "pdf"}]:
                write_figures(self, folder=folder / "figures", formats=pictures)
        return Path(directory)
