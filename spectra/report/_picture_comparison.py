"""Whose grid is stronger, of two folders of pictures: the record behind ``comparison.json``."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from os import PathLike
from pathlib import Path

from spectra._names import two_digits
from spectra._printable import encode_json
from spectra.images import ImagesSummary, Stronger
from spectra.report._folder import check_apart, writing
from spectra.report._printed import Printed

SCHEMA = "spectra.picture-comparison/1"


@dataclass(frozen=True, repr=False)
class PictureComparison(Printed):
    """What two folders of pictures say against each other.

    Attributes
    ----------
    first, second : ImagesSummary
        What each shows by itself.
    stronger : Stronger
        The difference of their grids, with its interval.
    """

    first: ImagesSummary
    second: ImagesSummary
    stronger: Stronger

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
        content = {"schema": SCHEMA, "which": self.stronger.which, "answer": self.answer}
        return encode_json({**content, **asdict(self)})

    def save(
        self, directory: str | PathLike[str], *, force: bool = False, checked: bool = False
    ) -> Path:
        """Write ``comparison.json`` into a folder and return its path: all of it, or nothing.

        Raises
        ------
        ParameterError
            If the folder exists and ``force`` is not given, or it is an analysis.
        """
        check_apart(directory, what="comparisons")
        with writing(directory, force=force, checked=checked) as folder:
            (folder / "comparison.json").write_bytes(self.json())
        return Path(directory)

    def _which(self) -> str:
        found = self.stronger
        names = {"first": self.first.source, "second": self.second.source}
        one, other = two_digits(found.first_db), two_digits(found.second_db)
        ripples = f"ripple of {one} dB against {other} dB at {found.period} px"
        if found.which is None:
            return f"neither is shown to be stronger: {ripples}"
        return f"the grid of {names[found.which]}: {ripples}"

    def _interval(self) -> str:
        found = self.stronger
        if found.interval is None:
            return "not known: four pictures on each side are needed"
        low, high = found.interval
        between = f"95 % {low:+.2g} to {high:+.2g}"
        return f"difference of ripple variances {found.difference:+.2g}, {between}"

    @staticmethod
    def _side(summary: ImagesSummary) -> str:
        cause = f"; {summary.answer['cause']}" if "cause" in summary.answer else ""
        return f"{summary.source}: {summary.answer['verdict']}{cause}"
