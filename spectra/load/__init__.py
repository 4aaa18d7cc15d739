"""A file or a name becomes a model and a stream of inputs, safely."""

from spectra.load._architectures import parse_arch_args
from spectra.load._model import LoadedModel, load_model

__all__ = ["LoadedModel", "load_model", "parse_arch_args"]
