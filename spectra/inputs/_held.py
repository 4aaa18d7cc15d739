"""What a file or an xarray object of named dimensions holds, told without its values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from spectra.inputs._dims import role_of


@dataclass(frozen=True)
class Variable:
    """A variable with named dimensions.

    Attributes
    ----------
    name : str
    dims : tuple of str
    shape : tuple of int
        Its length along each of them.
    dtype : str
        Type of its values once unpacked.
    chunk : int
        Bytes that are unpacked at once; 0 where that is any number.
    units : str
        Of its values; empty where the source tells none.
    chunks : tuple of int
        Lengths of what is unpacked at once; empty where that is any.
    """

    name: str
    dims: tuple[str, ...]
    shape: tuple[int, ...]
    dtype: str
    chunk: int = 0
    units: str = ""
    chunks: tuple[int, ...] = ()

    @property
    def sizes(self) -> dict[str, int]:
        """Length along each dimension."""
        return dict(zip(self.dims, self.shape, strict=True))


@dataclass(frozen=True)
class Coordinate:
    """The places along one dimension.

    Attributes
    ----------
    dim : str
    values : tuple of float or of str
        One for each place.
    units, axis, standard_name : str
        As the conventions for climate and forecast metadata (CF) have them; empty where the
        source tells none.
    """

    dim: str
    values: tuple[float, ...] | tuple[str, ...]
    units: str = ""
    axis: str = ""
    standard_name: str = ""

    @property
    def numbers(self) -> tuple[float, ...] | None:
        """The places as numbers; None where they are names."""
        found = tuple(value for value in self.values if not isinstance(value, str))
        return found if len(found) == len(self.values) else None

    def label(self, index: int) -> str:
        """Return what one place is called.

        Examples
        --------
        >>> Coordinate("level", (850.0, 500.0)).label(1)
        '500'
        """
        value = self.values[index]
        return value if isinstance(value, str) else f"{value:g}"


@dataclass(frozen=True)
class Held:
    """Variables, and the coordinates of their dimensions where there are any.

    Attributes
    ----------
    variables : mapping of str to Variable
    coordinates : mapping of str to Coordinate
        By dimension.
    bounds : frozenset of str
        Variables that only say where the cells of a coordinate end.
    curved : tuple of str
        Latitudes and longitudes over two axes, as those of curvilinear grids.
    """

    variables: Mapping[str, Variable]
    coordinates: Mapping[str, Coordinate] = field(default_factory=dict)
    bounds: frozenset[str] = frozenset()
    curved: tuple[str, ...] = ()

    @property
    def has_axes(self) -> bool:
        """Whether any dimension is known to be an axis of maps by its name."""
        dims = {dim for variable in self.variables.values() for dim in variable.dims}
        return any(role_of(dim, self.coordinates.get(dim)) == "space" for dim in dims)
