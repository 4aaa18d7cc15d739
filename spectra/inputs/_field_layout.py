"""Which dimensions and variables of a source become samples, channels and axes of maps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from math import prod

from spectra._text import listed, suggestion
from spectra.errors import InputError
from spectra.inputs._dims import VERTICAL, Role, role_of
from spectra.inputs._field_query import FieldQuery
from spectra.inputs._held import Coordinate, Held, Variable

ROLES: tuple[Role, ...] = ("samples", "channels", "space")
MOST_AXES = 3
NAMELESS = {"variable", "variables", "channel", "channels", "band", "feature"}
"""Dimensions whose labels are names by themselves: of `xarray.Dataset.to_dataarray`, and others."""


@dataclass(frozen=True)
class FieldLayout:
    """How maps are read from variables with named dimensions.

    Attributes
    ----------
    variables : tuple of Variable
        In the order of their channels.
    samples, channels, space : tuple of str
        The dimensions of each kind, the last one runs fastest.
    sizes : mapping of str to int
        Length of each dimension.
    names, units : tuple of str
        Of each channel.
    notes : tuple of str
        What was decided, one phrase each.
    """

    variables: tuple[Variable, ...]
    samples: tuple[str, ...]
    channels: tuple[str, ...]
    space: tuple[str, ...]
    sizes: Mapping[str, int]
    names: tuple[str, ...]
    units: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def count(self) -> int:
        """Number of samples."""
        return prod(self.sizes[dim] for dim in self.samples)

    @property
    def shape(self) -> tuple[int, ...]:
        """``(channel, *spatial)`` of a sample; ``(channel,)`` without an axis of maps."""
        return (len(self.names), *(self.sizes[dim] for dim in self.space))

    @property
    def dtype(self) -> str:
        """Type of the values: the first that is none of floats, else the first."""
        types = [variable.dtype for variable in self.variables]
        return next((name for name in types if "float" not in name), types[0])

    def order(self, variable: Variable) -> list[str]:
        """Return the dimensions of a variable in the order in which its values are wanted."""
        return [d for d in (*self.samples, *self.channels, *self.space) if d in variable.dims]

    def channels_of(self, variable: Variable) -> int:
        """Return how many channels a variable becomes."""
        return prod(self.sizes[dim] for dim in self.channels if dim in variable.dims)

    def blocks(self, block: int) -> Iterator[dict[str, int | slice]]:
        """Yield what of each sample dimension is read at once, in the order of the samples."""
        if not self.samples:
            yield {}
            return
        *outer, last = self.samples
        for numbers in product(*(range(self.sizes[dim]) for dim in outer)):
            for start in range(0, self.sizes[last], block):
                stop = min(start + block, self.sizes[last])
                yield {**dict(zip(outer, numbers, strict=True)), last: slice(start, stop)}


def lay_out(held: Held, query: FieldQuery, source: str, *, typed: bool = True) -> FieldLayout:
    """Return how the variables of a source become samples.

    Parameters
    ----------
    held : Held
        What the source holds.
    query : FieldQuery
        What the user says of it.
    source : str
        What it is called in errors.
    typed : bool
        Whether the user types names behind the source; else a remedy is Python.

    Raises
    ------
    InputError
        If a dimension or variable is not there, or what it stands for is not known.
    """
    asking = _Asking(source, typed)
    chosen = _chosen(held, query, asking)
    roles = _Roles(held, query, asking)
    layouts = {variable.name: roles.of(variable) for variable in chosen}
    kept, skipped = _of_one_grid(chosen, layouts, query, asking)
    joined = {role: _joined(layouts[v.name][role] for v in kept) for role in ROLES}
    space = joined["space"] if not query.space else [*query.space]
    sizes = {dim: n for variable in kept for dim, n in variable.sizes.items()}
    if len(space) > MOST_AXES:
        raise InputError(
            f"{source} has maps over {listed(space)}: expected one to three axes; "
            f"{asking.how('samples', space[0])}"
        )
    alone = len(kept) == 1
    named = [n for v in kept for n in _names(v, held, joined["channels"], alone=alone)]
    units = [v.units for v in kept for _ in _places(v, joined["channels"])]
    return FieldLayout(
        variables=tuple(kept),
        samples=tuple(joined["samples"]),
        channels=tuple(joined["channels"]),
        space=tuple(space),
        sizes=sizes,
        names=tuple(named),
        units=tuple(units),
        notes=tuple(_notes(kept, joined, space, sizes=sizes, skipped=skipped, count=len(named))),
    )


@dataclass(frozen=True)
class _Asking:
    """How a question ends: with what to type."""

    source: str
    typed: bool

    def how(self, role: Role, dim: str) -> str:
        """Return how a dimension is given a role."""
        if self.typed:
            return f"type '{self.source}?{role}={dim}'"
        new = {"samples": "sample", "channels": "channel", "space": "plane"}[role]
        return f"call .rename({{{dim!r}: {new!r}}})"

    def choose(self, name: str) -> str:
        """Return how a variable is chosen."""
        return f"'{self.source}?variables={name}'" if self.typed else f"dataset[[{name!r}]]"


def _chosen(held: Held, query: FieldQuery, asking: _Asking) -> list[Variable]:
    """Return the variables that were asked for, else all of floats."""
    asked = query.variables or ((query.key,) if query.key else ())
    for name in asked:
        if name not in held.variables:
            raise InputError(
                f"{asking.source} has no array {name!r}: it holds {described(held)}; "
                f"{suggestion(name, held.variables)}"
            )
    if asked:
        return [held.variables[name] for name in dict.fromkeys(asked)]
    found = [v for v in held.variables.values() if "float" in v.dtype and v.name not in held.bounds]
    if not found:
        raise InputError(f"{asking.source} holds {described(held)}: expected maps of floats")
    return found


def described(held: Held) -> str:
    """Return what a source holds, in words."""
    texts = (f"{v.name} {v.shape} {v.dtype}" for v in held.variables.values())
    return listed(texts, 12) or "nothing"


class _Roles:
    """What the dimensions of variables stand for."""

    def __init__(self, held: Held, query: FieldQuery, asking: _Asking) -> None:
        self._held, self._asking = held, asking
        self._asked: dict[str, Role] = {dim: role for role in ROLES for dim in getattr(query, role)}
        dims = {dim for variable in held.variables.values() for dim in variable.dims}
        for dim in self._asked:
            if dim not in dims:
                raise InputError(
                    f"{asking.source} has no dimension {dim!r}: {suggestion(dim, sorted(dims))}"
                )

    def of(self, variable: Variable) -> dict[Role, list[str]]:
        """Return the dimensions of each kind, in the variable's order."""
        known = {dim: self._known(dim) for dim in variable.dims}
        unknown = [dim for dim, role in known.items() if role is None]
        for dim in self._placed(variable, known, unknown):
            raise InputError(self._question(variable, dim))
        return {role: [d for d, found in known.items() if found == role] for role in ROLES}

    def _known(self, dim: str) -> Role | None:
        return self._asked.get(dim) or role_of(dim, self._held.coordinates.get(dim))

    def _placed(
        self, variable: Variable, known: dict[str, Role | None], unknown: list[str]
    ) -> list[str]:
        """Give roles to dimensions that no name tells, where their places do; return the rest."""
        if not unknown:
            return []
        roles = {role for role in known.values() if role is not None}
        if not roles:  # as arrays without names: (N, C), (N, H, W), (N, C, *spatial)
            channel = [] if len(unknown) == 3 else unknown[1:2]
            for dim in unknown:
                known[dim] = "space"
            known |= {unknown[0]: "samples", **dict.fromkeys(channel, "channels")}
            return []
        vertical = [dim for dim in unknown if dim.lower() in VERTICAL]
        if "channels" in roles and vertical:
            known |= dict.fromkeys(vertical, "space")
        elif "space" not in roles and len(unknown) <= 2 and not vertical:
            known |= dict.fromkeys(unknown, "space")
        elif "samples" not in roles and unknown == [variable.dims[0]] and not vertical:
            known[unknown[0]] = "samples"
        return [dim for dim in unknown if known[dim] is None]

    def _question(self, variable: Variable, dim: str) -> str:
        asking = self._asking
        space = ",".join([dim, *(d for d in variable.dims if self._known(d) == "space")])
        volume = f"{asking.how('space', space if asking.typed else dim)} for an axis of a volume"
        return (
            f"{asking.source} has {variable.name} over {', '.join(variable.dims)}: is {dim} one of "
            f"samples or of channels? {asking.how('samples', dim)}, "
            f"{asking.how('channels', dim)}, or {volume}"
        )


