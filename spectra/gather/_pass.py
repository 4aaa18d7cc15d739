"""The one pass of all inputs through a model."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from spectra.errors import MixedInputsError, ModelError
from spectra.follow import unseen
from spectra.gather._clock import Clock
from spectra.gather._layer_taps import layer_taps
from spectra.gather._passed import Few, Passed
from spectra.gather._places import Places
from spectra.gather._through import through

if TYPE_CHECKING:
    from spectra._options import Options, Progress
    from spectra.capture import Discovery
    from spectra.inputs import Inputs
    from spectra.spectrum import MapStatistics

ACTIVATION_BYTES = 256 << 20
MOST_BATCH = 16
FEW = 2  # real inputs that the causal probes run on
SHOWN = 32  # inputs whose outputs are kept to be looked at
SHOWN_BYTES = 128 << 20  # of these outputs; large ones are fewer


def run(
    model: nn.Module,
    found: Discovery,
    inputs: Inputs | None,
    options: Options,
    *,
    progress: Progress,
) -> Passed:
    """Run all inputs; reduce what passes the steps, the output and the inputs themselves.

    Where several inputs at once do not run, or what the model makes of them does not tell which is
    whose, they run one by one.

    Parameters
    ----------
    model : Module
        Left as it came.
    found : Discovery
        Its steps, with their periods.
    inputs : Inputs or None
        What runs; without any every place is empty.
    options : Options
        Inputs per pass, and which modules' outputs are shown as well.
    progress : callable
        Called with ("measure", done, total).

    Raises
    ------
    ModelError
        If the model fails, or the size of a map changes from input to input.
    """
    if inputs is None:
        return Passed(found, **Places(found, 1).finished())
    one_pass = _Pass(model, found, inputs, options)
    try:
        return one_pass.run(progress)
    except ModelError as error:
        if not one_pass.may_run_alone(error):
            raise
    alone = replace(found, reading=replace(found.reading, alone=True))
    return _Pass(model, alone, inputs, options).run(progress)


class _Pass:
    """A pass under way."""

    def __init__(
        self, model: nn.Module, found: Discovery, inputs: Inputs, options: Options
    ) -> None:
        self._model, self._found, self._inputs, self._options = model, found, inputs, options
        self._places = Places(found, len(inputs), whole=bool(options.layers))
        self._clock = Clock()
        self._level: Tensor | float = 0.0  # sum of the inputs' means
        self._done = 0  # inputs that have run
        self._running = 0  # inputs that run
        self._few_inputs: list[Tensor] = []
        self._few_outputs: list[Tensor] = []
        self._shown = 0  # inputs that these outputs are of

    def run(self, progress: Progress) -> Passed:
        """Run all inputs and return what they left."""
        with layer_taps(self._model, self._options.layers, self._take_layer):
            through(
                self._model,
                self._found,
                self._inputs,
                batch=batch_size(self._found, self._options.batch),
                on_input=self._take_input,
                on_step=self._take_step,
                on_output=partial(self._take_output, progress=progress),
                running=self._clock.running,
            )
        assert isinstance(self._level, Tensor)
        return Passed(
            self._found,
            **self._places.finished(),
            few=self._few,
            level=(self._level / self._done).to(self._few.inputs.dtype),
            output_rms=self._places.output_rms,
            forward_s=self._clock.seconds,
        )

    def may_run_alone(self, error: ModelError) -> bool:
        """Tell whether inputs may run one by one where several at once do not.

        What a model makes of several may not tell which is whose, and an export may hold its batch.
        """
        if isinstance(error, MixedInputsError):
            return True
        asked, begun = self._options.batch is not None, bool(self._few_outputs)
        return not (asked or begun or self._found.reading.alone) and len(self._inputs) > 1

    def _take_input(self, x: Tensor, first: int, inputs: int) -> None:
        """Add inputs to their own sums, and keep the first of them."""
        self._running = inputs
        self._level = self._level + (
            x.double().flatten(2).mean(2) if x.ndim > 2 else x.double()
        ).sum(0)
        if self._places.input is not None:
            self._places.input.update(x[:, : self._found.first_channels], first=first)
        left = max(FEW - first, 0)
        if left:
            self._few_inputs.append(x[:left].clone())

    def _take_output(self, y: Tensor, first: int, inputs: int, *, progress: Progress) -> None:
        """Add what came out to its sums, and keep the first of it to be looked at."""
        if self._found.layout is not None:
            self._add("the output", self._places.output, y)
            self._show(y, each=len(y) // inputs)
        self._done = first + inputs
        progress("measure", self._done, len(self._inputs))

    def _show(self, y: Tensor, *, each: int) -> None:
        """Keep the outputs of the first inputs, of which each has so many."""
        most = SHOWN_BYTES // max(y[:each].numel() * y.element_size(), 1)
        left = max(min(SHOWN, max(most, FEW)) - self._done, 0)
        if left:
            self._few_outputs.append(y[: left * each].clone())
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
                f"for {self._done} and after; give inputs for which it does not"
            )
        statistics.add(maps, first=self._done, inputs=self._running)

    @property
    def _few(self) -> Few:
        outputs = torch.cat(self._few_outputs) if self._few_outputs else None
        return Few(torch.cat(self._few_inputs), outputs, shown=self._shown)


def batch_size(found: Discovery, asked: int | None) -> int:
    """Return how many inputs run at a time: as many as take 256 MiB at their peak, at least one.

    Parameters
    ----------
    found : Discovery
        What one input takes, and whether inputs have to run alone.
    asked : int or None
        What the user asks for.
    """
    if found.reading.alone:
        return 1
    if asked is not None:
        return asked
    return min(max(ACTIVATION_BYTES // max(found.peak_bytes, 1), 1), MOST_BATCH)
