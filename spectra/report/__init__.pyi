from ._crop import crop_with_pattern
from ._folder import (
    FORMATS,
    KERNEL_FORMATS,
    check_formats,
    check_kernel_formats,
    check_target,
    default_directory,
)
from ._gate import Gate, check_limit, gate_above, gate_baseline, read_baseline
from ._kernel_table import KernelRow, KernelTable
from ._kernels import (
    encode_kernels,
    kernels_csv,
    kernels_dataset,
    print_kernels,
    read_kernels,
    render_kernels,
    write_kernels,
)
from ._netcdf import read_tree, write_tree
from ._result import Result, write_result
from ._steps import encode_steps, render_steps
from ._summary import encode_summary, read_summary, write_summary
from ._swap import encode_swap, render_swap, write_swap
from ._table import print_answer, render_text
from ._temporary import recover
from ._text import PLAIN_WIDTH
from ._trial import Trial, TrialStep

__all__ = [
    "FORMATS",
    "KERNEL_FORMATS",
    "PLAIN_WIDTH",
    "Gate",
    "KernelRow",
    "KernelTable",
    "Result",
    "Trial",
    "TrialStep",
    "check_formats",
    "check_kernel_formats",
    "check_limit",
    "check_target",
    "crop_with_pattern",
    "default_directory",
    "encode_kernels",
    "encode_steps",
    "encode_summary",
    "encode_swap",
    "gate_above",
    "gate_baseline",
    "kernels_csv",
    "kernels_dataset",
    "print_answer",
    "print_kernels",
    "read_baseline",
    "read_kernels",
    "read_summary",
    "read_tree",
    "recover",
    "render_kernels",
    "render_steps",
    "render_swap",
    "render_text",
    "write_kernels",
    "write_result",
    "write_summary",
    "write_swap",
    "write_tree",
]
