"""Numbers and names as they are printed: short, in ASCII, never NaN."""

from collections.abc import Iterable, Sequence
from math import log10
from typing import Protocol

from spectra import _names as names
from spectra._hertz import hertz
from spectra._names import Named
from spectra._printable import printable
from spectra.explain import StepRow
from spectra.inputs import Spacing
from spectra.probe import FlatLines
from spectra.score import Score
from spectra.severity import Graded


def shorten(text: str, width: int) -> str:
    """Return ``text`` in at most ``width`` characters, its middle left out if need be.

    Examples
    --------
    >>> shorten("decoder.blocks.3.upsample.conv", 20)
    'decode...sample.conv'
    """
    if len(text) <= width:
        return text
    if width <= 3:
        return text[:width]
    head = (width - 3) * 2 // 5
    return text[:head] + "..." + text[len(text) - (width - 3 - head) :]


def begin(text: str, width: int) -> str:
    """Return the beginning of ``text`` in at most ``width`` characters.

    Examples
    --------
    >>> begin("inputs in 0..255 give outputs of RMS 0.574", 20)
    'inputs in 0..255...'
    """
    return text if len(text) <= width else text[: width - 3].rstrip() + "..."


class Repeated(Named, Protocol):
    """A step, and how often the model ran it side by side."""

    @property
    def calls(self) -> int:
        """At least 1."""


def step(row: Repeated) -> str:
    """Return a step's name, and how often the model ran it side by side."""
    name = printable(names.label(row))
    return f"{name} ({row.calls} calls)" if row.calls > 1 else name


def size(values: Sequence[int] | None) -> str:
    """Return a size per axis: ``3`` where all axes agree, else ``3x5``; ``-`` for none."""
    return names.size(values) if values else "-"


def kernel_and_stride(
    kernel: Sequence[int] | None, stride: Sequence[int] | None, factor: Sequence[int]
) -> str:
    """Return ``kernel/stride`` of a transposed convolution, else the factor as ``x2``."""
    if kernel:
        return f"{size(kernel)}/{size(stride)}"
    return f"x{size(factor)}" if factor else "-"


def period(values: Sequence[int] | None) -> str:
    """Return a period along each axis with its unit; samples of 1-D maps have none."""
    return names.period(values) if values and len(values) > 1 else size(values)


def wavelength(spacing: Spacing | None, values: Sequence[int] | None) -> str:
    """Return how long a period is; nothing where that is not known, or there is none."""
    if spacing is None or values is None or len(values) != len(spacing.dims) or max(values) == 1:
        return ""
    return printable(spacing.in_short(values))


def lowest_line(frequencies_hz: Sequence[float] | None) -> str:
    """Return the lowest frequency at which a step alone has a line; the others are multiples."""
    return hertz(frequencies_hz[0]) if frequencies_hz else "-"


class Scored(Protocol):
    """What is known of the locked energy at one place."""

    @property
    def verdict(self) -> str: ...
    @property
    def asr_dbc(self) -> float | None: ...
    @property
    def asr_ci95_dbc(self) -> tuple[float, float] | None: ...
    @property
    def asr_lower_dbc(self) -> float | None: ...
    @property
    def asr_upper_dbc(self) -> float | None: ...
    @property
    def reason(self) -> str | None: ...


def alias(score: Scored, flat: FlatLines | None = None) -> tuple[str, str]:
    """Return the alias energy in dBc and its interval, or what is known instead of them."""
    estimate = "-" if score.asr_dbc is None else names.db_text(score.asr_dbc)
    if score.asr_ci95_dbc is not None:
        low, high = score.asr_ci95_dbc
        return estimate, f"{names.db_text(low)} to {names.db_text(high)}"
    if score.asr_lower_dbc is not None:
        return "-", f"at least {names.db_text(score.asr_lower_dbc)}"
    if score.asr_dbc is not None and score.verdict != "none":
        upper = score.asr_upper_dbc
        return estimate, "" if upper is None else f"up to {names.db_text(upper)}"
    if score.asr_upper_dbc is not None:
        return "-", f"below {names.db_text(score.asr_upper_dbc)}"
    unscored = score.verdict == "insufficient"
    return "-", (unscored and _flat_field(flat)) or printable(score.reason or "not measured")


def _flat_field(flat: FlatLines | None) -> str:
    """Return what a constant input shows; nothing where it was not measured."""
    if flat is None:
        return ""
    if flat.clean:
        return "flat field: none"
    if flat.line_dbc is None:
        return ""
    return (
        f"flat field {names.db_text(flat.line_dbc)}" if flat.converged else "flat field unsettled"
    )


def z(score: Score) -> str:
    """Return how far the alias peaks stand out under random offsets of the grid."""
    return "-" if score.z is None else names.db_text(score.z)


def at_output(step: StepRow) -> tuple[str, str]:
    """Return what of a step reaches the output, in dBc, and its change on the way, in dB.

    "none" is nothing, as measured; "no number" is a grid without an energy above zero; a dash is
    unknown.
    """
    there = step.at_output
    if there.locked_lower_dbc is not None:
        return f"at least {names.db_text(there.locked_lower_dbc)}", ""
    if there.locked_dbc is None:
        return {"none": "none", "insufficient": "-"}.get(there.verdict, "no number"), ""
    change = "" if there.change_db is None else names.db_text(there.change_db, "+.1f")
    return names.db_text(there.locked_dbc), change


def yardsticks(graded: Graded | None, period: Sequence[int] | None) -> dict[str, str]:
    """Return what nearest and cubic enlargement of the outputs read at the grid of a period."""
    rows = graded.yardsticks if graded else ()
    found = next((row for row in rows if period is not None and row.period == tuple(period)), None)
    read = (found.nearest_dbc, found.cubic_dbc) if found else (None, None)
    return dict(zip(("nearest", "cubic"), map(_or_dash, read), strict=True))


def yardsticks_of_all(graded: Graded | None) -> dict[str, str]:
    """Return what they read at all scored periods together; a dash where one is not known."""
    rows = graded.yardsticks if graded else ()
    read = zip(*((row.nearest_dbc, row.cubic_dbc) for row in rows), strict=True)
    sums = [_summed(values) for values in read] or [None, None]
    return dict(zip(("nearest", "cubic"), map(_or_dash, sums), strict=True))


def _summed(values: Iterable[float | None]) -> float | None:
    """Return the sum of powers in dB."""
    known = list(values)
    powers = [10 ** (value / 10) for value in known if value is not None]
    return 10 * log10(sum(powers)) if len(powers) == len(known) else None


def _or_dash(value: float | None) -> str:
    return "-" if value is None else names.db_text(value)


def shape(values: Sequence[int]) -> str:
    """Return ``(channel, *spatial)`` in words.

    Examples
    --------
    >>> shape((3, 256, 192))
    '3 channels of 256x192'
    """
    if not values:
        return "no shape"
    channels = f"{values[0]} channel" + "s" * (values[0] != 1)
    return f"{channels} of {'x'.join(map(str, values[1:]))}" if len(values) > 1 else channels


def count(number: int) -> str:
    """Return a count with a unit prefix: ``17.1 M``."""
    for unit, scale in (("G", 1e9), ("M", 1e6), ("k", 1e3)):
        if number >= scale:
            return f"{number / scale:.3g} {unit}"
    return str(number)
