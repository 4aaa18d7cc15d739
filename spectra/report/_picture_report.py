"""What some pictures show: the record behind ``images.json`` (schema ``spectra.images/1``)."""

from __future__ import annotations

import csv
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from io import StringIO
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from spectra._printable import encode_json, printable
from spectra.images import ImagesSummary, PictureRow, Recorded, Shown
from spectra.report._figure_files import save_figures
from spectra.report._folder import check_formats, writing
from spectra.report._printed import Printed
from spectra.report._recipe_files import write_recipe
from spectra.report._scores_file import check_scores, write_scores

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray

HEADER = (
    *("source", "width", "height", "channels", "verdict", "period_px", "direction", "causes"),
    *("cause", "expected_alarms", "ripple_db", "pattern_grey_levels", "jpeg_quality"),
    *("block_origin_y", "block_origin_x", "seams_px"),
)
RINGED = 24  # points of a spectrum


@dataclass(frozen=True, repr=False)
class PictureReport(Printed):
    """What some pictures show.

    Attributes
    ----------
    summary : ImagesSummary
        The answer.
    rows : tuple of PictureRow
        One for each picture.
    spectrum : ndarray, shape (128, 65)
        Mean power of luma over fy and the half of fx that says all, over that of white noise.
    ripples : ndarray, shape (picture, 15)
        Variance of the log residual of each picture at periods from 2 to 16.
    recipes : mapping of str to Recorded
        What the recipes of papers that were asked for recorded.
    shown : tuple of Shown
        Those that show a grid most, the strongest first.
    """

    summary: ImagesSummary
    rows: tuple[PictureRow, ...]
    spectrum: NDArray[np.float64] = field(compare=False)
    ripples: NDArray[np.float64] = field(compare=False)
    recipes: Mapping[str, Recorded] = field(default_factory=dict, compare=False)
    shown: tuple[Shown, ...] = field(default=(), compare=False)

    @property
    def answer(self) -> dict[str, str]:
        """The sentences by question."""
        return self.summary.answer

    def text(
        self,
        *,
        width: int | None = None,
        color: bool = False,
        wrote: str | PathLike[str] | None = None,
        explain: bool = False,
    ) -> str:
        """Return the answer as text, see `Printed.text`; with ``explain`` with all points."""
        from spectra.report._picture_text import render_pictures  # loads rich

        return render_pictures(self, width=width, color=color, wrote=wrote, explain=explain)

    def json(self) -> bytes:
        """Return the answer as JSON (schema ``spectra.images/1``)."""
        content = asdict(self.summary)
        return encode_json({"schema": content.pop("schema"), **content})

    def csv(self) -> str:
        """Return a row for each picture as CSV."""
        return csv_of(HEADER, map(score_cells, self.rows))

    def write_csv(self, path: str | PathLike[str]) -> None:
        """Write the rows as CSV to a file: all of them, or nothing.

        Raises
        ------
        ParameterError
            See `check_csv`.
        SpectraError
            If the file cannot be written.
        """
        check_scores(path)
        write_scores(path, self.csv())

    @staticmethod
    def check_csv(path: str | PathLike[str]) -> None:
        """Raise ParameterError unless rows can be written to a file, before a long run."""
        check_scores(path)

    @property
    def data(self) -> xr.Dataset:
        """The mean spectrum and the ripple of each picture, as in ``images.nc``."""
        import xarray as xr

        side = len(self.spectrum)
        fx = np.arange(self.spectrum.shape[1]) / side
        whole = np.fft.fftshift(_whole(self.spectrum))
        frequency = np.fft.fftshift(np.fft.fftfreq(side))
        units = {"units": "cycles/pixel"}
        assert len(fx) == side // 2 + 1
        return xr.Dataset(
            {
                "mean_power": (("fy", "fx"), whole, {"units": "1"}),
                "ripple_variance": (("picture", "period"), self.ripples, {"units": "1"}),
            },
            coords={
                "fy": ("fy", frequency, units),
                "fx": ("fx", frequency, units),
                "period": ("period", np.arange(2, 2 + self.ripples.shape[1]), {"units": "pixel"}),
                "picture": ("picture", [printable(row.source) for row in self.rows]),
            },
            attrs={"window": "Hann, tiles of 128 px", "pictures": len(self.rows)},
        )

    @property
    def spectrum_db(self) -> xr.DataArray | None:
        """The mean spectrum in dB over white noise of variance 1; None where all are too small."""
        if not self.spectrum.any():
            return None
        power = self.data["mean_power"]
        return power.copy(data=10 * np.log10(np.maximum(power.to_numpy(), 1e-30)))

    @property
    def ringed(self) -> list[tuple[float, float]]:
        """What stands out most, as (fy, fx), to be ringed in a spectrum."""
        return [(point.fy, point.fx) for point in self.summary.points[:RINGED]]

    def figure(self) -> Any:
        """Return the mean spectrum as a figure of matplotlib; None where all are too small."""
        if self.spectrum_db is None:
            return None
        from spectra import plot

        return plot.pictures_figure(self.spectrum_db, self.ringed, pictures=len(self.rows))

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
            ``images.json``, ``scores.csv``, ``images.nc``, ``figures/spectrum.png`` and
            ``report.html``. Recipes that were asked for are written whatever the formats.

        Raises
        ------
        ParameterError
            If a format is not known, or the folder cannot be replaced.
        SpectraError
            If the disk is full or the folder cannot be written.
        """
        check_formats(formats, of="images")
        with writing(directory, force=force, checked=checked) as folder:
            if "json" in formats:
                (folder / "images.json").write_bytes(self.json())
            if "csv" in formats:
                (folder / "scores.csv").write_text(self.csv(), encoding="utf-8")
            if "nc" in formats:
                import xarray as xr

                from spectra.report._netcdf import write_tree

                write_tree(xr.DataTree.from_dict({"/": self.data}), folder / "images.nc")
            for name, recorded in self.recipes.items():
                write_recipe(name, recorded, self.rows, folder)
            figure = self.figure() if {"png", "pdf", "html"} & set(formats) else None
            if figure is not None:
                pictures = [name for name in formats if name in {"png", "pdf"}]
                save_figures({"spectrum": figure}, folder=folder / "figures", formats=pictures)
            if "html" in formats:
                from spectra.report._picture_page import pictures_page  # loads jinja2

                (folder / "report.html").write_bytes(pictures_page(self, figure))
        return Path(directory)


def csv_of(header: Iterable[str], rows: Iterable[tuple[object, ...]]) -> str:
    """Return rows under a header as CSV."""
    stream = StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return stream.getvalue()


def score_cells(row: PictureRow) -> tuple[object, ...]:
    """Return one row of the CSV under `HEADER`, empty where nothing is known."""
    y, x = row.block_origin or ("", "")
    return (
        *(printable(row.source), row.width, row.height, row.channels, row.verdict),
        *(_or_empty(row.period), row.direction or "", " ".join(c.id for c in row.causes)),
        *(row.cause, f"{row.alarms:.3g}", f"{row.ripple_db:.4g}", f"{row.pattern:.4g}"),
        *(_or_empty(row.jpeg_quality), y, x, _or_empty(row.seams)),
    )


def _or_empty(value: int | None) -> int | str:
    return "" if value is None else value


def _whole(half: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the power over all fx from that over half of them: that of a real picture."""
    mirrored = np.roll(half[::-1, 1:-1][:, ::-1], 1, axis=0)
    return np.concatenate([half, mirrored], axis=1)
