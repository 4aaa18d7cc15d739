"""What steps, places, sizes, dB and grey levels are called, and which names resemble another."""

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from typing import Protocol

HERTZ = "_hz"  # behind the name of a coordinate in cycles/sample: that in Hz
LENGTH = "_per_length"  # behind the name of one in cycles/pixel: that in cycles/km or alike


class Named(Protocol):
    """Something that ran in a module: its path, and its number within one forward pass."""

    @property
    def name(self) -> str:
        """Dotted path of the module; ``""`` is the model."""

    @property
    def call(self) -> int:
        """Count from 0."""


def label(step: Named) -> str:
    """Return the module path, with ``#call`` after the first.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> label(SimpleNamespace(name="up", call=0)), label(SimpleNamespace(name="", call=1))
    ('up', '(model)#1')
    """
    name = step.name or "(model)"
    return f"{name}#{step.call}" if step.call else name


def place(axes: int) -> str:
    """Return what one place of a map is called: of a signal, a picture, a volume.

    Examples
    --------
    >>> [place(axes) for axes in (1, 2, 3)]
    ['sample', 'pixel', 'voxel']
    """
    return {1: "sample", 3: "voxel"}.get(axes, "pixel")


def places(axes: int) -> str:
    """Return what several places of a map are called, as in ``"96 samples"``.

    Examples
    --------
    >>> [places(axes) for axes in (1, 2, 3)]
    ['samples', 'px', 'voxels']
    """
    return "px" if axes == 2 else f"{place(axes)}s"


def linear_name(axes: int) -> str:
    """Return what linear interpolation along so many axes is called.

    Examples
    --------
    >>> [linear_name(axes) for axes in (1, 2, 3)]
    ['linear', 'bilinear', 'trilinear']
    """
    return {1: "linear", 3: "trilinear"}.get(axes, "bilinear")


def times(values: Sequence[object]) -> str:
    """Return a number for each axis, in the order of the axes: y before x.

    Examples
    --------
    >>> times((3, 3)), times((512, 768))
    ('3x3', '512x768')
    """
    return "x".join(map(str, values))


def size(values: Sequence[int]) -> str:
    """Return a size per axis: one number where all axes agree.

    Examples
    --------
    >>> size((3, 3)), size((3, 5))
    ('3', '3x5')
    """
    return str(values[0]) if len(set(values)) == 1 else times(values)


def period(values: Sequence[int]) -> str:
    """Return a period with its unit, the same wherever it is printed.

    Examples
    --------
    >>> period((4, 4)), period((2, 8)), period((4,)), period((2, 2, 2))
    ('4 px', '2x8 px', '4 samples', '2 voxels')
    """
    return f"{size(values)} {places(len(values))}"


def pixel(place: Sequence[int]) -> str:
    """Return a place in a signal, a picture or a volume, counted from 0.

    Examples
    --------
    >>> pixel((3, 1)), pixel((7,))
    ('row 3, column 1', 'sample 7')
    """
    names = {1: ("sample",), 2: ("row", "column"), 3: ("plane", "row", "column")}[len(place)]
    return ", ".join(f"{name} {n}" for name, n in zip(names, place, strict=True))


def two_digits(value: float) -> str:
    """Return an amplitude with two digits, and zeros instead of an exponent.

    Examples
    --------
    >>> two_digits(0.1234), two_digits(7.61), two_digits(152.4)
    ('0.12', '7.6', '150')
    """
    return f"{float(f'{value:.2g}'):g}"


def near(
    name: str, names: Iterable[str], *, cutoff: float = 0.6, ignore_case: bool = False
) -> list[str]:
    """Return the up to three of ``names`` that resemble ``name`` most, the nearest first.

    Parameters
    ----------
    name : str
        A name that leads nowhere.
    names : iterable of str
        The names that there are.
    cutoff : float
        Least resemblance, from 0 (any name) to 1 (only the same), see
        `difflib.get_close_matches`.
    ignore_case : bool
        Take capital and small letters for the same.

    Examples
    --------
    >>> near("decode", ["encoder", "decoder"]), near("up", ["decoder"])
    (['decoder', 'encoder'], [])
    """
    known = {each.lower() if ignore_case else each: each for each in names}
    wanted = name.lower() if ignore_case else name
    return [known[close] for close in get_close_matches(wanted, known, cutoff=cutoff)]


def db_text(value: float, spec: str = ".1f") -> str:
    """Return a number of dB as it is printed everywhere: what rounds to zero has no sign.

    Examples
    --------
    >>> db_text(-13.24), db_text(-0.04), db_text(0.96, "+.1f"), db_text(-0.04, "+.1f")
    ('-13.2', '0.0', '+1.0', '0.0')
    """
    text = format(value, spec)
    return text.replace("+", "").replace("-", "") if float(text) == 0 else text


def grey(levels: float) -> str:
    """Return levels of 255 to two digits.

    Examples
    --------
    >>> grey(0.912), grey(123.4)
    ('0.91', '123')
    """
    return f"{levels:.2g}" if levels < 10 else f"{levels:.0f}"
