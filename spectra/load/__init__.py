"""A file or a name becomes a model and a stream of inputs, safely."""

from spectra.load._architectures import parse_arch_args
from spectra.load._bare import LoadedWeights, load_weights
from spectra.load._inputs import Dropped, Inputs
from spectra.load._model import LoadedModel, load_model
from spectra.load._prepare import parse_range
from spectra.load._sources import open_inputs

__all__ = [
    "Dropped",
    "Inputs",
    "LoadedModel",
    "LoadedWeights",
    "load_model",
    "load_weights",
    "open_inputs",
    "parse_arch_args",
    "parse_range",
]
