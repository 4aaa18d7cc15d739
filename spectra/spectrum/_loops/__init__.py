"""Compiled loops over maps: what torch does in passes, done in one.

Importing this folder needs numba, and compiles the loops the first time ever; they are kept in a
file. `spectra.spectrum._compiled.loops` says where they are used.
"""

from spectra.spectrum._loops._map_loops import add_images, add_powers, add_squares, standardise
from spectra.spectrum._loops._pair_loops import (
    add_content,
    add_lines,
    add_pairs,
    add_phases,
    cut_tiles,
    plane_powers,
)

__all__ = [
    "add_content",
    "add_images",
    "add_lines",
    "add_pairs",
    "add_phases",
    "add_powers",
    "add_squares",
    "cut_tiles",
    "plane_powers",
    "standardise",
]
