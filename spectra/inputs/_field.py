"""Maps whose axes, channels and samples have names: what is kept of a field beside its values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import cos, radians
from typing import TYPE_CHECKING

from spectra._text import listed
from spectra.inputs._dims import is_latitude
from spectra.inputs._field_layout import FieldLayout
from spectra.inputs._held import Coordinate, Held
from spectra.inputs._spacing import Spacing, spacing_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Field:
    """Names of the axes, channels and samples of maps.

    Attributes
    ----------
    dims : tuple of str
        The axes of a map.
    names, units : tuple of str
        Of each channel.
    coordinates : mapping of str to Coordinate
        The places along the axes, where they are known.
    samples : tuple of (str, int)
        The dimensions that samples count through, the last fastest, with their lengths.
    sample_coordinates : mapping of str to Coordinate
        The places along these.
    used : tuple of int
        Which of all samples are used.
    curved : tuple of str
        Latitudes and longitudes over two axes: their cells have no one size.
    """

    dims: tuple[str, ...]
    names: tuple[str, ...]
    units: tuple[str, ...]
    coordinates: Mapping[str, Coordinate] = field(default_factory=dict)
    samples: tuple[tuple[str, int], ...] = ()
    sample_coordinates: Mapping[str, Coordinate] = field(default_factory=dict)
    used: tuple[int, ...] = ()
    curved: tuple[str, ...] = ()

    @classmethod
    def of(cls, layout: FieldLayout, held: Held) -> Field:
        """Return what is known of maps that are read by a layout."""

        def known(dims: Sequence[str]) -> dict[str, Coordinate]:
            return {d: held.coordinates[d] for d in dims if d in held.coordinates}

        return cls(
            dims=layout.space,
            names=layout.names,
            units=layout.units,
            coordinates=known(layout.space),
            samples=tuple((dim, layout.sizes[dim]) for dim in layout.samples),
            sample_coordinates=known(layout.samples),
            curved=held.curved,
        )

    @property
    def spacing(self) -> Spacing | None:
        """How far cells lie apart, where the coordinates tell."""
        return spacing_of(self.dims, self.coordinates)[0]

    @property
    def without_spacing(self) -> str:
        """Why they do not tell; empty where there is nothing to be told."""
        spacing, why = spacing_of(self.dims, self.coordinates)
        if spacing is not None or why or not self.curved:
            return why
        return (
            f"no wavelengths: {listed(self.curved)} lie over two axes, so cells have no one size "
            f"and count alike; where they nearly have one, give {' and '.join(self.dims)} "
            "coordinates in km"
        )

    def cropped(self, window: Sequence[slice]) -> Field:
        """Return the field of a part of each map."""
        cut = dict(zip(self.dims, window, strict=True))
        parts = {dim: replace(c, values=c.values[cut[dim]]) for dim, c in self.coordinates.items()}
        return replace(self, coordinates=parts)

    def with_samples(self, used: Sequence[int]) -> Field:
        """Return the field of some of the samples."""
        return replace(self, used=tuple(used))

    def finer(self, dim: str, places: int) -> Coordinate | None:
        """Return the coordinate of a map that covers the same area with other cells.

        A coordinate is that of a cell's middle: n cells of width w from x - w / 2 on become
        ``places`` cells of width n w / places on the same stretch.

        Parameters
        ----------
        dim : str
            An axis of the map.
        places : int
            Cells along it.
        """
        own = self.coordinates.get(dim)
        values = None if own is None else own.numbers
        if own is None or values is None or len(values) < 2:
            return own if own is not None and len(own.values) == places else None
        if places == len(values):
            return own
        ratio = len(values) / places
        at = [(i + 0.5) * ratio - 0.5 for i in range(places)]
        return replace(own, values=tuple(_between(values, place) for place in at))

    def area_weights(self, places: int) -> NDArray[np.float64] | None:
        """Return cos latitude of each row of a map with ``places`` rows, over their mean.

        None where no latitude is an axis of the maps.
        """
        import numpy as np

        dim = self.latitude
        finer = None if dim is None else self.finer(dim, places)
        if finer is None or finer.numbers is None:
            return None
        weights = np.array([max(cos(radians(at)), 0.0) for at in finer.numbers])
        return weights / weights.mean() if weights.any() else None

    def areas(self, sides: Sequence[int]) -> NDArray[np.float64] | None:
        """Return the area of the cells of a map over their mean, to be multiplied by the map.

        Parameters
        ----------
        sides : sequence of int
            Of the map, which covers what this field covers.

        Returns
        -------
        ndarray of float64 or None
            One for each row, shape ``(rows, 1)`` where latitude is the first of two axes. None
            where no latitude is an axis of the maps, or the map has other axes.
        """
        if self.latitude is None or len(sides) != len(self.dims):
            return None
        axis = self.dims.index(self.latitude)
        weights = self.area_weights(sides[axis])
        along = [-1 if index == axis else 1 for index in range(len(sides))]
        return None if weights is None else weights.reshape(along)

    @property
    def latitude(self) -> str | None:
        """The axis of the maps that runs along a meridian, if one does."""
        return next((d for d in self.dims if is_latitude(d, self.coordinates.get(d))), None)

    def sample_places(self) -> dict[str, tuple[float | str, ...]]:
        """Return where each used sample lies along each of the dimensions samples count through."""
        places: dict[str, tuple[float | str, ...]] = {}
        below = 1
        for dim, length in reversed(self.samples):
            at = [index // below % length for index in self.used]
            own = self.sample_coordinates.get(dim)
            places[dim] = tuple(float(i) if own is None else own.values[i] for i in at)
            below *= length
        return dict(reversed(places.items()))


def _between(values: Sequence[float], at: float) -> float:
    """Return a coordinate between, or up to half a cell beyond, the places 0, 1, ..."""
    low = min(max(int(at // 1), 0), len(values) - 2)
    return values[low] + (at - low) * (values[low + 1] - values[low])
