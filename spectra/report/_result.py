"""The result of an analysis, and how it becomes a folder of files."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spectra.errors import InputError, ParameterError
from spectra.report._figure_files import draw_figures, save_figures
from spectra.report._folder import check_apart, check_formats, writing
from spectra.report._netcdf import write_tree
from spectra.report._printed import Printed
from spectra.report._read_tree import read_tree
from spectra.report._summary_json import encode_summary, read_summary

if TYPE_CHECKING:
    import xarray as xr

    from spectra import explain
    from spectra.gather import Passed
    from spectra.inputs import Inputs
    from spectra.probe import ConstantLines
    from spectra.report._redrawn import Figures, Style
    from spectra.severity import Judged

DRAWN = {"png", "pdf", "html"}
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
        ``crop`` holds the middle of an output with the mean grid-locked pattern. Group
        ``outputs`` holds outputs with the names and coordinates of their inputs, where those have
        any. Group ``attacked`` holds the same places of attacked inputs, where an attack was asked
        for; group ``sound`` spectrograms, where the output's sample rate is known or a constant
        was asked for.
    """

    summary: explain.Summary
    data: xr.DataTree

    @classmethod
    def of_run(
        cls,
        summary: explain.Summary,
        tables: xr.DataTree,
        *,
        passed: Passed,
        judged: Judged,
        inputs: Inputs | None = None,
        portraits: Sequence[xr.Dataset | None] = (),
        attacked: xr.DataTree | None = None,
        constant: ConstantLines | None = None,
    ) -> Result:
        """Return the result of a run: its answer, its tables, and what its pictures show.

        Parameters
        ----------
        summary : Summary
            The answer.
        tables, passed, judged, portraits
            See `spectra.report._pictures.with_pictures`.
        inputs : Inputs, optional
            What ran: outputs are kept with the coordinates that they have.
        attacked : DataTree, optional
            The tables of attacked inputs, which become group ``attacked``.
        constant : ConstantLines, optional
            What the output is under the constant that was asked for; see group ``sound``.
        """
        import xarray as xr

        from spectra.report._coordinates import with_coordinates
        from spectra.report._pictures import with_pictures  # torch, which reading does without
        from spectra.report._scales import with_scales
        from spectra.report._sound import spectrograms

        groups = with_pictures(tables, passed, judged, portraits)
        data = xr.DataTree.from_dict(with_coordinates(groups, summary, passed, inputs))
        if attacked is not None:
            data["attacked"] = attacked
        data = with_scales(data, summary)
        if (sound := spectrograms(summary, passed, constant)) is not None:
            data["sound"] = xr.DataTree(sound)
        data.attrs["created"] = summary.created  # so that files of two runs are told apart
        return cls(summary, data)

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
        made = data.attrs.get("created", summary.created)
        if tree.exists() and len(steps) not in (0, len(summary.steps)):
            raise InputError(
                f"{path}: spectra.nc holds {len(steps)} steps and summary.json "
                f"{len(summary.steps)}: they are not of one run"
            )
        if made != summary.created:
            raise InputError(
                f"{path}: spectra.nc was made {made} and summary.json {summary.created}: they are "
                "not of one run"
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

    def draw(
        self,
        figures: str | Sequence[str] = (),
        *,
        beside: Sequence[Result] = (),
        labels: Sequence[str] = (),
        recipe: str | None = None,
        style: Style | None = "paper",
        width: str | float | None = None,
        dpi: int = 300,
        table: str | Sequence[str] = (),
    ) -> Figures:
        """Draw figures of this result, beside others in one scale, each with its caption.

        Parameters
        ----------
        figures : str or sequence of str
            Some of "strip", "profiles", "worst", "slices", "where", "crop", "kernels" and "layers";
            none stands for all that can be drawn.
        beside : sequence of Result
            Results that stand beside this one.
        labels : sequence of str
            What each is called, this one first; by default the model's file, numbered where alike.
        recipe : str, optional
            How the spectra of "strip", "worst" and "slices" are made: "spectra" by default,
            "agnihotri2024" and "park-kim2022" where layers were asked for in the analysis. Figure
            "layers" is always by "park-kim2022".
        style : {"paper", "slides", "dark"}, optional
            How they look; without one as matplotlib is set, with notes under each figure.
        width : str or float, optional
            Of each figure: "3.25in", "8.5cm", "86mm", "252pt", or a number of inches. The size of
            text stays what the style says.
        dpi : int
            Pixels per inch of what is no vector graphic.
        table : str or sequence of str
            Some of "csv", "md" and "latex": the table of steps.

        Returns
        -------
        Figures
            ``["strip"]`` is a matplotlib figure, ``caption("strip")`` what stands under it, and
            ``save(folder)`` writes all of it.

        Raises
        ------
        ParameterError
            If something is not known, or a figure was asked for that cannot be drawn: it says why.
        """
        from spectra.report._redrawn import redraw

        results = (self, *beside)
        _check_labels(labels, len(results))
        return redraw(
            list(zip(labels or _labels(results), results, strict=True)),
            [figures] if isinstance(figures, str) else figures,
            recipe=recipe,
            style=style,
            width=width,
            dpi=dpi,
            table=[table] if isinstance(table, str) else table,
        )

    @staticmethod
    def check_drawing(
        figures: Sequence[str],
        *,
        labels: Sequence[str],
        count: int,
        formats: Collection[str],
        out: str | PathLike[str],
        **look: Any,
    ) -> None:
        """Raise ParameterError for what `draw` and `Figures.save` refuse of any result.

        Parameters
        ----------
        figures, labels, **look
            What `draw` is given.
        count : int
            How many results there are.
        formats, out
            What `Figures.save` is given.
        """
        from spectra.report import _redrawn as redrawn

        _check_labels(labels, count)
        redrawn.check_drawing(figures, **look)
        redrawn.check_picture_formats(formats)
        check_apart(out, what="figures")


def _check_labels(labels: Sequence[str], count: int) -> None:
    """Raise ParameterError; the words fit ``labels`` of `Result.draw` and ``--label`` alike."""
    named = f"labels {', '.join(map(repr, labels))}"
    if labels and len(labels) != count:
        raise ParameterError(f"{named}: expected {count}, one for each result")
    if any(not label.strip() for label in labels):
        raise ParameterError(f"{named}: expected a name for each result")


def _labels(results: Sequence[Result]) -> list[str]:
    """Return the names of the models' files, numbered where two are alike."""
    stems = [Path(result.summary.model.source).stem or "model" for result in results]
    if len({*stems}) == len(stems):
        return stems
    return [f"{stem} {number}" for number, stem in enumerate(stems, start=1)]
