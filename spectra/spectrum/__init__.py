"""Streamed maps become running statistics that can be merged."""

from spectra.spectrum._azimuthal import (
    Annuli,
    annuli,
    axis_slice,
    azimuthal_average,
    diagonal_slice,
    frequencies,
)
from spectra.spectrum._dataset import full_plane, log_bias_db, to_dataset
from spectra.spectrum._frames import add_maps
from spectra.spectrum._grid import by_phase, grid_pattern, phase_mean
from spectra.spectrum._lattice import LatticePoint, lattice_points, replica_frequencies
from spectra.spectrum._pairs import Pairs, bin_pairs
from spectra.spectrum._periodogram import cut, hann, tile_spectra
from spectra.spectrum._plan import Plan, plan_maps
from spectra.spectrum._reader import PairReader, without_margin
from spectra.spectrum._recipes import (
    RECIPES,
    Recipe,
    annulus_power,
    mean_log_spectrum,
    relative_log_amplitude,
)
from spectra.spectrum._running import MapStatistics, merge_statistics
from spectra.spectrum._view import View

__all__ = [
    "RECIPES",
    "Annuli",
    "LatticePoint",
    "MapStatistics",
    "PairReader",
    "Pairs",
    "Plan",
    "Recipe",
    "View",
    "add_maps",
    "annuli",
    "annulus_power",
    "axis_slice",
    "azimuthal_average",
    "bin_pairs",
    "by_phase",
    "cut",
    "diagonal_slice",
    "frequencies",
    "full_plane",
    "grid_pattern",
    "hann",
    "lattice_points",
    "log_bias_db",
    "mean_log_spectrum",
    "merge_statistics",
    "phase_mean",
    "plan_maps",
    "relative_log_amplitude",
    "replica_frequencies",
    "tile_spectra",
    "to_dataset",
    "without_margin",
]
