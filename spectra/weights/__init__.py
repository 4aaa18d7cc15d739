"""A model, a program, or bare weights -> the upsampling kernels that they hold."""

from spectra.weights._bare import kernels_of_weights
from spectra.weights._effective import (
    effective_weight,
    folded_norm,
    is_norm_hook,
    set_weight,
    weight_norm_axis,
    with_weight_norm,
)
from spectra.weights._model import kernels_of_model
from spectra.weights._reading import Reading, UpsamplingKernel
from spectra.weights._script import kernels_of_script
from spectra.weights._steps import measure

__all__ = [
    "Reading",
    "UpsamplingKernel",
    "effective_weight",
    "folded_norm",
    "is_norm_hook",
    "kernels_of_model",
    "kernels_of_script",
    "kernels_of_weights",
    "measure",
    "set_weight",
    "weight_norm_axis",
    "with_weight_norm",
]
