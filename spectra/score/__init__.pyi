from ._at_output import AtOutput
from ._change import LockedChange
from ._energy import Lattice
from ._scores import Scores, run, score_place
from ._tables import table_of, tables
from ._types import Score, Verdict

__all__ = [
    "AtOutput",
    "Lattice",
    "LockedChange",
    "Score",
    "Scores",
    "Verdict",
    "run",
    "score_place",
    "table_of",
    "tables",
]
