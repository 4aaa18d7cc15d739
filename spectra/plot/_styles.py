"""How figures look: their ink, their page and the size of their text.

Everything drawn follows matplotlib's settings at the time it is drawn. A style is a set of these,
in force within a block only: a figure is drawn and saved inside it, and nothing else changes.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal

from matplotlib import rc_context, rcParams
from matplotlib.colors import to_rgb

Style = Literal["paper", "slides", "dark"]
SMALL = 0.8  # of the font size: nearly all text of a figure
REFERENCE = 8.0  # points of small text in the sizes that figures have by themselves
LETTERS = 128  # of small text of one point that an inch holds

_NIGHT, _CHALK = "#14171c", "#e8e6e3"
_SAME_FILES: dict[str, Any] = {"svg.hashsalt": "spectra", "pdf.fonttype": 42}
_THIN = {
    "axes.linewidth": 0.6,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.major.size": 2.5,
    "ytick.major.size": 2.5,
}
STYLES: dict[str, dict[str, Any]] = {
    "paper": {"font.size": 8.75, **_THIN},
    "slides": {"font.size": 16.25, "axes.linewidth": 1.2},
    "dark": {
        "figure.facecolor": _NIGHT,
        "savefig.facecolor": _NIGHT,
        "axes.facecolor": _NIGHT,
        "legend.facecolor": _NIGHT,
        "legend.edgecolor": "0.35",
        **dict.fromkeys(
            (
                "text.color",
                "axes.labelcolor",
                "axes.titlecolor",
                "axes.edgecolor",
                "xtick.color",
                "ytick.color",
                "lines.color",
                "patch.edgecolor",
            ),
            _CHALK,
        ),
    },
}
WIDTHS: dict[str, float] = {"paper": 6.75, "slides": 12.0, "dark": 9.0}  # inches, unless asked


@contextmanager
def styled(style: Style | None) -> Iterator[None]:
    """Draw in a style inside the block; without one as matplotlib is set."""
    settings: dict[Any, Any] = {**_SAME_FILES, **(STYLES[style] if style else {})}
    with rc_context(settings):
        yield


def ink() -> str:
    """Return the colour of text and of what stands for the inputs."""
    return str(rcParams["text.color"])


def page() -> str:
    """Return the colour behind everything."""
    return str(rcParams["axes.facecolor"])


def shade(strength: float) -> tuple[float, float, float]:
    """Return the page with so much ink in it: 0.1 is a light gray on white."""
    r, g, b = (
        (1 - strength) * under + strength * over
        for under, over in zip(to_rgb(page()), to_rgb(ink()), strict=True)
    )
    return r, g, b


def is_dark() -> bool:
    """Tell whether the page is darker than the ink."""
    return sum(to_rgb(page())) < sum(to_rgb(ink()))


def small() -> float:
    """Return the size of small text in points: 8 as matplotlib is set by itself."""
    return SMALL * float(rcParams["font.size"])


def inches(length: float) -> float:
    """Return a length that grows with the text, given as it is beside text of 8 points."""
    return length * small() / REFERENCE


def letters(width: float) -> int:
    """Return how many letters of small text fit a width in inches."""
    return max(int(width * LETTERS / small()), 1)
