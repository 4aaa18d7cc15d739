"""Statistics become numbers with units, intervals and p-values."""

from spectra.score._types import Score, Verdict

__all__ = ["Score", "Verdict"]
