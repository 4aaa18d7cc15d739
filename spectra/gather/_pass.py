"""The one pass of all inputs through a model."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn

from spectra import _walk as walk
from spectra import capture
from spectra.errors import InputError, ModelError
from spectra.follow import unseen
from spectra.gather._at_a_time import batch_size, may_run_alone, run_alone
from spectra.gather._clock import Clock
from spectra.gather._kept import Rows, as_array, few_of
from spectra.gather._layer_taps import layer_taps
from spectra.gather._parts import FIRST, Pass, Passes, inputs_of, part_seed, parts_of
from spectra.gather._passed import PROBED, Passed
from spectra.gather._places import Places
from spectra.gather._sums import Sums
from spectra.gather._through import through
from spectra.gather._variables import Variables, level_of
from spectra.inputs import Reader

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from numpy.typing import NDArray

    from spectra._options import Options, Progress
    from spectra.capture import Discovery
    from spectra.inputs import Inputs
    from spectra.spectrum import MapStatistics

LOOKED_AT = 8  # inputs that are kept to be looked at
INPUT_BYTES = 32 << 20  # of these inputs; large ones are fewer
SHOWN = 32  # inputs whose outputs are kept to be looked at
SHOWN_BYTES = 128 << 20  # of these outputs; large ones are fewer


def first_pass(
    model: nn.Module,
    found: Discovery,
    inputs: Inputs,
    options: Options,
    *,
    progress: Progress,
    settled: bool = False,
) -> Passes[Passed]:
    """Run all inputs, in parts; reduce what passes the steps, the output and the inputs themselves.

    Where several inputs at once do not run, or what the model makes of them does not tell which is
    whose, they run one by one.

    Parameters
    ----------
    model : Module
        Left as it came.
    found : Discovery
        Its steps, with their periods.
    inputs : Inputs
        What runs.
    options : Options
        Inputs at a time, and which modules' outputs are shown as well.
    progress : callable
        Called with ("measure", done, total).
    settled : bool
        Whether it is settled how many run at a time, see `settle`.

    Raises
    ------
    ModelError
        If the model fails, or the size of a map changes from input to input.
    """
    parts = parts_of(len(inputs))
    one = FirstPass(model, found, inputs, options, progress=progress)
    try:
        sums = yield Pass(FIRST, parts, one.measure)
    except ModelError as error:
        if settled or not may_run_alone(error, found, inputs, options, begun=one.begun):
            raise
        one = FirstPass(model, run_alone(found), inputs, options, progress=progress)
        sums = yield Pass(FIRST, parts, one.measure)
    return one.finished(sums)


def trial_of(
    model: nn.Module, found: Discovery, inputs: Inputs, options: Options
) -> Callable[[int], Sums]:
    """Return what runs one input by its number, all by itself, and returns what it leaves.

    Parameters
    ----------
    model, found, inputs, options
        As of `first_pass`.
    """
    one = FirstPass(model, found, inputs, options, progress=lambda *_: None)
    return lambda number: one.run_inputs(range(number, number + 1))


def settle(model: nn.Module, found: Discovery, inputs: Inputs, options: Options) -> Discovery:
    """Return how inputs run, tried on the first of them: several at once, or one by one.

    Parameters
    ----------
    model, found, inputs, options
        As of `first_pass`, which does not run them one by one after this.

    Raises
    ------
    ModelError
        If the model does not run at all.
    """
    one = FirstPass(model, found, inputs, options, progress=lambda *_: None)
    first = range(inputs.head, min(inputs.head + batch_size(found, options.batch), len(inputs)))
    try:
        with capture.quiet(model):
            one.run_inputs(first)
    except ModelError as error:
        if not may_run_alone(error, found, inputs, options, begun=one.begun):
            raise
        return run_alone(found)
    return found


class FirstPass:
    """A pass under way."""

    def __init__(
        self,
        model: nn.Module,
        found: Discovery,
        inputs: Inputs,
        options: Options,
        *,
        progress: Progress,
    ) -> None:
        self._model, self._found, self._inputs, self._options = model, found, inputs, options
        self._progress = progress
        self._variables = Variables.of(found, inputs)
        self._places = Places(
            found, len(inputs), whole=bool(options.layers), variables=self._variables.count
        )
        self._reader = Reader(inputs)
        self.begun = False  # whether any output came
        self._empty()

    def _empty(self) -> None:
        """Begin a part."""
        self._clock = Clock()
        self._level: Tensor | float = 0.0  # sum of the inputs' means
        self._first = 0  # the first of the inputs that run
        self._running = 0  # inputs that run
        self._ran = 0  # inputs of the part that have run
        self._keeps = False  # whether the first inputs are in this part
        self._wanted = 0  # inputs of the part
        self._few_inputs: list[Tensor] = []
        self._few_outputs = Rows()
        self._shown = 0  # inputs that these outputs are of

    def measure(self, part: int) -> Sums:
        """Run the inputs of one part and return what they leave."""
        with self._seeded(part):
            return self.run_inputs(inputs_of(part, len(self._inputs)))

    def run_inputs(self, wanted: range) -> Sums:
        """Run some inputs and return what they leave."""
        self._empty()
        self._keeps, self._wanted = self._inputs.head in wanted, len(wanted)
        with layer_taps(self._model, self._options.layers, self._take_layer):
            through(
                self._model,
                self._found,
                self._reader.part(wanted, batch_size(self._found, self._options.batch)),
                on_input=self._take_input,
                on_step=self._take_step,
                on_output=self._take_output,
                running=self._clock.running,
            )
        return Sums(self._added(), self._kept(), self._reader.dropped)

    def finished(self, sums: Sums) -> Passed:
        """Return what all parts have left.

        Raises
        ------
        InputError
            If no input could be used, or the sums are not of this run.
        """
        ran = int(sums.added["ran"]) if "ran" in sums.added else 0
        if ran == 0:
            reasons = "; ".join(f"{d.source}: {d.reason}" for d in sums.dropped[:3])
            raise InputError(f"{self._inputs.source} has no input that can be used: {reasons}")
        self._places.put(sums)
        few = few_of(sums, walk.device(self._model))
        level = torch.from_numpy(sums.added["level"]).to(few.inputs.device)
        return Passed(
            self._found,
            **self._places.finished(),
            few=few,
            level=(level / ran).to(few.inputs.dtype),
            output_rms=self._places.output_rms,
            forward_s=float(sums.added["forward_s"]),
            ran=ran,
            dropped=tuple(sums.dropped),
        )

    def _seeded(self, part: int) -> AbstractContextManager[Any]:
        """Draw the same random numbers in a part wherever it runs; a single one goes on."""
        if parts_of(len(self._inputs)) == 1:
            return nullcontext()
        return capture.quiet(self._model, seed=part_seed(self._options.seed, part))

    def _added(self) -> dict[str, Any]:
        """Return the sums of the part; layers with the shape of their maps."""
        if not self._ran:
            return {}
        assert isinstance(self._level, Tensor)
        return {
            **self._places.taken(),
            "level": self._level.numpy(force=True),
            "ran": np.array(float(self._ran)),
            "forward_s": np.array(self._clock.seconds),
        }

    def _kept(self) -> dict[str, NDArray[Any]]:
        """Return the sizes of layers; the first inputs and outputs where they are in this part."""
        kept = self._places.layer_shapes()
        if self._few_inputs:
            kept["inputs"] = as_array(self._few_inputs)
            kept["shown"] = np.array(self._shown)
        if self._few_outputs.held:
            kept["outputs"] = as_array(self._few_outputs.held)
        return kept

    def _take_input(self, x: Tensor, first: int, inputs: int) -> None:
        """Add inputs to their own sums, and keep the first of them."""
        self._first, self._running = first, inputs
        self._level = self._level + level_of(x, self._inputs)
        if self._places.input is not None:
            self._places.input.update(x[:, : self._found.first_channels], first=first)
        wanted = _fitting(x[:1], LOOKED_AT, room=INPUT_BYTES)
        left = max(wanted - self._ran, 0) if self._keeps else 0
        if left:
            self._few_inputs.append(x[:left].clone())

    def _take_output(self, y: Tensor, first: int, inputs: int) -> None:
        """Add what came out to its sums, and keep the first of it to be looked at."""
        self.begun = True
        if self._found.layout is not None:
            self._add("the output", self._places.output, y)
            for index, own in self._variables.each(y):
                self._add("the output", self._places.variables[index], own)
            if self._keeps:
                self._show(y, each=len(y) // inputs)
        self._ran += inputs
        self._progress("measure", first + inputs, len(self._inputs))

    def _show(self, y: Tensor, *, each: int) -> None:
        """Keep the outputs of the first inputs, of which each has so many."""
        wanted = _fitting(y[:each], SHOWN, room=SHOWN_BYTES)
        left = max(wanted - self._ran, 0)
        if left:
            self._few_outputs.add(y[: left * each], most=each * min(wanted, self._wanted))
            self._shown += min(left, self._running)

    def _take_step(self, index: int, maps: Tensor, _first: int, _inputs: int) -> None:
        with self._clock.paused():
            self._add(self._found.steps[index].label, self._places.steps[index], maps)

    def _take_layer(self, name: str, maps: Tensor) -> None:
        with self._clock.paused(), unseen():
            self._add(*self._places.layer(name, tuple(maps.shape[1:])), maps)

    def _add(self, name: str, statistics: MapStatistics, maps: Tensor) -> None:
        """Add the maps of some inputs to the sums of a place, which is named in an error."""
        shape, planned = tuple(maps.shape[1:]), statistics.plan.shape
        if shape != planned:
            raise ModelError(
                f"the size of {name} changes from input to input: {planned} for the first, {shape} "
                f"for {self._first} and after; give inputs for which it does not"
            )
        statistics.add(maps, first=self._first, inputs=self._running)


def _fitting(one: Tensor, most: int, *, room: int) -> int:
    """Return how many like this one fit into some bytes; two at least."""
    size = one.numel() * one.element_size()
    return min(most, max(room // max(size, 1), PROBED))
