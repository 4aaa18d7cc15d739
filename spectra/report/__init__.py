"""Results become a terminal answer, JSON, netCDF and figures, and are read again."""

from spectra.report._gate import Gate, gate_above, gate_baseline, read_baseline
from spectra.report._kernels import (
    KERNEL_FORMATS,
    check_kernel_formats,
    encode_kernels,
    kernels_csv,
    kernels_dataset,
    print_kernels,
    read_kernels,
    render_kernels,
    write_kernels,
)
from spectra.report._netcdf import read_tree, write_tree
from spectra.report._result import (
    FORMATS,
    check_formats,
    check_target,
    default_directory,
    write_result,
)
from spectra.report._steps import encode_steps, render_steps
from spectra.report._summary import encode_summary, read_summary, write_summary
from spectra.report._swap import encode_swap, render_swap, write_swap
from spectra.report._table import print_answer, render_text
from spectra.report._text import PLAIN_WIDTH

__all__ = [
    "FORMATS",
    "KERNEL_FORMATS",
    "PLAIN_WIDTH",
    "Gate",
    "check_formats",
    "check_kernel_formats",
    "check_target",
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
