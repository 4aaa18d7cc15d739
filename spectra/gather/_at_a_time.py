"""How many inputs run at a time: several, or one by one where a model takes no more."""

from __future__ import annotations

from dataclasses import replace
from math import prod
from typing import TYPE_CHECKING

from spectra.errors import MixedInputsError, ModelError

if TYPE_CHECKING:
    from spectra._options import Options
    from spectra.capture import Discovery
    from spectra.inputs import Inputs

ACTIVATION_BYTES = 256 << 20
MOST_BATCH = 16
COPIES = 5  # of the largest maps, that measuring or taking their grid away holds beside the model


def may_run_alone(
    error: ModelError, found: Discovery, inputs: Inputs, options: Options, *, begun: bool
) -> bool:
    """Tell whether inputs may run one by one where several at once do not.

    What a model makes of several may not tell which is whose, and an export may hold its batch.

    Parameters
    ----------
    error : ModelError
        What several at once raised.
    found, inputs, options
        As of `first_pass`.
    begun : bool
        Whether any output has come.
    """
    if isinstance(error, MixedInputsError):
        return True
    asked = options.batch is not None
    return not (asked or begun or found.reading.alone) and len(inputs) > 1


def run_alone(found: Discovery) -> Discovery:
    """Return how a model is run that takes its inputs one by one."""
    return replace(found, reading=replace(found.reading, alone=True))


def batch_size(found: Discovery, asked: int | None) -> int:
    """Return how many inputs run at a time: as many as take 256 MiB at their peak, at least one.

    What measures the maps works on copies of them, which count as well.

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
    maps = [prod(step.output_shape) for step in found.steps]
    largest = 4 * max([*maps, prod(found.output_shape)])  # bytes, in single precision
    one = max(found.peak_bytes + COPIES * largest, 1)
    return min(max(ACTIVATION_BYTES // one, 1), MOST_BATCH)
