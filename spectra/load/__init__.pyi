from ._advice import advice
from ._arch_option import parse_arch_args
from ._bare import LoadedWeights, load_weights
from ._inputs import Dropped, Inputs
from ._loaded import LoadedModel
from ._model import load_model
from ._prepare import check_options, parse_range
from ._sight import check_inputs, check_source
from ._sources import open_inputs

__all__ = [
    "Dropped",
    "Inputs",
    "LoadedModel",
    "LoadedWeights",
    "advice",
    "check_inputs",
    "check_options",
    "check_source",
    "load_model",
    "load_weights",
    "open_inputs",
    "parse_arch_args",
    "parse_range",
]
