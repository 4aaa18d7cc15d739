"""The upsampling kernels in a model, a program, or bare weights as far as these can tell."""

from spectra._layers._layer import Layer, Reading
from spectra._layers._model import find_pairs, layers_of_model, measure_steps
from spectra._layers._resolved import resolved
from spectra._layers._script import layers_of_script
from spectra._layers._weights import layers_of_weights

__all__ = [
    "Layer",
    "Reading",
    "find_pairs",
    "layers_of_model",
    "layers_of_script",
    "layers_of_weights",
    "measure_steps",
    "resolved",
]
