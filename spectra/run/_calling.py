"""What a model is called with beside its inputs, as its own signature and the options say."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from spectra import _walk as walk
from spectra import capture, load
from spectra.inputs import read_constants

if TYPE_CHECKING:
    from spectra._options import Options
    from spectra.inputs import Inputs
    from spectra.load import LoadedModel


@contextmanager
def calling(loaded: LoadedModel, inputs: Inputs | None, options: Options) -> Iterator[None]:
    """Call the model with its inputs and the constants that the options name, inside the block.

    Raises
    ------
    ParameterError
        If the model needs more than that, or takes no such constant.
    """
    constants = read_constants(options.call_args)
    arguments = capture.Arguments.fitting(wanted_by(loaded, options), inputs, constants)
    with capture.called_with(arguments):
        yield


def wanted_by(loaded: LoadedModel, options: Options) -> load.Wanted:
    """Return what the method that runs has to be given."""
    return load.wanted(walk.unwrap(loaded.model), options.call)
