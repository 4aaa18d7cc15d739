"""The fixed content of maps, told apart from what differs between them."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from spectra import capture, spectrum
from spectra.errors import ModelError
from spectra.gather._at_a_time import batch_size
from spectra.gather._parts import Pass, Passes, inputs_of, part_seed, parts_of
from spectra.gather._passed import Passed, Place
from spectra.gather._sums import Sums
from spectra.gather._through import through
from spectra.gather._variables import Variables
from spectra.inputs import Reader

if TYPE_CHECKING:
    import xarray as xr
    from torch import Tensor, nn

    from spectra._options import Options, Progress
    from spectra.capture import Discovery
    from spectra.inputs import Inputs
    from spectra.spectrum._shared import MeanSpectra

ROUGH = 16  # inputs, drawn from all, whose mean tells how much each map differs from it
AGREE = 1.5  # of phases; 200 sets of clean photographs, textures and networks read .4 to 1.1
OUTPUT, INPUT, VARIABLE = "output", "input", "variable "
Name = int | str
"""The index of a step, one of the first two above, or the third and the index of a variable."""


def content_passes(
    model: nn.Module,
    passed: Passed,
    inputs: Inputs | None,
    options: Options,
    *,
    progress: Progress,
) -> Passes[Passed]:
    """Measure the places again whose maps share content, without that content.

    The test asks whether a phase of the grid is privileged. What stands in the same place in all
    maps has a phase, grid or not: aligned faces, position tables, fixed bars. So all inputs run
    twice more, once for the mean of each such place and once for what differs from it; before, a
    few of them tell how much each map differs from the mean. Lines that stand out of the mean stay;
    see `spectra.spectrum.MapStatistics`. Where the model does not run again the places stay as they
    are.

    Parameters
    ----------
    model : Module
        Left as it came.
    passed : Passed
        What all inputs left on their way through it.
    inputs : Inputs or None
        The same inputs.
    options : Options
        Inputs at a time, and the seed of the model's random numbers.
    progress : callable
        Called with ("fixed content", done, total).
    """
    places = {name: place for name, place in _places(passed).items() if _agree(place.data)}
    if inputs is None or not places:
        return passed
    again = _Again(model, passed.found, inputs, options=options, progress=progress)
    try:
        sums = yield from _without_content(again, places)
    except ModelError:  # a model that does not run again as it ran before
        return passed
    found = {name: _cleared(place, sums[name]) for name, place in places.items()}
    return replace(
        passed,
        steps=tuple(found.get(i, place) for i, place in enumerate(passed.steps)),
        output=found.get(OUTPUT, passed.output),
        input=found.get(INPUT, passed.input) if passed.input else None,
        variables=tuple(found.get(_name(i), place) for i, place in enumerate(passed.variables)),
    )


def _without_content(
    again: _Again, places: Mapping[Name, Place]
) -> Passes[Mapping[Name, spectrum.MapStatistics]]:
    """Return the sums of some places, of what differs between their maps."""
    mean_spectra = spectrum.MapStatistics.mean_spectra
    rough = {name: mean_spectra(place.plan) for name, place in places.items()}
    seen = yield from again.run("rough", rough, again.few)
    means = {
        name: mean_spectra(place.plan, near=rough[name] if seen else None)
        for name, place in places.items()
    }
    yield from again.run("mean", means, again.all)
    sums = {
        name: spectrum.MapStatistics(mean.plan, without=mean.content())
        for name, mean in means.items()
    }
    yield from again.run("apart", sums, again.all)
    return sums


def _places(passed: Passed) -> dict[Name, Place]:
    """Return all places that are scored, by name."""
    named: dict[Name, Place] = {**dict(enumerate(passed.steps)), OUTPUT: passed.output}
    named |= {_name(i): place for i, place in enumerate(passed.variables)}
    return named if passed.input is None else {**named, INPUT: passed.input}


def _name(variable: int) -> Name:
    return f"{VARIABLE}{variable}"


def _agree(data: xr.Dataset) -> bool:
    """Tell whether the spectra of maps agree in phase somewhere, apart from lines."""
    views = range(data.attrs["views"])
    return any(float(data[f"alike_{number}"].max()) > AGREE for number in views)


def _cleared(place: Place, sums: spectrum.MapStatistics) -> Place:
    """Return a place with the sums that energy and test read taken from what differs.

    The total stays: content is power that a grid is compared with, and spectra show it.
    """
    whole, apart = place.data, sums.to_dataset()
    # A sum whose own name is that of one of its dimensions counts as a coordinate.
    kept = {n for n in whole.variables if str(n).rpartition("_")[2].isdigit()}
    totals = [f"total_{n}" for n in range(whole.attrs["views"])]
    left = [float(apart[name].sum() / whole[name].sum()) for name in totals if whole[name].any()]
    data = whole.assign({name: apart[name] for name in kept - set(totals)})
    data["mean_map"] = 0 * whole["mean_map"]
    share = max(1 - float(np.mean(left)), 0.0) if left else 0.0
    return replace(place, data=data.assign_attrs(content_share=share), whole=whole)


class _Again:
    """The same inputs once more."""

    def __init__(
        self,
        model: nn.Module,
        found: Discovery,
        inputs: Inputs,
        *,
        options: Options,
        progress: Progress,
    ) -> None:
        self._model, self._found, self._inputs = model, found, inputs
        self._options, self._progress = options, progress
        self._reader = Reader(inputs)
        self._variables = Variables.of(found, inputs)
        count = len(inputs)
        self.all = [inputs_of(part, count) for part in range(parts_of(count))]
        drawn = random.Random(options.seed).sample(range(count), min(ROUGH, count))
        self.few = [sorted(drawn)]
        self._begun, self._whole = 0, len(self.few[0]) + 2 * count  # inputs of all three passes

    def run(
        self,
        name: str,
        into: Mapping[Name, MeanSpectra] | Mapping[Name, spectrum.MapStatistics],
        parts: Sequence[Sequence[int]],
    ) -> Passes[bool]:
        """Run inputs part by part, and put the sums of what passes some places into them.

        Returns
        -------
        bool
            False where none of these inputs turned out to be of use.
        """
        total = yield Pass(name, len(parts), partial(self._measure, into, parts))
        self._begun += sum(map(len, parts))
        if not total.added:
            return False
        for place, sums in into.items():
            sums.put(total.of(str(place)))
        return True

    def _measure(
        self,
        into: Mapping[Name, MeanSpectra] | Mapping[Name, spectrum.MapStatistics],
        parts: Sequence[Sequence[int]],
        part: int,
    ) -> Sums:
        """Run the inputs of one part, and return what passes some places."""

        def add(name: Name, maps: Tensor, first: int, inputs: int) -> None:
            if name in into:
                into[name].add(maps, first=first, inputs=inputs)

        def take(x: Tensor, first: int, inputs: int) -> None:
            add(INPUT, x[:, : self._found.first_channels], first, inputs)

        def out(y: Tensor, first: int, inputs: int) -> None:
            add(OUTPUT, y, first, inputs)
            for index, own in self._variables.each(y):
                add(_name(index), own, first, inputs)
            done = before + wanted.index(first) + inputs
            self._progress("fixed content", done, self._whole)

        wanted, before = parts[part], self._begun + sum(map(len, parts[:part]))
        with capture.quiet(self._model, seed=part_seed(self._options.seed, part)):
            through(
                self._model,
                self._found,
                self._reader.part(wanted, batch_size(self._found, self._options.batch)),
                on_input=take,
                on_step=add,
                on_output=out,
            )
        taken = {place: sums.taken() for place, sums in into.items()}
        return Sums(
            {f"{place}/{name}": v for place, sums in taken.items() for name, v in sums.items()}
        )
