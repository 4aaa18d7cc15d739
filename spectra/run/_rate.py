"""How many samples a second a model's output has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spectra._hertz import is_signal

if TYPE_CHECKING:
    from spectra._options import Options
    from spectra.capture import Discovery
    from spectra.inputs import Inputs


def output_rate(found: Discovery, inputs: Inputs | None, options: Options) -> float | None:
    """Return the sample rate of a model's output in Hz; None where it is no signal, or not known.

    What the user says goes before what files say, whose rate grows as the model makes them longer.

    Parameters
    ----------
    found : Discovery
        What the output is, and how much longer than an input.
    inputs : Inputs or None
        What may know its own rate.
    options : Options
        What the user says.
    """
    if found.layout is None or not is_signal(found.output_shape):
        return None
    if options.sample_rate is not None:
        return float(options.sample_rate)
    longer = found.scale[0] if len(found.scale) == 1 else _times_as_long(found)
    if inputs is None or inputs.sample_rate is None or longer is None:
        return None
    return float(inputs.sample_rate * longer)


def _times_as_long(found: Discovery) -> int | None:
    """Return how many times as long outputs are that were read as maps (1, L).

    A transform of frames may leave one frame more or less: to a hundredth it is a whole number.
    """
    longer = found.output_shape[-1] / found.input_shape[-1]
    whole = round(longer)
    return whole if whole and abs(longer / whole - 1) < 0.01 else None
