"""How long the period of a grid is where the inputs have coordinates."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spectra.capture import Discovery
    from spectra.inputs import Inputs, Spacing


def output_spacing(inputs: Inputs | None, found: Discovery) -> Spacing | None:
    """Return how far the cells of the output lie apart, if it covers what its inputs cover.

    Parameters
    ----------
    inputs : Inputs or None
        What the model ran on.
    found : Discovery
        How many times as large as its inputs the output is.
    """
    own = inputs.spacing if inputs is not None else None
    if own is None or not found.ratio or len(found.ratio) != len(own.dims):
        return None
    return own.over([float(r) for r in found.ratio])


def wavelengths(
    spacing: Spacing | None, period: Sequence[int] | None
) -> tuple[float | None, ...] | None:
    """Return how long a period is along each axis; None where that is not known."""
    if spacing is None or period is None or len(period) != len(spacing.dims):
        return None
    return spacing.wavelengths(period)
