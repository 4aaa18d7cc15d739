"""Numbers and names as they are printed: short, in ASCII, never NaN."""

from collections.abc import Sequence

from spectra.explain import StepRow
from spectra.score import Score


def printable(text: str) -> str:
    """Return ``text`` without characters that would steer a terminal."""
    return "".join(c if c.isprintable() else "?" for c in " ".join(text.split()))


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


def size(values: Sequence[int] | None) -> str:
    """Return a size per axis: ``3`` where all axes agree, else ``3x5``; ``-`` for none."""
    if not values:
        return "-"
    return str(values[0]) if len(set(values)) == 1 else "x".join(map(str, values))


def kernel_and_stride(
    kernel: Sequence[int] | None, stride: Sequence[int] | None, factor: Sequence[int]
) -> str:
    """Return ``kernel/stride`` of a transposed convolution, else the factor as ``x2``."""
    if kernel:
        return f"{size(kernel)}/{size(stride)}"
    return f"x{size(factor)}" if factor else "-"


def period(values: Sequence[int] | None) -> str:
    """Return a period along each axis with its unit; samples of 1-D maps have none."""
    return f"{size(values)} px" if values and len(values) > 1 else size(values)


def alias(score: Score, flat_field_dbc: float | None = None) -> tuple[str, str]:
    """Return the alias energy in dBc and its interval, or what is known instead of them."""
    if score.asr_dbc is not None and (score.asr_ci95_dbc or score.verdict != "none"):
        return f"{score.asr_dbc:.1f}", _interval(score)
    if score.at_least:
        return "-", f"at least {score.asr_lower_dbc:.1f}"
    if score.asr_upper_dbc is not None:
        return "-", f"below {score.asr_upper_dbc:.1f}"
    if flat_field_dbc is not None:
        return "-", f"flat field {flat_field_dbc:.1f}"
    return "-", printable(score.reason or "not measured")


def _interval(score: Score) -> str:
    if score.asr_ci95_dbc is not None:
        low, high = score.asr_ci95_dbc
        return f"{low:.1f} to {high:.1f}"
    return "" if score.asr_upper_dbc is None else f"up to {score.asr_upper_dbc:.1f}"


def z(score: Score) -> str:
    """Return how far the alias peaks stand out under random offsets of the grid."""
    return "-" if score.z is None else f"{score.z:.1f}"


def at_output(step: StepRow) -> tuple[str, str]:
    """Return what of a step reaches the output, in dBc, and its change on the way, in dB."""
    locked, change = step.at_output.locked_dbc, step.at_output.change_db
    if locked is None:
        return "-", ""
    return f"{locked:.1f}", "" if change is None else f"{change:+.1f}"


def grey_levels(score: Score) -> tuple[str, str]:
    """Return the amplitude of a picture's locked pattern, where its range is known."""
    return ("-", "") if score.grey_levels is None else (f"{score.grey_levels:.2g}/255", "")


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
