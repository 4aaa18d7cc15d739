from ._analyze import analyze, list_steps
from ._kernels import measure_kernels
from ._swap import swap, try_swap

__all__ = [
    "analyze",
    "list_steps",
    "measure_kernels",
    "swap",
    "try_swap",
]
