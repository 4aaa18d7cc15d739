from ._bare import kernels_of_weights
from ._effective import (
    effective_weight,
    folded_norm,
    is_norm_hook,
    set_weight,
    weight_norm_axis,
    with_weight_norm,
)
from ._model import kernels_of_model
from ._reading import Reading, UpsamplingKernel
from ._script import kernels_of_script
from ._steps import measure

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
