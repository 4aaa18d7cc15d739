"""The lines of one map under a constant input."""

from dataclasses import dataclass


@dataclass(frozen=True)
class FlatLines:
    """Lines of a map when the model sees a constant input, over the map's own mean level.

    Attributes
    ----------
    line_dbc : float or None
        Power of all lines over the power of the mean level, in dBc; None with a ``reason``.
        Where no lattice is known, power of all structure: nothing but DC should be there.
    size : int or None
        Side of the input, in pixels, at which it was measured; None without spatial input.
    converged : bool
        Whether a larger input would say the same, so that borders play no part.
    reason : str or None
        Why there is no number, why it has not converged, or what else it counts than lines.
    line_upper_dbc : float or None
        What all lines lie below, where the map was measured and none stands above its rounding.
    """

    line_dbc: float | None
    size: int | None
    converged: bool
    reason: str | None = None
    line_upper_dbc: float | None = None

    @property
    def settled_dbc(self) -> float | None:
        """The lines, where they are lines and another input would say the same."""
        return self.line_dbc if self.converged and self.reason is None else None

    @property
    def clean(self) -> bool:
        """Whether the map was measured and holds no line."""
        return self.line_dbc is None and self.line_upper_dbc is not None
