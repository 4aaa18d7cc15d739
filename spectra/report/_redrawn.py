"""Figures and tables of results that are there already: for a paper, slides or a page."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from spectra._asked import check_asked
from spectra._printable import encode_json, printable
from spectra._text import listed
from spectra.errors import InputError, ParameterError
from spectra.report._figure_files import as_drawn, figure_rows, worst_group
from spectra.report._folder import check_apart, writing
from spectra.report._paper_table import TABLES, check_tables, paper_table

if TYPE_CHECKING:
    import xarray as xr

    from spectra.report._result import Result

Style = Literal["paper", "slides", "dark"]
FORMATS = ("pdf", "svg", "png")
STYLES = ("paper", "slides", "dark")
INCHES = {"in": 1.0, "cm": 1 / 2.54, "mm": 1 / 25.4, "pt": 1 / 72.27}  # points of TeX
LENGTH = re.compile(r"\s*(\d{1,4}(?:\.\d{0,6})?|\.\d{1,6})\s*(in|cm|mm|pt)?\s*")
LEAST, MOST = 2.0, 40.0  # inches of a figure that can be read
DPIS = (50, 1200)
MOST_ROWS = 24  # of a figure that shows layers beside steps


@dataclass(frozen=True)
class Figures:
    """Figures with their captions, and tables, of one result or of several.

    Attributes
    ----------
    drawings : tuple
        ``name``, ``figure`` and ``caption`` of each.
    tables : dict of str to str
        File name and text of each table.
    """

    drawings: tuple[Any, ...]
    tables: dict[str, str]

    def __getitem__(self, name: str) -> Any:
        """Return the matplotlib figure of a name: ``figures["layers"]``."""
        return self._named(name).figure

    def caption(self, name: str) -> str:
        """Return what stands under the figure of a name."""
        return str(self._named(name).caption)

    @property
    def names(self) -> list[str]:
        """What was drawn, in order."""
        return [one.name for one in self.drawings]

    def save(
        self,
        directory: str | PathLike[str],
        *,
        formats: Collection[str] = ("pdf", "png"),
        force: bool = False,
    ) -> list[Path]:
        """Write each figure in each format, its caption as text, and the tables.

        The folder is written beside and takes its place at the end, see `Result.save`.

        Parameters
        ----------
        directory : path
            Folder to make.
        formats : collection of {"pdf", "svg", "png"}
            Vector graphics or pictures.
        force : bool
            Replace an old folder of figures.

        Returns
        -------
        list of Path
            What was written.

        Raises
        ------
        ParameterError
            If a format is not known, or the folder cannot be made.
        SpectraError
            If it cannot be written.
        """
        check_picture_formats(formats)
        check_apart(directory, what="figures")
        with writing(directory, force=force) as folder:
            for one in self.drawings:
                for extension in formats:
                    (folder / f"{one.name}.{extension}").write_bytes(one.encoded(extension))
                (folder / f"{one.name}.txt").write_text(f"{one.caption}\n", encoding="utf-8")
            for name, text in self.tables.items():
                (folder / name).write_text(text, encoding="utf-8")
            written = sorted(path.name for path in folder.iterdir())
        return [Path(directory) / name for name in written]

    def json(self, written: Sequence[Path] = ()) -> bytes:
        """Return as JSON which files were written, and the caption of each figure."""
        captions = {one.name: one.caption for one in self.drawings}
        return encode_json({"files": list(map(str, written)), "captions": captions})

    def text(self, written: Sequence[Path] = ()) -> str:
        """Return which files were written, a line a figure, and one for the tables."""
        lines = []
        for name in (*self.names, "table"):
            files = [path for path in written if path.stem == name]
            if files:
                suffixes = ", ".join(path.suffix[1:] for path in files)
                lines.append(f"{printable(str(files[0].with_suffix('')))}  ({suffixes})")
        return "".join(f"{line}\n" for line in lines)

    def _named(self, name: str) -> Any:
        for one in self.drawings:
            if one.name == name:
                return one
        raise ParameterError(f"{name!r} was not drawn: there are {listed(self.names)}")


def redraw(
    results: Sequence[tuple[str, Result]],
    figures: Sequence[str] = (),
    *,
    recipe: str | None = None,
    style: Style | None = "paper",
    width: str | float | None = None,
    dpi: int = 300,
    table: Sequence[str] = (),
) -> Figures:
    """Draw results, several side by side in one scale, and write their steps as tables.

    Parameters
    ----------
    results : sequence of (str, Result)
        What each is called beside the others, and what it is.
    figures, recipe, style, width, dpi, table
        See `spectra.report.Result.draw`.
    """
    from spectra import plot

    check_drawing(figures, recipe=recipe, style=style, width=width, dpi=dpi, table=table)
    for label, result in results:
        if not result.data.children:
            message = f"{label}: holds no spectra.nc: run spectra analyze with --formats json,nc"
            raise InputError(message)
    summaries = [(label, result.summary) for label, result in results]
    return Figures(
        plot.draw_results(
            [_Subject.of(label, result) for label, result in results],
            figures,
            recipe=recipe,
            style=style,
            width=None if width is None else in_inches(width),
            dpi=dpi,
        ),
        {f"table.{TABLES[form].suffix}": paper_table(summaries, form) for form in table},
    )


@dataclass(frozen=True)
class _Subject:
    """A result as `spectra.plot.draw_results` takes it."""

    label: str
    tree: xr.DataTree
    rows: list[tuple[str, str]]
    worst: str
    attack: str
    upsampling: frozenset[str]
    inputs: str

    @classmethod
    def of(cls, label: str, result: Result) -> _Subject:
        summary = result.summary
        return cls(
            as_drawn(label),
            tree=result.data,
            rows=_told_apart(figure_rows(summary, result.data), result.data),
            worst=worst_group(summary),
            attack=summary.attack.spec if summary.attack else "",
            upsampling=frozenset(step.name for step in summary.steps),
            inputs=summary.taken,
        )


def _told_apart(rows: list[tuple[str, str]], tree: xr.DataTree) -> list[tuple[str, str]]:
    """Return the rows without layers that show again what another row does, or are very many.

    A module that is a step, or the output, has that name; a container returns what its last member
    does.
    """
    named = {label for path, label in rows if not path.startswith("layers/")}
    kept: list[tuple[str, str]] = []
    for path, label in rows:
        again = bool(kept) and _same_spectrum(tree, path, kept[-1][0])
        if not (path.startswith("layers/") and (label in named or again)):
            kept.append((path, label))
    if len(kept) <= MOST_ROWS:
        return kept
    return [(path, label) for path, label in kept if not path.startswith("layers/")]


def _same_spectrum(tree: xr.DataTree, one: str, other: str) -> bool:
    """Tell whether two groups hold the same spectrum to the last digit."""
    name = "mean_log_spectrum"
    both = [tree[path].to_dataset() for path in (one, other) if f"/{path}" in tree.groups]
    return (
        len(both) == 2
        and all(name in data for data in both)
        and both[0][name].equals(both[1][name])
    )


def check_drawing(
    figures: Sequence[str],
    *,
    recipe: str | None,
    style: str | None,
    width: str | float | None,
    dpi: int,
    table: Sequence[str],
) -> None:
    """Raise ParameterError for what no result can be drawn with; see `Result.draw`."""
    check_asked(figures, recipe)
    check_tables(table)
    if style is not None and style not in STYLES:
        raise ParameterError(f"style={style!r}: expected one of {', '.join(STYLES)}")
    if width is not None:
        in_inches(width)
    if not DPIS[0] <= dpi <= DPIS[1]:
        raise ParameterError(f"dpi={dpi}: expected {DPIS[0]} to {DPIS[1]} pixels per inch")


def check_picture_formats(formats: Collection[str]) -> None:
    """Raise ParameterError unless figures can be written in every one of ``formats``."""
    if not formats or any(name not in FORMATS for name in formats):
        message = f"format={','.join(formats)!r}: expected some of {','.join(FORMATS)}"
        raise ParameterError(message)


def in_inches(width: str | float) -> float:
    """Return a width in inches.

    Examples
    --------
    >>> in_inches("3.25in"), round(in_inches("8.5cm"), 2), round(in_inches("252pt"), 2)
    (3.25, 3.35, 3.49)
    """
    match = LENGTH.fullmatch(str(width))
    if match is None:
        raise ParameterError(f"width={width!r}: expected a length such as 3.25in, 8.5cm or 252pt")
    length = float(match[1]) * INCHES[match[2] or "in"]
    if not LEAST <= length <= MOST:
        raise ParameterError(f"width={width!r}: expected {LEAST:g}in to {MOST:g}in")
    return length