def _of_one_grid(
    chosen: Sequence[Variable],
    layouts: Mapping[str, Mapping[Role, list[str]]],
    query: FieldQuery,
    asking: _Asking,
) -> tuple[list[Variable], list[str]]:
    """Return the variables over one and the same grid, and the names of those over none."""
    most = max(len(layouts[v.name]["space"]) for v in chosen)
    grids: dict[tuple[tuple[str, int], ...], list[Variable]] = {}
    skipped = []
    for variable in chosen:
        space = layouts[variable.name]["space"]
        if len(space) < most and not query.variables:
            skipped.append(variable.name)
            continue
        sides = tuple((dim, variable.sizes[dim]) for dim in space)
        grids.setdefault(sides, []).append(variable)
    if len(grids) > 1:
        texts = [
            f"{listed([v.name for v in held], 3)} over {', '.join(f'{d} {n}' for d, n in sides)}"
            for sides, held in grids.items()
        ]
        first = next(iter(grids.values()))
        names = ",".join(v.name for v in first[:3])
        raise InputError(
            f"{asking.source} holds maps on {len(grids)} grids: {'; '.join(texts)}: expected one; "
            f"choose with {asking.choose(names)}"
        )
    return next(iter(grids.values())), skipped


def _joined(dims: Iterator[list[str]]) -> list[str]:
    return list(dict.fromkeys(dim for each in dims for dim in each))


