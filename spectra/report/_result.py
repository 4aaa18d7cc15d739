"""The result of an analysis, and how it becomes a folder of files."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

from spectra.errors import InputError
from spectra.report._figure_files import write_figures
from spectra.report._folder import check_formats, writing
from spectra.report._netcdf import write_tree
from spectra.report._printed import Printed
from spectra.report._read_tree import read_tree
from spectra.report._summary_json import encode_summary, read_summary

if TYPE_CHECKING:
    import xarray as xr

    from spectra import explain
    from spectra.gather import Passed
    from spectra.severity import Judged

OTHERS = {
    "kernels.json": "spectra kernels",
    "swap.json": "spectra swap",
    "comparison.json": "spectra compare",
}


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

    @classmethod
    def of_run(
        cls, summary: explain.Summary, tables: xr.DataTree, *, passed: Passed, judged: Judged
    ) -> Result:
        """Return the result of a run: its tables, and what its pictures are drawn from.

        Parameters
        ----------
        summary : Summary
            The answer.
        tables : DataTree
            One group for each place.
        passed : Passed
            What the inputs left on their way through the model.
        judged : Judged
            How severe the output's grid is, and where it is.
        """
        from spectra.report._pictures import with_pictures  # reading a result needs none

        return cls(summary, with_pictures(tables, passed, judged))

    @classmethod
    def read(cls, path: str | PathLike[str]) -> Result:
        """Return the result in a folder that `save` wrote, or in a ``summary.json`` alone.

        Parameters
        ----------
        path : path
            The folder, or its ``summary.json``. The tree is empty for that file alone, and where
            the folder holds no ``spectra.nc``.

        Raises
        ------
        InputError
            If a file cannot be read, is damaged, or is no result of `spectra.analyze`.
        """
        import xarray as xr  # not before: reading a summary needs no xarray

        summary, tree = read_summary(path), Path(path) / "spectra.nc"
        data = read_tree(tree) if tree.exists() else xr.DataTree()
        steps = data["steps"].children if "steps" in data.children else ()
        if tree.exists() and len(steps) not in (0, len(summary.steps)):
            raise InputError(
                f"{path}: spectra.nc holds {len(steps)} steps and summary.json "
                f"{len(summary.steps)}: they are not of one run"
            )
        return cls(summary, data)

    @staticmethod
    def is_at(path: str | PathLike[str]) -> bool:
        """Tell whether `read` finds a result at a path, and not a model.

        Raises
        ------
        InputError
            If there is a result of another command.
        """
        place = Path(path)
        if not place.is_dir():
            return place.suffix == ".json" and place.is_file()
        if (place / "summary.json").exists():
            return True
        for name, command in OTHERS.items():
            if (place / name).exists():
                message = f"{path}: is a result of {command}: expected one of spectra analyze"
                raise InputError(message)
        return False

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
