"""Figures as bytes, the same for the same figure."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

from matplotlib import rc_context

if TYPE_CHECKING:
    from matplotlib.figure import Figure

QUALITY = 60  # of WebP: a map of noise, the worst there is, takes an eighth of PNG


def webp(figure: Figure, *, dpi: int) -> bytes:
    """Return a figure as WebP, for what has many colours."""
    stream = BytesIO()
    figure.savefig(stream, format="webp", dpi=dpi, pil_kwargs={"quality": QUALITY})
    return stream.getvalue()


def svg(figure: Figure) -> bytes:
    """Return a figure as SVG, for curves."""
    stream = BytesIO()
    with rc_context({"svg.hashsalt": "spectra"}):
        figure.savefig(stream, format="svg", metadata={"Date": None, "Creator": None})
    return stream.getvalue()
