"""Statistics become numbers with units, intervals and p-values."""

from spectra.score._at_output import AtOutput
from spectra.score._cascade import owned_by
from spectra.score._change import Change, locked_change
from spectra.score._energy import Energy, Lattice, locked_energy, locked_lattice, ratio_dbc
from spectra.score._prominence import prominence_db
from spectra.score._randomisation import GridTest, offset_randomisation
from spectra.score._score import (
    REFERENCE,
    Measured,
    judge,
    measure,
    out_of_band_dbc,
    power_ratio_db,
    score,
)
from spectra.score._scores import Scores, StepScore, run
from spectra.score._severity import (
    Graded,
    Severity,
    Yardsticks,
    grade_periods,
    grade_pictures,
)
from spectra.score._tables import tables
from spectra.score._types import Score, Verdict
from spectra.score._visibility import Visibility, picture_visibility, visibility

__all__ = [
    "REFERENCE",
    "AtOutput",
    "Change",
    "Energy",
    "Graded",
    "GridTest",
    "Lattice",
    "Measured",
    "Score",
    "Scores",
    "Severity",
    "StepScore",
    "Verdict",
    "Visibility",
    "Yardsticks",
    "grade_periods",
    "grade_pictures",
    "judge",
    "locked_change",
    "locked_energy",
    "locked_lattice",
    "measure",
    "offset_randomisation",
    "out_of_band_dbc",
    "owned_by",
    "picture_visibility",
    "power_ratio_db",
    "prominence_db",
    "ratio_dbc",
    "run",
    "score",
    "tables",
    "visibility",
]