def _places(variable: Variable, channels: Sequence[str]) -> Iterator[tuple[int, ...]]:
    """Return the places along a variable's own channel dimensions, the last fastest."""
    return product(*(range(variable.sizes[dim]) for dim in channels if dim in variable.dims))


def _names(
    variable: Variable, held: Held, channels: Sequence[str], *, alone: bool
) -> Iterator[str]:
    """Yield the names of the channels that a variable becomes: ``t2m``, ``z_500``."""
    own = [dim for dim in channels if dim in variable.dims]
    of_itself = alone and len(own) == 1 and own[0].lower() in NAMELESS
    for places in _places(variable, channels):
        labels = [
            _label(held.coordinates.get(dim), place) for dim, place in zip(own, places, strict=True)
        ]
        named = of_itself and own[0] in held.coordinates
        yield labels[0] if named else "_".join([variable.name, *labels])


def _label(coordinate: Coordinate | None, place: int) -> str:
    return str(place) if coordinate is None else coordinate.label(place)


def _notes(
    kept: Sequence[Variable],
    joined: Mapping[Role, list[str]],
    space: Sequence[str],
    *,
    sizes: Mapping[str, int],
    skipped: Sequence[str],
    count: int,
) -> Iterator[str]:
    """Yield what was decided."""
    samples, channels = joined["samples"], joined["channels"]
    order = [*samples, *channels, *space]
    if len(kept) == 1:
        alone = "" if channels else ", one channel"
        yield f"variable {kept[0].name!r} over {', '.join(order)}{alone}"
    else:
        yield f"{len(kept)} variables as {count} channels: {listed([v.name for v in kept], 20)}"
    if len(samples) > 1 or len(kept) > 1:
        of = " x ".join(f"{sizes[dim]} {dim}" for dim in samples) or "one"
        yield f"samples: {of}"
    if channels:
        yield f"channels: {', '.join(f'{sizes[dim]} {dim}' for dim in channels)} of each variable"
    if fixed := [v.name for v in kept if set(samples) - set(v.dims)]:
        yield f"repeated for each sample: {listed(fixed, 6)}"
    if skipped:
        yield f"not read, as they are no maps: {listed(skipped, 6)}"
