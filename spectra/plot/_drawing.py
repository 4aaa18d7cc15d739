"""A figure with its caption, and how figures of one call look."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Any

from spectra.plot._styles import Style, styled

if TYPE_CHECKING:
    from matplotlib.figure import Figure

UNDATED: dict[str, dict[str, Any]] = {
    "png": {"Software": None},
    "pdf": {"CreationDate": None, "Producer": None},
    "svg": {"Date": None},
}


@dataclass(frozen=True)
class Look:
    """Style, width in inches and pixels per inch of figures; without a style with notes below."""

    style: Style | None = None
    width: float | None = None
    dpi: int = 150

    @property
    def notes(self) -> bool:
        """Whether figures say below how they were made."""
        return self.style is None


@dataclass(frozen=True)
class Drawing:
    """A figure, what it is called, what stands under it, and in which style it was drawn."""

    name: str
    figure: Figure
    caption: str
    style: Style | None = None

    def encoded(self, extension: str) -> bytes:
        """Return the figure as a file of a format, the same bytes for the same figure."""
        file = BytesIO()
        with styled(self.style):
            self.figure.savefig(
                file, format=extension, dpi=self.figure.dpi, metadata=UNDATED[extension]
            )
        return file.getvalue()
