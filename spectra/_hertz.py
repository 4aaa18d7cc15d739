"""Periods of a signal in Hz: where the lines of a grid lie, and how frequencies are written."""

from collections.abc import Iterable, Sequence
from itertools import islice

SAID = 3  # frequencies that a sentence names before it stops


def line_frequencies(
    period: int, sample_rate: float, shorter: Iterable[int] = ()
) -> tuple[float, ...]:
    """Return where the lines of a grid lie, and those of the grids behind it do not.

    A stage whose grid has ``period`` samples in the output leaves lines at the multiples of
    ``sample_rate / period``. The later stages, whose grids are shorter, leave theirs at some of
    these too: what lies there cannot be told apart and is charged to them.

    Parameters
    ----------
    period : int
        Period in samples of the output: the product of the factors of the stage and all behind it.
    sample_rate : float
        Samples a second of the output.
    shorter : iterable of int
        Periods of other stages; those that are not shorter do not count.

    Returns
    -------
    tuple of float
        Hz, ascending, up to half the sample rate.

    Examples
    --------
    >>> line_frequencies(4, 22050), line_frequencies(4, 22050, shorter=[2])
    ((5512.5, 11025.0), (5512.5,))
    """
    behind = [other for other in shorter if 1 < other < period]
    return tuple(
        k * sample_rate / period
        for k in range(1, period // 2 + 1)
        if all(k * other % period for other in behind)
    )


def time_period(period: Sequence[int] | None) -> int | None:
    """Return the period of a grid along time, the last axis; None of one along other axes too.

    Examples
    --------
    >>> time_period((4,)), time_period((1, 256)), time_period((2, 2)), time_period(None)
    (4, 256, None, None)
    """
    if period is None or any(p != 1 for p in period[:-1]):
        return None
    return period[-1]


def is_signal(shape: Sequence[int]) -> bool:
    """Tell whether a map (channel, *spatial) is one along time: its other axes hold one place.

    Examples
    --------
    >>> is_signal((1, 4096)), is_signal((1, 1, 4096)), is_signal((3, 64, 64)), is_signal((512,))
    (True, True, False, False)
    """
    return len(shape) > 1 and all(side == 1 for side in shape[1:-1]) and shape[-1] > 1


def hertz(frequency: float) -> str:
    """Return a frequency with three digits and its unit.

    Examples
    --------
    >>> hertz(5512.5), hertz(86.13), hertz(44100), hertz(999.96)
    ('5.51 kHz', '86.1 Hz', '44.1 kHz', '1 kHz')
    """
    rounded = float(f"{frequency:.3g}")
    return f"{rounded / 1000:g} kHz" if rounded >= 1000 else f"{rounded:g} Hz"


def several_hertz(frequencies: Sequence[float]) -> str:
    """Return the first of some frequencies in a row, in the unit of the last that is named.

    Examples
    --------
    >>> several_hertz([5512.5, 11025.0]), several_hertz([86.1, 172.3, 258.4, 344.5])
    ('5.51, 11 kHz', '86.1, 172, 258 Hz and so on')
    >>> several_hertz([689.1, 1378.1])
    '0.689, 1.38 kHz'
    """
    named = list(islice(frequencies, SAID))
    if _unit(named[-1]) == "kHz":
        text = f"{', '.join(f'{f / 1000:.3g}' for f in named)} kHz"
    else:
        text = f"{', '.join(f'{f:.3g}' for f in named)} Hz"
    return f"{text} and so on" if len(frequencies) > SAID else text


def rate_text(sample_rate: float) -> str:
    """Return a sample rate with all of its digits.

    Examples
    --------
    >>> rate_text(22050.0), rate_text(44100), rate_text(62.5)
    ('22.05 kHz', '44.1 kHz', '62.5 Hz')
    """
    if sample_rate >= 1000:
        return f"{sample_rate / 1000:.10g} kHz"
    return f"{sample_rate:.10g} Hz"


def _unit(frequency: float) -> str:
    return "kHz" if float(f"{frequency:.3g}") >= 1000 else "Hz"
