"""Whether what comes out is pictures, as what went in, and which values are black and white."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from spectra.gather import Passed
    from spectra.inputs import Inputs

    Range = tuple[float, float]

# RMS of outputs over their range, where it is likely a wrong one: pictures may be dark, and none is
# brighter than white but for what overshoots.
FAR_BELOW, FAR_ABOVE = 1 / 40, 1.05
# Of a picture few values overshoot, and not by far: a twentieth of the range is let pass.
OVERSHOOT, MOST_OUTSIDE = 0.05, 0.25
TO_WHITE: Range = (0.0, 1.0)
OTHERS: tuple[Range, ...] = (TO_WHITE, (-1.0, 1.0), (0.0, 255.0))
LEAST = 4  # outputs that tell one range from another: a single picture may be bright all over


@dataclass(frozen=True)
class AsPictures:
    """How outputs are read where pictures went in.

    Attributes
    ----------
    limits : tuple of float or None
        Their black and white; None where they are not read as pictures.
    far_off : bool
        Whether pictures went in and what comes out is none.
    outside : float or None
        Share of the first outputs' values that lie outside the range of the inputs; None where no
        pictures went in.
    """

    limits: Range | None = None
    far_off: bool = False
    outside: float | None = None

    @classmethod
    def of(cls, passed: Passed, inputs: Inputs | None) -> AsPictures:
        """Return how the outputs of a pass are read."""
        if inputs is None or inputs.kind != "images" or inputs.range is None:
            return cls()
        maps = None if passed.few is None else passed.few.outputs
        if maps is None or maps.is_complex():
            return cls(inputs.range)
        outside = _outside(maps, inputs.range)
        # One channel of three may be anything, such as a depth from 0 to 200.
        alike = passed.found.output_shape[:1] == passed.found.control_shape[:1]
        other = _other_range(maps, inputs.range, outside=outside) if alike else None
        if other is not None:
            return cls(other, outside=outside)
        rms = passed.output_rms if alike else None
        reach = max(map(abs, inputs.range))
        dim = rms is not None and not reach * FAR_BELOW <= rms <= reach * FAR_ABOVE
        far_off = dim or outside > MOST_OUTSIDE
        return cls(None if far_off else inputs.range, far_off, outside)


def _outside(maps: Any, limits: Range) -> float:
    """Return the share of values outside a range, but for what may overshoot."""
    low, high = limits
    margin = OVERSHOOT * (high - low)
    return float(((maps < low - margin) | (maps > high + margin)).double().mean())


def _other_range(maps: Any, own: Range, *, outside: float) -> Range | None:
    """Return the usual range in which outputs lie though the inputs have another; None of most.

    All values of many pictures lie in 0..1 of a wider range by no chance; in a wider one than the
    inputs' they are told by how many leave that.
    """
    if len(maps) < LEAST or maps.shape[1] not in (1, 3):
        return None
    low, high = (float(v) for v in (maps.min(), maps.max()))
    for a, b in OTHERS:
        slack = OVERSHOOT * (b - a)
        fits = a - slack <= low and high <= b + slack and high - low >= (b - a) / 2
        narrower = (a, b) == TO_WHITE
        if (a, b) != own and fits and (narrower or outside > MOST_OUTSIDE):
            return a, b
    return None
