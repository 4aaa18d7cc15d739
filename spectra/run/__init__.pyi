from ._analyze import analyze, list_steps
from ._check import check_options
from ._compare import compare
from ._compare_logs import compare_logs
from ._compare_pictures import compare_pictures
from ._images import measure_images
from ._kernels import measure_kernels
from ._repair import repair_model
from ._shards import part_by_part
from ._swap import try_swap

__all__ = [
    "analyze",
    "check_options",
    "compare",
    "compare_logs",
    "compare_pictures",
    "list_steps",
    "measure_images",
    "measure_kernels",
    "part_by_part",
    "repair_model",
    "try_swap",
]
