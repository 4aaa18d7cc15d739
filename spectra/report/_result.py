"""The result of an analysis as a folder of files."""

from __future__ import annotations

from collections.abc import Collection
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

from spectra.report._figures import write_figures
from spectra.report._folder import check_formats, writing
from spectra.report._netcdf import write_tree
from spectra.report._summary import write_summary

if TYPE_CHECKING:
    from spectra.analysis import Analysis


def write_result(
    analysis: Analysis,
    directory: str | PathLike[str],
    *,
    force: bool = False,
    checked: bool = False,
    formats: Collection[str] = ("json", "nc", "png"),
) -> Path:
    """Write a result folder and return its path.

    Everything is written to a folder beside ``directory`` that takes its place at the end:
    whatever happens before leaves an old result as it was, and nothing else behind.

    Parameters
    ----------
    analysis : Analysis
    directory : path
    force : bool
        Replace an old result.
    checked : bool
        `check_target` found nothing wrong before a long run: what is found now loses no result,
        which is then kept under a name beside ``directory``.
    formats : collection of {"json", "nc", "png", "pdf"}
        ``summary.json``, ``spectra.nc``, and ``figures/`` as pictures or vector graphics.

    Raises
    ------
    ParameterError
        See `check_target`.
    SpectraError
        If the disk is full or the folder cannot be written.
    """
    check_formats(formats)
    with writing(directory, force=force, checked=checked) as folder:
        if "json" in formats:
            write_summary(analysis.summary, folder / "summary.json")
        if "nc" in formats:
            write_tree(analysis.data, folder / "spectra.nc")
        if pictures := [name for name in formats if name in {"png", "pdf"}]:
            write_figures(analysis, folder / "figures", pictures)
    return Path(directory)
