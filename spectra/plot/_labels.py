"""Words and ticks of figures."""

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from numpy.typing import ArrayLike, NDArray

from spectra._hertz import hertz
from spectra._names import HERTZ, LENGTH, db_text, place
from spectra.inputs import Spacing

MINUS = "\N{MINUS SIGN}"
LARGEST_DENOMINATOR = 64


def fraction(f: float) -> str:
    """Return a frequency as a fraction: 0.25 becomes ``1/4``.

    Examples
    --------
    >>> fraction(0.25), fraction(1 / 3), fraction(0.0)
    ('1/4', '1/3', '0')
    """
    return str(Fraction(float(f)).limit_denominator(LARGEST_DENOMINATOR)).replace("-", MINUS)


def point(frequency: Iterable[float]) -> str:
    """Return a lattice point as fractions.

    Examples
    --------
    >>> point((0.5, 0.25)), point((0.5,))
    ('(1/2, 1/4)', '1/2')
    """
    parts = [fraction(f) for f in frequency]
    return parts[0] if len(parts) == 1 else f"({', '.join(parts)})"


def signed(value: float, unit: str) -> str:
    """Return a number with one decimal, its sign and unit."""
    return f"{db_text(value, '+.1f')} {unit}".replace("-", MINUS)


def shorten(text: str, length: int) -> str:
    """Return ``text`` without its middle, at most ``length`` characters long.

    Examples
    --------
    >>> shorten("decoder.up_blocks.3.upsamplers.0.conv", 21)
    'decoder.up…ers.0.conv'
    """
    if len(text) <= length:
        return text
    head = (length - 1) // 2
    return f"{text[:head]}…{text[len(text) - (length - 1 - head) :]}"


def two_lines(text: str, width: int) -> str:
    r"""Return a name on at most two lines of ``width`` characters, broken at a dot or a space.

    Examples
    --------
    >>> two_lines("decoder.up_blocks.3.upsamplers.0.conv", 24)
    'decoder.up_blocks.\n3.upsamplers.0.conv'
    """
    if len(text) <= width:
        return text
    text = shorten(text, 2 * width - 8)
    ends = [i + 1 for i, c in enumerate(text) if c in "._ …"]
    fits = [i for i in ends if i <= width and len(text) - i <= width] or [len(text) // 2]
    end = min(fits, key=lambda i: abs(i - len(text) / 2))
    return f"{text[:end].rstrip()}\n{text[end:].lstrip()}"


def decibels(power: ArrayLike) -> NDArray[np.float64]:
    """Return 10 log10 of power; NaN where there is none."""
    values = np.asarray(power, float)
    positive = np.where(values > 0, values, np.nan)
    return 10 * np.log10(positive)


@dataclass(frozen=True)
class Scale:
    """What a frequency in cycles/pixel is beside: one in Hz, or a wavelength.

    Attributes
    ----------
    factor : float
        Hz, or cycles per ``unit``, of one cycle/pixel.
    unit : str
        ``"Hz"``, or the unit of the wavelength.
    """

    factor: float
    unit: str

    @property
    def name(self) -> str:
        """What the label of an axis calls it."""
        return "in Hz" if self.unit == "Hz" else f"wavelength in {self.unit}"

    def text(self, f: float) -> str:
        """Return a frequency in this scale; a constant has no wavelength.

        Examples
        --------
        >>> Scale(22050.0, "Hz").text(0.25), Scale(1 / 28, "km").text(-0.5)
        ('5.51 kHz', '56 km')
        """
        if self.unit == "Hz":
            return hertz(f * self.factor)
        return Spacing(("x",), (1 / self.factor,), self.unit).wave_in_words((f,))


def label_frequency_axis(
    ax: Axes,
    which: str,
    *,
    name: str,
    full: bool,
    axes: int = 2,
    scale: Scale | None = None,
) -> None:
    """Label an axis in cycles/pixel, of signals cycles/sample, with fractions at quarters.

    Where the sample rate or the size of a cell is known, every other tick says its frequency in
    Hz, or its wavelength, below.
    """
    ticks = [-0.5, -0.25, 0, 0.25, 0.5] if full else [0, 0.125, 0.25, 0.375, 0.5]
    labels = [fraction(tick) for tick in ticks]
    if scale is not None:  # there is room for every other one
        labels[::2] = [frequency(tick, scale) for tick in ticks[::2]]
    axis = ax.xaxis if which == "x" else ax.yaxis
    axis.set_ticks(ticks, labels=labels)
    apart = ",\n" if which == "x" else ", "  # panels are narrower than that line
    below = "" if scale is None else f"{apart}below {scale.name}"
    axis.set_label_text(f"{name} (cycles/{place(axes)}{below})")


def frequency(f: float, scale: Scale | None) -> str:
    r"""Return a frequency as a fraction, and below it in a scale, where one is known.

    Examples
    --------
    >>> frequency(0.25, None), frequency(0.25, Scale(22050.0, "Hz"))
    ('1/4', '1/4\n5.51 kHz')
    """
    return fraction(f) if scale is None else f"{fraction(f)}\n{scale.text(f)}".rstrip()


def scale_of(data: xr.DataArray, axis: str) -> Scale | None:
    """Return the scale of what has a frequency in cycles/pixel and in another unit; else None.

    Parameters
    ----------
    data : DataArray
    axis : str
        The coordinate in cycles/pixel, such as ``"fx"``.
    """
    for suffix in (HERTZ, LENGTH):
        name = f"{axis}{suffix}"
        if name in data.coords and float(data[axis].max()) > 0:
            factor = float(data[name].max() / data[axis].max())
            return Scale(factor, str(data[name].attrs["units"]).removeprefix("cycles/"))
    return None


def common_scale(power: xr.DataArray) -> Scale | None:
    """Return the scale that all axes of a spectrum have; None where they differ."""
    scales = {scale_of(power, str(dim)) for dim in power.dims}
    return scales.pop() if len(scales) == 1 else None
