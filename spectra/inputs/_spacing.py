"""How far the cells of a map lie apart, by its coordinates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from math import cos, pi, radians

from spectra._names import times
from spectra.inputs._dims import is_latitude, is_longitude
from spectra.inputs._held import Coordinate

KM_PER_DEGREE = 6371.0088 * pi / 180  # of a sphere with the Earth's mean radius (IUGG)
EVEN = 0.05  # of the mean step: Gaussian latitudes differ by less, stretched grids by more
_LENGTHS = {
    **dict.fromkeys(("m", "metre", "metres", "meter", "meters"), ("m", 1.0)),
    **dict.fromkeys(("km", "kilometre", "kilometres", "kilometer", "kilometers"), ("m", 1e3)),
    **dict.fromkeys(("mm", "millimetre", "millimeter", "millimetres", "millimeters"), ("mm", 1.0)),
    **dict.fromkeys(("um", "micron", "micrometre", "micrometer", "\N{MICRO SIGN}m"), ("um", 1.0)),
}


@dataclass(frozen=True)
class Spacing:
    """How far neighbouring cells of a map lie apart.

    Attributes
    ----------
    dims : tuple of str
        The axes of the map.
    distance : tuple of float
        Along each of them, in ``unit``.
    unit : str
        Such as ``"km"``.
    at_latitude : float or None
        The mean latitude, at which degrees of longitude were measured.
    widest, narrowest : float or None
        Along a parallel at the latitudes of the map that lie nearest to and farthest from the
        equator; None where longitudes are none of its axes.
    """

    dims: tuple[str, ...]
    distance: tuple[float, ...]
    unit: str
    at_latitude: float | None = None
    widest: float | None = None
    narrowest: float | None = None

    def over(self, ratio: Sequence[float]) -> Spacing:
        """Return the spacing of maps that have ``ratio`` times as many cells on the same area."""
        finer = tuple(d / float(r) for d, r in zip(self.distance, ratio, strict=True))
        return replace(self, distance=finer, widest=None, narrowest=None)

    def wavelengths(self, period: Sequence[int]) -> tuple[float | None, ...]:
        """Return how long a period is along each axis; None along an axis without one.

        Examples
        --------
        >>> Spacing(("y", "x"), (2.0, 3.0), "km").wavelengths((2, 1))
        (4.0, None)
        """
        pairs = zip(self.distance, period, strict=True)
        return tuple(d * p if p > 1 else None for d, p in pairs)

    def wavelength(self, frequency: Sequence[float]) -> float | None:
        """Return the wavelength of a plane wave in cycles/pixel; None of a constant.

        Examples
        --------
        >>> Spacing(("y", "x"), (3.0, 4.0), "km").wavelength((0.5, 0.0))
        6.0
        """
        waves = [f / d for f, d in zip(frequency, self.distance, strict=True)]
        square = sum(wave**2 for wave in waves)
        return None if square == 0 else float(square**-0.5)

    def wave_in_words(self, frequency: Sequence[float]) -> str:
        """Return the wavelength of a plane wave with its unit; empty of a constant.

        Examples
        --------
        >>> cells = Spacing(("y", "x"), (3.0, 4.0), "km")
        >>> cells.wave_in_words((0.5, 0.0)), cells.wave_in_words((0.0, 0.0))
        ('6 km', '')
        """
        length = self.wavelength(frequency)
        return "" if length is None else f"{digits(length)} {self.unit}"

    def in_words(self, period: Sequence[int]) -> str:
        """Return the wavelength of a period, of each axis where they differ.

        Examples
        --------
        >>> cells = Spacing(("lat", "lon"), (27.8, 19.7), "km")
        >>> cells.in_words((2, 2)), cells.in_words((2, 1))
        ('56 km along lat, 39 km along lon', '56 km along lat')
        """
        texts = [
            (f"{digits(length)} {self.unit}", dim)
            for length, dim in zip(self.wavelengths(period), self.dims, strict=True)
            if length is not None
        ]
        if len(texts) == len(self.dims) and len({text for text, _ in texts}) == 1:
            return texts[0][0]
        return ", ".join(f"{text} along {dim}" for text, dim in texts)

    def in_short(self, period: Sequence[int]) -> str:
        """Return the same for a table.

        Examples
        --------
        >>> cells = Spacing(("lat", "lon"), (27.8, 19.7), "km")
        >>> cells.in_short((2, 2)), cells.in_short((1, 2))
        ('56x39 km', '39 km')
        """
        lengths = [digits(n) for n in self.wavelengths(period) if n is not None]
        same = len({*lengths}) == 1
        return f"{lengths[0] if same else times(lengths)} {self.unit}" if lengths else ""

    def described(self) -> str:
        """Return how far the cells lie apart, as a note says it."""
        text = f"cells of {times([digits(d) for d in self.distance])} {self.unit}"
        text += f" ({' x '.join(self.dims)}"
        if self.at_latitude is not None:
            text += f", at the mean latitude {round(self.at_latitude, 2) + 0.0:.3g}"
        if self.widest is not None and self.narrowest is not None:
            text += (
                f"; along a parallel {digits(self.narrowest)} to {digits(self.widest)} {self.unit}"
            )
        return text + ")"


def digits(length: float) -> str:
    """Return a length to two digits, or whole.

    Examples
    --------
    >>> digits(0.1234), digits(7.61), digits(55.6), digits(1234.4)
    ('0.12', '7.6', '56', '1234')
    """
    return f"{length:.0f}" if length >= 10 else f"{float(f'{length:.2g}'):g}"


def spacing_of(
    dims: Sequence[str], coordinates: Mapping[str, Coordinate]
) -> tuple[Spacing | None, str]:
    """Return how far the cells of maps lie apart, and why that is not known, if so.

    Degrees of latitude and longitude become km on a sphere, those of longitude at the mean
    latitude. Lengths stay what they are, metres from 1000 on as km.

    Parameters
    ----------
    dims : sequence of str
        The axes of the maps.
    coordinates : mapping of str to Coordinate
        The places along them.
    """
    known = {dim: coordinates[dim] for dim in dims if dim in coordinates}
    if not known or all(not c.units and not _degrees(d, c) for d, c in known.items()):
        return None, ""
    if missing := [dim for dim in dims if dim not in known]:
        return None, f"no wavelengths: {missing[0]} has no coordinate"
    steps = {dim: _step(dim, coordinate) for dim, coordinate in known.items()}
    for dim, step in steps.items():
        if isinstance(step, str):
            return None, f"no wavelengths: {dim} {step}"
    even = {dim: step for dim, step in steps.items() if isinstance(step, float)}
    latitude = next((known[d].numbers for d in dims if is_latitude(d, known[d])), None)
    if any(is_longitude(dim, known[dim]) for dim in dims):
        if latitude is None:
            return None, "no wavelengths: longitudes without latitudes"
        return _on_a_sphere(dims, known, even, latitude)
    if any(is_latitude(dim, known[dim]) for dim in dims):
        if len(dims) > 1:
            return None, "no wavelengths: latitudes without longitudes"
        return Spacing(tuple(dims), (even[dims[0]] * KM_PER_DEGREE,), "km"), ""
    return _in_lengths(dims, known, even)


def _degrees(dim: str, coordinate: Coordinate) -> bool:
    return is_latitude(dim, coordinate) or is_longitude(dim, coordinate)


def _on_a_sphere(
    dims: Sequence[str],
    known: Mapping[str, Coordinate],
    even: Mapping[str, float],
    latitude: Sequence[float],
) -> tuple[Spacing | None, str]:
    if not all(_degrees(dim, known[dim]) for dim in dims):
        return None, f"no wavelengths: {', '.join(dims)} have no common unit"
    mean = sum(latitude) / len(latitude)
    nearest = 0.0 if min(latitude) <= 0 <= max(latitude) else min(map(abs, latitude))
    farthest = max(map(abs, latitude))
    across = next(even[dim] for dim in dims if is_longitude(dim, known[dim])) * KM_PER_DEGREE
    widths = [_cos(at) * across for at in (mean, nearest, farthest)]
    distance = tuple(
        widths[0] if is_longitude(dim, known[dim]) else even[dim] * KM_PER_DEGREE for dim in dims
    )
    if min(distance) <= 0:
        return None, "no wavelengths: the mean latitude is a pole"
    return Spacing(
        tuple(dims), distance, "km", at_latitude=mean, widest=widths[1], narrowest=widths[2]
    ), ""


def _cos(latitude: float) -> float:
    """Return the cosine, and 0 where rounding leaves something at a pole."""
    return max(round(cos(radians(latitude)), 12), 0.0)


def _in_lengths(
    dims: Sequence[str], known: Mapping[str, Coordinate], even: Mapping[str, float]
) -> tuple[Spacing | None, str]:
    units = {dim: _LENGTHS.get(known[dim].units.strip(), (known[dim].units, 1.0)) for dim in dims}
    names = {name for name, _ in units.values()}
    if len(names) > 1 or not all(names):
        return None, f"no wavelengths: {', '.join(dims)} have no common unit"
    unit, distance = names.pop(), tuple(even[dim] * units[dim][1] for dim in dims)
    if unit == "m" and min(distance) >= 1000:
        unit, distance = "km", tuple(d / 1000 for d in distance)
    return Spacing(tuple(dims), distance, unit), ""


def _step(dim: str, coordinate: Coordinate) -> float | str:
    """Return the mean distance of neighbours, or why there is none."""
    values = coordinate.numbers
    if values is None or len(values) < 2:
        return "has fewer than two places" if values is not None else "has names, not numbers"
    steps = [b - a for a, b in pairwise(values)]
    if is_longitude(dim, coordinate):
        steps = [(step + 180) % 360 - 180 for step in steps]
    mean = sum(steps) / len(steps)
    spread = max(abs(step - mean) for step in steps)
    if not abs(mean) > 0 or not spread <= EVEN * abs(mean):
        return "is no even grid"
    return abs(mean)
