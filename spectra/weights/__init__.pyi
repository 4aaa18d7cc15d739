from ._bare_kernels import kernels_of_weights
from ._effective import (
    effective_weight,
    folded_norm,
    is_norm_hook,
    set_weight,
    weight_norm_axis,
    with_weight_norm,
)
from ._held import HeldKernels, UpsamplingKernel
from ._identity import KernelIdentity
from ._model_kernels import kernels_of_model
from ._script_kernels import kernels_of_script
from ._step_kernels import measures_of_steps, portraits_of_steps

__all__ = [
    "HeldKernels",
    "KernelIdentity",
    "UpsamplingKernel",
    "effective_weight",
    "folded_norm",
    "is_norm_hook",
    "kernels_of_model",
    "kernels_of_script",
    "kernels_of_weights",
    "measures_of_steps",
    "portraits_of_steps",
    "set_weight",
    "weight_norm_axis",
    "with_weight_norm",
]
