"""Statistics become numbers with units, intervals and p-values."""

from spectra.score._cascade import (
    control_periods,
    inherited_points,
    owned_by,
    phase_line_power,
    scored_period,
    scored_periods,
)
from spectra.score._change import Change, locked_change
from spectra.score._energy import Energy, Lattice, locked_energy, locked_lattice, ratio_dbc
from spectra.score._prominence import prominence_db
from spectra.score._randomisation import GridTest, offset_randomisation
from spectra.score._score import (
    REFERENCE,
    Measured,
    judge,
    lattice_table,
    measure,
    out_of_band_dbc,
    point_significance,
    power_ratio_db,
    score,
)
from spectra.score._types import Score, Verdict

__all__ = [
    "REFERENCE",
    "Change",
    "Energy",
    "GridTest",
    "Lattice",
    "Measured",
    "Score",
    "Verdict",
    "control_periods",
    "inherited_points",
    "judge",
    "lattice_table",
    "locked_change",
    "locked_energy",
    "locked_lattice",
    "measure",
    "offset_randomisation",
    "out_of_band_dbc",
    "owned_by",
    "phase_line_power",
    "point_significance",
    "power_ratio_db",
    "prominence_db",
    "ratio_dbc",
    "score",
    "scored_period",
    "scored_periods",
]
