"""Which axis of a signal is time, asked of the model: it runs on one order, not on the other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from spectra import _walk as walk
from spectra import capture
from spectra.errors import InputError, ModelError
from spectra.inputs import Inputs, open_inputs

if TYPE_CHECKING:
    from torch import Tensor

    from spectra._options import Options
    from spectra.inputs._inputs import Order

WAVEFORM = 2  # channels up to which a signal is a waveform: nobody's channels are its time
MOST_VALUES = 1 << 22  # of a sample that is shown to the model twice as long
READINGS = {
    "NT": "{0} signals of {1} samples, one channel (N, T)",
    "CT": "one signal of {0} channels and {1} samples (C, T)",
    "TC": "one signal of {0} samples and {1} channels (T, C)",
}


def arranged(model: nn.Module, source: Any, inputs: Inputs, options: Options) -> Inputs:
    """Return inputs whose samples are (channel, time), as the model shows by what it runs on.

    An array of three axes may be (N, C, T) or (N, T, C), and a model may take either; one of two
    axes may be vectors, a signal (C, T) or (T, C), or waveforms (N, T). The first sample is given
    to the model in each order, and then twice as long: the axis that may grow is time.

    Parameters
    ----------
    model : Module
        Left as it came.
    source : object
        What the inputs were opened from.
    inputs : Inputs
        As they were opened.
    options : Options
        The call, and the layout where the user says it.

    Raises
    ------
    InputError
        If several readings of an array run: it names them, and what to type for each.
    """
    if inputs.kind == "images" or inputs.parts or _is_random(source):
        return inputs
    run = _Trial(model, options.call)
    if len(inputs.shape) == 1 and options.layout is None and _takes_signals(model):
        inputs = _of_two_axes(source, inputs, options, run)
    if len(inputs.shape) != 2:
        return inputs
    if inputs.kind == "sound" or inputs.shape[0] <= WAVEFORM:
        return _as_waveforms(inputs, run)
    sample = next(iter(inputs.batches(1)))
    given = run.takes(sample)
    if not given and not run.takes(sample.mT):
        return inputs
    time_first = run.time_axis(sample if given else sample.mT) == 1
    if time_first == given:  # what was given is (T, C)
        _check_layout(options.layout, inputs)
        inputs = inputs.with_axes_turned()
    order: Order = "TC" if time_first else "CT"
    return replace(inputs, order=order, notes=(*inputs.notes, *_said(inputs, time_first)))


def _check_layout(layout: str | None, inputs: Inputs) -> None:
    """Raise InputError where what the user says of the axes is what the model shows not to be."""
    if layout is not None:
        other = layout[:-2] + layout[:-3:-1]
        raise InputError(
            f"layout={layout} makes signals of {inputs.shape[0]} channels of {inputs.source}, and "
            f"the model runs on {inputs.shape[1]}: expected --layout {other}"
        )


def check_order(inputs: Inputs | None, verb: str) -> None:
    """Raise InputError where a model takes other axes than a verb that trains can give it."""
    if inputs is not None and inputs.order != "CT":
        axes = {"TC": "(N, T, C)", "T": "(N, T)"}[inputs.order]
        change = {"TC": "x.mT", "T": "x[:, 0]"}[inputs.order]
        raise InputError(
            f"the model takes signals {axes}, and spectra {verb} models of (N, C, T): give a "
            f"function that returns a module which calls yours with {change}"
        )


def _as_waveforms(inputs: Inputs, run: _Trial) -> Inputs:
    """Return signals of one channel for a model that takes waveforms (N, T), if it does."""
    sample = next(iter(inputs.batches(1)))
    if inputs.shape[0] != 1 or run.takes(sample) or not run.takes(sample[:, 0]):
        return inputs
    note = f"the model takes waveforms ({inputs.shape[1]},): their one channel is left out for it"
    return replace(inputs, order="T", notes=(*inputs.notes, note))


class _Trial:
    """A model that is given samples to see whether it runs on them."""

    def __init__(self, model: nn.Module, method: str) -> None:
        self._model, self._method = model, method

    def takes(self, x: Tensor) -> bool:
        """Tell whether the model runs on a batch."""
        try:
            with capture.quiet(self._model):
                capture.forward(self._model, x.contiguous(), method=self._method)
        except ModelError:
            return False
        return True

    def time_axis(self, x: Tensor) -> int | None:
        """Return which axis of a batch that the model takes may be longer: 2, else 1."""
        return next((axis for axis in (2, 1) if self._grows(x, axis)), None)

    def _grows(self, x: Tensor, axis: int) -> bool:
        """Tell whether the model runs on a batch that is twice as long along one axis."""
        return x.numel() <= MOST_VALUES and self.takes(torch.cat([x, x], axis))

    def bears_out(self, layout: str, inputs: Inputs) -> bool:
        """Tell whether what a layout takes for time may be longer, in one order or the other."""
        sample = next(iter(inputs.batches(1)))
        if layout == "NT":
            return any(self.takes(x) and self._grows(x, -1) for x in (sample, sample[:, 0]))
        if self.takes(sample) and self.time_axis(sample) != 1:
            return True
        return self.takes(sample.mT) and self.time_axis(sample.mT) == 1


def _of_two_axes(source: Any, inputs: Inputs, options: Options, run: _Trial) -> Inputs:
    """Return an array of two axes in the one reading that a model of signals runs on."""
    opened = {}
    for layout in READINGS:
        try:
            opened[layout] = open_inputs(source, **{**options.reading, "layout": layout})
        except InputError as error:
            if "--probe" in str(error):
                raise
    readings = {name: each for name, each in opened.items() if run.bears_out(name, each)}
    if len(readings) > 1:
        count, length = inputs.count, inputs.shape[0]
        said = " or ".join(
            f"{READINGS[layout].format(count, length)}: --layout {layout}" for layout in readings
        )
        raise InputError(f"{inputs.source} has two axes, and the model runs on it as {said}")
    return next(iter(readings.values()), inputs)


def _takes_signals(model: nn.Module) -> bool:
    """Tell whether the first convolution of a model is along one axis."""
    with capture.quiet(model):
        axes = (
            weight.ndim - 2
            for module in walk.modules(model)
            if isinstance(weight := getattr(module, "weight", None), torch.Tensor)
            and weight.ndim >= 3
        )
        return next(axes, None) == 1


def _is_random(source: Any) -> bool:
    return isinstance(source, str) and source.startswith("random:")


def _said(inputs: Inputs, time_first: bool) -> Iterator[str]:
    if time_first:
        channels, length = inputs.shape
        yield f"the model takes time first, ({length}, {channels}): samples are turned for it"
