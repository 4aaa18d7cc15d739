"""The places of a model that are measured, and the running sums of each."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from spectra import spectrum
from spectra.errors import InputError, ParameterError
from spectra.gather._passed import Place

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spectra.capture import Discovery
    from spectra.follow import Borders
    from spectra.gather._sums import Sums

LAYERS = "layers/"  # begins the places of modules that were asked for
NO_MAP = (1, 1)  # shape of an output that is no map, at whose place nothing is measured


class Places:
    """Running sums of the inputs, of each step, of the output and of the layers asked for.

    Parameters
    ----------
    found : Discovery
        The model's steps, with their periods.
    count : int
        Number of inputs that will come.
    whole : bool
        Also keep what the recipes of two papers need of whole images.
    variables : int
        So many channels of the output also have sums of their own.
    """

    def __init__(
        self, found: Discovery, count: int, *, whole: bool = False, variables: int = 0
    ) -> None:
        self._count, self._whole = count, whole
        self.input = (
            self._sums(found.control_shape, *found.control_periods)
            if is_map(found.control_shape)
            else None
        )
        self.steps = [
            self._sums(s.output_shape, *filter(None, [s.factor]), borders=s.borders)
            for s in found.steps
        ]
        self.output = self._sums(
            found.output_shape or NO_MAP, *found.output_periods, borders=found.borders
        )
        one = (1, *(found.output_shape or NO_MAP)[1:])
        self.variables = [
            self._sums(one, *found.output_periods, borders=found.borders) for _ in range(variables)
        ]
        self.layers: dict[str, spectrum.MapStatistics] = {}

    def layer(self, name: str, shape: tuple[int, ...]) -> tuple[str, spectrum.MapStatistics]:
        """Return the sums of a module's output of one shape, and the name that they have."""
        if name in self.layers and shape != self.layers[name].plan.shape:
            name = f"{name} {'x'.join(map(str, shape[1:]))}"  # one module, two sizes
        if name not in self.layers:
            self.layers[name] = self._sums(shape)
        return name, self.layers[name]

    @property
    def output_rms(self) -> float | None:
        """Root mean square of the output's values so far."""
        sums = self.output.sums
        maps = sums["phase_maps"].sum()
        return float(np.sqrt(sums["value_square"].sum() / maps)) if maps else None

    def describe(self) -> list[dict[str, Any]]:
        """Return how the maps of each place that is known before the first are cut."""
        return [statistics.plan.describe() for statistics in self._named().values()]

    def taken(self) -> dict[str, NDArray[Any]]:
        """Return all sums so far, named ``place/sum``, and begin again from zero."""
        places = self._named() | {f"{LAYERS}{name}": sums for name, sums in self.layers.items()}
        return {
            f"{place}/{name}": values
            for place, statistics in places.items()
            for name, values in statistics.taken().items()
        }

    def layer_shapes(self) -> dict[str, NDArray[Any]]:
        """Return the shape of the maps of each layer, by its place."""
        return {f"{LAYERS}{n}": np.array(sums.plan.shape) for n, sums in self.layers.items()}

    def put(self, sums: Sums) -> None:
        """Take over the sums of all parts.

        Raises
        ------
        InputError
            If they are of other places, or maps of another size.
        """
        shapes = {n: v for n, v in sums.kept.items() if n.startswith(LAYERS)}
        for place, shape in shapes.items():
            name = place.removeprefix(LAYERS)
            if name not in self.layers:
                self.layers[name] = self._sums(tuple(map(int, shape)))
            _put(self.layers[name], place, sums)
        for place, statistics in self._named().items():
            _put(statistics, place, sums)

    def _named(self) -> dict[str, spectrum.MapStatistics]:
        """Return the sums of the places that every model has, by name."""
        steps = {f"steps/{index}": sums for index, sums in enumerate(self.steps)}
        variables = {f"variables/{index}": sums for index, sums in enumerate(self.variables)}
        named = {**steps, "output": self.output, **variables}
        return named if self.input is None else {**named, "input": self.input}

    def finished(self) -> dict[str, Any]:
        """Return all sums as labelled arrays, under the names that they have in `Passed`."""
        return {
            "steps": tuple(map(_place, self.steps)),
            "output": _place(self.output),
            "input": self.input and _place(self.input),
            "variables": tuple(map(_place, self.variables)),
            "layers": {name: _place(sums) for name, sums in self.layers.items()},
        }

    def _sums(
        self, shape: Sequence[int], *periods: tuple[int, ...], borders: Borders | None = None
    ) -> spectrum.MapStatistics:
        reach = partial(borders.reach, shape) if borders is not None else None
        plan = spectrum.plan_maps(shape, *periods, count=self._count, reach=reach)
        return spectrum.MapStatistics(plan, whole=self._whole)


def is_map(shape: Sequence[int]) -> bool:
    """Tell whether ``(channel, *spatial)`` has one to three axes of more than a pixel."""
    return 2 <= len(shape) <= 4 and min(shape[1:]) > 1


def _put(statistics: spectrum.MapStatistics, place: str, sums: Sums) -> None:
    try:
        statistics.put(sums.of(place))
    except ParameterError as error:
        raise InputError(f"parts of this run do not fit {place}: {error}") from error


def _place(statistics: spectrum.MapStatistics) -> Place:
    return Place(statistics.plan, statistics.to_dataset())
