"""Results become a terminal answer, JSON, netCDF and figures, and are read again."""

from spectra.report._gate import Gate, gate_above, gate_baseline
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
from spectra.report._table import PLAIN_WIDTH, print_answer, render_text

__all__ = [
    "FORMATS",
    "PLAIN_WIDTH",
    "Gate",
    "check_formats",
    "check_target",
    "default_directory",
    "encode_steps",
    "encode_summary",
    "gate_above",
    "gate_baseline",
    "print_answer",
    "read_summary",
    "read_tree",
    "render_steps",
    "render_text",
    "write_result",
    "write_summary",
    "write_tree",
]
