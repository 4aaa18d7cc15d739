"""The kernels of one model, as they stand in ``kernels.json`` (schema ``spectra.kernels/1``).

The keys are a contract with everyone who reads the file: add, never rename.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict, dataclass
from os import PathLike
from pathlib import Path

import msgspec

from spectra._printable import encode_json
from spectra.errors import InputError
from spectra.kernel import Measures
from spectra.load import ModelSource
from spectra.report._figure_files import draw_kernel_figure, save_figures
from spectra.report._folder import check_formats, writing
from spectra.report._printed import Printed
from spectra.report._summary_json import read_member
from spectra.weights import KernelIdentity

KERNELS_SCHEMA = "spectra.kernels/1"


@dataclass(frozen=True)
class KernelRow(KernelIdentity):
    """One upsampling kernel; ``measures`` is None where a ``reason`` says why."""

    kernel_size: tuple[int, ...]
    stride: tuple[int, ...]
    padding: tuple[int, ...]
    dilation: tuple[int, ...]
    groups: int
    channels: tuple[int, int]
    measures: Measures | None
    reason: str | None = None


@dataclass(frozen=True, repr=False)
class KernelTable(Printed):
    """All upsampling kernels of a model, and the weights that may be some.

    ``hints`` are the options that would settle ``ambiguous`` names, the likeliest first. The
    repr is the table that the command prints.
    """

    spectra_version: str
    created: str
    model: ModelSource
    spectrum: str
    layers: tuple[KernelRow, ...]
    ambiguous: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    schema: str = KERNELS_SCHEMA
    hints: tuple[str, ...] = ()

    def text(
        self,
        *,
        width: int | None = None,
        color: bool = False,
        wrote: str | PathLike[str] | None = None,
        explain: bool = True,
    ) -> str:
        """Return the table as text, see `Printed.text`; it always says what its columns mean."""
        from spectra.report._kernel_text import render_kernels  # loads rich

        return render_kernels(self, width=width, color=color, wrote=wrote)

    def json(self) -> bytes:
        """Return the table as JSON (schema ``spectra.kernels/1``)."""
        content = asdict(self)
        ordered = {"schema": content.pop("schema"), **content}
        return encode_json(ordered)

    @classmethod
    def read(cls, path: str | PathLike[str]) -> KernelTable:
        """Return the table in the file ``path``, or in the result folder that holds one.

        Raises
        ------
        InputError
            If it cannot be read, or is no table of kernels of schema version 1.
        """
        file, text = read_member(path, "kernels.json")
        try:
            table = msgspec.json.decode(text, type=cls)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise InputError(f"{file}: is not a kernels.json of spectra: {error}") from error
        if table.schema != cls.schema:
            message = f"{file}: its schema is {table.schema!r}: expected {cls.schema!r}"
            raise InputError(message)
        return table

    def save(
        self,
        directory: str | PathLike[str],
        *,
        force: bool = False,
        checked: bool = False,
        formats: Collection[str] = ("json", "csv", "nc", "png", "html"),
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
        formats : collection of {"json", "csv", "nc", "png", "pdf", "html"}
            ``kernels.json``, ``kernels.csv``, ``kernels.nc``, ``figures/kernels.png`` and
            ``report.html``.

        Raises
        ------
        ParameterError
            If a format is not known, or the folder cannot be replaced.
        SpectraError
            If the disk is full or the folder cannot be written.
        """
        check_formats(formats, of="kernels")
        with writing(directory, force=force, checked=checked) as folder:
            if "json" in formats:
                (folder / "kernels.json").write_bytes(self.json())
            if "csv" in formats:
                from spectra.report._kernel_text import kernels_csv

                (folder / "kernels.csv").write_text(kernels_csv(self), encoding="utf-8")
            if "nc" in formats:
                import xarray as xr

                from spectra.report._kernel_text import kernels_dataset
                from spectra.report._netcdf import write_tree

                tree = xr.DataTree.from_dict({"/": kernels_dataset(self)})
                write_tree(tree, folder / "kernels.nc")
            figure = draw_kernel_figure(self) if {"png", "pdf", "html"} & set(formats) else None
            if figure is not None:
                pictures = [name for name in formats if name in {"png", "pdf"}]
                save_figures({"kernels": figure}, folder=folder / "figures", formats=pictures)
            if "html" in formats:
                from spectra.report._other_pages import kernels_page  # loads jinja2

                (folder / "report.html").write_bytes(kernels_page(self, figure))
        return Path(directory)
